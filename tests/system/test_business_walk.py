"""DESIGN §2.5: what the reading tools show of Odoo's own applications is never more than Odoo itself shows the user."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from direct import Refused
from foreign import Reader
from own import UNSEARCHABLE

FEW = 3
OF_EVERY_RECORD = {"create_uid", "write_uid"}
# Odoo itself groups by all activities of a record, also those that the user cannot read.
OPEN_GROUPS = {"activity_state"}
ABSENT_ID = 2**31 - 2


@pytest.fixture(scope="module")
def described(both_readers) -> dict[str, dict[str, list[dict]]]:
    """For each reader, all models and fields that the tools know of."""
    return {login: _described(reader) for login, reader in both_readers.items()}


def _described(reader: Reader) -> dict[str, list[dict]]:
    names = [model["model"] for model in reader.tools.every("list_models", "models")]
    return {name: reader.tools.every("describe_model", "fields", model=name) for name in names}


@pytest.fixture
def models(request, described, reader) -> dict[str, list[dict]]:
    """Those of the reader that can be searched."""
    mine = described[request.node.callspec.params["reader"]]
    return {name: fields for name, fields in mine.items() if name not in UNSEARCHABLE}


def _names(fields: list[dict], *types: str) -> list[str]:
    return [field["name"] for field in fields if not types or field["type"] in types]


def _chunks(items: list[str], size: int = 100) -> Iterator[list[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _tried(ask: Callable, fields: list[str]) -> Iterator[dict]:
    """What a tool answers for the fields, without those that Odoo itself refuses or fails to compute."""
    try:
        yield ask(fields=fields)
    except Refused:
        if len(fields) > 1:
            yield from _tried(ask, fields[: len(fields) // 2])
            yield from _tried(ask, fields[len(fields) // 2 :])


def _assert_no_more(reader: Reader, model: str, records: list[dict], **context) -> int:
    """The number of values that were compared with what the user reads in Odoo."""
    names = sorted({name for record in records for name in record} - {"id", "start_ids"})
    own = reader.own.values(model, [record["id"] for record in records], names, **context)
    for record in records:
        for name in names:
            value = own[record["id"]].get(name, ...)
            assert value is not ..., f"{model}.{name} cannot be read in Odoo"
            no_more = reader.own.is_no_more(model, name, record[name], value)
            assert no_more, f"{model}.{name}: {record[name]!r:.300} instead of {value!r:.300}"
    return sum(value is not None for record in records for value in record.values())


def test_no_model_and_no_field_is_described_that_odoo_hides(reader, described, request):
    mine = described[request.node.callspec.params["reader"]]
    assert mine.keys() <= set(reader.own.models())
    assert len(mine) > 100
    for name, fields in mine.items():
        assert set(_names(fields)) <= reader.own.env[name].fields_get().keys(), name


def test_records_are_shown_as_odoo_reads_them(reader, models):
    """search_records, get_record, and the resource of a record."""
    compared = 0
    for model, fields in models.items():
        own = set(reader.own.search(model).ids)
        options = {"model": model, "limit": FEW, "order": "id desc", "include_archived": True}
        for chunk in _chunks(_names(fields)):
            for answer in _tried(partial(reader.tools.use, "search_records", **options), chunk):
                assert {record["id"] for record in answer["records"]} <= own
                compared += _assert_no_more(reader, model, answer["records"], active_test=False)
            for id in sorted(own)[:1]:
                for answer in _tried(partial(reader.tools.use, "get_record", model=model, id=id), chunk):
                    compared += _assert_no_more(reader, model, [answer["record"]])
        for id in sorted(own)[:1]:
            compared += _assert_no_more(reader, model, _resource(reader, model, id))
    assert compared > 10_000


def _resource(reader: Reader, model: str, id: int) -> list[dict]:
    try:
        [contents] = reader.tools.send("resources/read", uri=f"odoo://{model}/{id}")["contents"]
    except Refused:
        return []
    return [json.loads(contents["text"])]


def test_a_foreign_record_looks_like_an_absent_one(reader, models):
    """DESIGN §2.13: for every tool that is given an id."""
    tried = 0
    for model in models:
        for id in sorted(reader.own.everything(model) - set(reader.own.search(model).ids), reverse=True)[:FEW]:
            for ask in _asking_for(reader, model):
                assert _refusal(ask, id) == _refusal(ask, ABSENT_ID)
            tried += 1
    assert tried > 50


def _asking_for(reader: Reader, model: str) -> Iterator[Callable[[int], dict]]:
    for tool in ("get_record", "list_attachments", "read_messages", "get_workflow_state"):
        yield lambda number, tool=tool: reader.tools.call(tool, model=model, id=number)
    path = {"path": "create_uid"}
    yield lambda number: reader.tools.call("traverse_relationships", model=model, ids=[number], **path)
    yield lambda number: reader.tools.call("fetch", id=f"{model}/{number}")
    yield lambda number: reader.tools.send("resources/read", uri=f"odoo://{model}/{number}")


def _refusal(ask, id: int) -> str:
    with pytest.raises(Refused) as refused:
        ask(id)
    return re.sub(rf"\b{id}\b", "ID", str(refused.value))


def test_records_are_counted_as_odoo_counts_them(reader, models):
    for model in models:
        for archived in (False, True):
            counted = reader.tools.use("count_records", model=model, include_archived=archived)["count"]
            assert counted == len(reader.own.search(model, archived=archived)), model


def test_groups_and_sums_are_those_of_the_records_that_odoo_shows(reader, models):
    compared = 0
    for model, fields in models.items():
        records = reader.own.search(model, archived=False)
        if not 0 < len(records) <= 1000:
            continue
        groupable = [field for field in fields if field.get("groupable") and field["name"] not in OPEN_GROUPS]
        for name in _names(groupable, "many2one", "selection", "char", "boolean")[:8]:
            values = reader.own.values(model, records.ids, [name]).values()
            own = Counter(_key(row[name]) for row in values if name in row)
            groups = reader.tools.use("aggregate_records", model=model, group_by=[name], limit=200)["groups"]
            shown = {_key(group[name]): group["count"] for group in groups}
            # Of some models Odoo counts fewer than it shows.
            assert all(count <= own[key] for key, count in shown.items()), f"{model}.{name}: {shown} instead of {own}"
            compared += len(shown)
        compared += _compare_sums(reader, model, fields, records)
    assert compared > 500


def _key(value):
    """A group, as ``read`` and as the tool tells it."""
    if isinstance(value, dict):
        return value.get("id", value.get("value"))
    if isinstance(value, tuple):
        return value[0]
    return value or None


def _compare_sums(reader: Reader, model: str, fields: list[dict], records) -> int:
    names = [field["name"] for field in fields if field.get("aggregator") == "sum"][:20]
    own = list(reader.own.values(model, records.ids, names).values())
    answers = _tried(partial(_sums, reader, model), names)
    compared = 0
    for answer in answers if names else ():
        if answer["groups"][0]["count"] != len(records):
            continue
        for measure, total in answer["groups"][0].items():
            name = measure.partition(":")[0]
            if name in names and all(name in row for row in own):
                assert total in (None, pytest.approx(sum(row[name] for row in own), abs=0.01)), f"{model}.{name}"
                compared += 1
    return compared


def _sums(reader: Reader, model: str, fields: list[str]) -> dict:
    return reader.tools.use("aggregate_records", model=model, measures=[f"{name}:sum" for name in fields])


def test_no_relation_leads_to_more_than_odoo_shows(reader, models):
    compared = 0
    for model, fields in models.items():
        ids = reader.own.search(model, limit=FEW).ids
        names = set(_names(fields, "many2one", "one2many", "many2many")) - OF_EVERY_RECORD
        for name in sorted(names) if ids else ():
            related = reader.own.env[model]._fields[name].comodel_name
            for answer in _tried(partial(_follow, reader, model, ids), [name]):
                own = reader.own.values(model, ids, [name])
                linked = {id: _linked(row.get(name)) for id, row in own.items()}
                readable = set(reader.own.search(related, [("id", "in", list(set().union(*linked.values())))]).ids)
                for record in answer["records"]:
                    assert record["id"] in readable, f"{model}.{name}"
                    assert all(record["id"] in linked[start] for start in record["start_ids"]), f"{model}.{name}"
                compared += _assert_no_more(reader, related, answer["records"])
    assert compared > 5_000


def _follow(reader: Reader, model: str, ids: list[int], fields: list[str]) -> dict:
    return reader.tools.use("traverse_relationships", model=model, ids=ids, path=fields[0], limit=20)


def _linked(value) -> set[int]:
    return set(value[:1]) if isinstance(value, tuple) else set(value or ())
