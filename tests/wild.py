"""What no honest client sends, and what one might: the values that the property tests throw at the gateway."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from ..protocol import pagination


def _each(text: str) -> list[str]:
    return text.split("|")


# Texts that mean something to SQL, to Python, to Odoo, to a browser, to files, or to a calendar.
MEANT = [
    *_each("||| |%|_|\\|'|\"|a,b|1,2|0|-1|1e5|٣|é|🦆|İ|\u202e|1) OR 1=1 --|'; DROP TABLE res_partner; --"),
    *_each(
        "id\" FROM res_users --|name:sum(id)|{0.__class__}|%(name)s|%s|__class__|_table|env|self|uid|(|[|[('id','=',1)]"
    ),
    *_each(
        "<script>alert(1)</script>|<p>x</p>|data:text/html;base64,AA==|../../etc/passwd|name\x0b.pdf|a.svg|a.txt|QUJD"
    ),
    *_each(
        "res.partner|res.partner,1|res.users,1|res.users,99999999999999999999|no.such.model,1|res.partner/1|true|None"
    ),
    *_each("2026-03-31|2026-02-30|0001-01-01|9999-12-31|99999-01-01|2026-03-31T14:00:00+02:00|0001-01-01T00:00:00"),
    *_each("9999-12-31T23:59:59|0001-01-01T00:00:00+14:00|9999-12-31T23:59:59-12:00|2026-03-31 14:00:00"),
    *_each("id desc, (SELECT 1)|%00|%ff|%2F..%2F|%7Bid%7D"),
    *("é" * 300, "x" * 3000),
]
OPERATORS = _each("=|!=|<|<=|>|>=|in|not in|like|ilike|=like|=ilike|not ilike|any|not any|child_of|parent_of|=?")
WRONG_OPERATORS = _each("any!|not any!|<>|==|inselect|IN|; --||ilike%")
# What people must not learn, by names that they will try.
FORBIDDEN = _each(
    "password|api_key|signup_token|secret_note|margin|digest|token|login_date|user_ids.password|__class__"
)
METHODS = [
    *_each(
        "action_confirm|action_done|action_cancel|action_archive|action_vanish|action_split|action_raise|action_whoami"
    ),
    *_each(
        "action_copy_partner|action_with_context|action_open|action_feedback|stamp|unlink|write|sudo|with_user|search"
    ),
    *_each(
        "read|_write|__init__|env|mapped|action_static|message_post|create|browse|action_reset_password|run|_cr|pool"
    ),
    *_each(
        "button_immediate_install|action_all|action_hidden|action_raise_single|export_data|check_access|get_base_url"
    ),
]


def _nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


STORABLE = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)
# JSON can spell NUL and halves of surrogate pairs; the parser is to refuse them.
UNSTORABLE = st.sampled_from(("\x00", "a\x00b", "\ud800", "\udfffx"))
TEXT = st.one_of(st.sampled_from(MEANT), st.sampled_from(MEANT), STORABLE)
NUMBER = st.one_of(
    st.sampled_from((0, 1, -1, 2, 201, 2**31 - 1, 2**31, -(2**31), 2**63, 10**40, 0.5, -0.0, 1e308)),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
SCALAR = st.one_of(st.none(), st.booleans(), NUMBER, TEXT)
JSON = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)
ANYTHING = st.one_of(JSON, JSON, JSON, st.integers(1, 58).map(_nested), UNSTORABLE)
CURSOR = st.dictionaries(st.sampled_from(("offset", "before", "x")), JSON, max_size=2).map(pagination.encode)


@dataclass(frozen=True, eq=False)
class Place:
    """A model, ids of some of its records, its fields with their types, and what fits it, by name of an argument."""

    model: str
    ids: tuple[int, ...]
    fields: dict[str, str]
    fitting: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Wild:
    """Strategies of arguments for a database: right ones, and right ones but for one thing."""

    def __init__(self, places: Iterable[Place]):
        self.places = {place.model: place for place in places}
        full = [place for place in self.places.values() if place.ids]
        self.place = st.one_of(
            st.sampled_from(full), st.sampled_from(full), st.sampled_from(list(self.places.values()))
        )
        self._made: dict[Any, Any] = {}
        self.any_id = st.sampled_from([number for place in full for number in place.ids])
        self.any_field = st.sampled_from(sorted({name for place in full for name in place.fields}))

    def arguments(self, schema: dict[str, Any]):
        """Arguments for a tool with this input schema."""
        return st.composite(self._draw)(schema)

    def uris(self, known: Iterable[str]):
        """Addresses of records that are there or not, templates that are filled in, and what is no address.

        :param known: the addresses and templates of the catalogue
        """
        models, number = st.sampled_from(sorted(self.places)), st.one_of(self.any_id, self.any_id, NUMBER, TEXT)
        records = st.tuples(models, number).map(lambda two: f"odoo://{two[0]}/{two[1]}")
        filled = st.tuples(st.sampled_from(sorted(known)), st.one_of(models, self.any_id, TEXT)).map(
            lambda two: re.sub(r"{\w+}", lambda _match: str(two[1]), two[0])
        )
        return st.one_of(records, filled, TEXT)

    def _draw(self, draw, schema: dict[str, Any]) -> Any:
        parts, required = schema["properties"], schema.get("required", ())
        fitting = [place for place in self.places.values() if place.fitting.keys() & parts.keys()]
        place = draw(st.one_of(st.sampled_from(fitting), self.place) if fitting else self.place)
        given = {
            name: draw(self.right(place, name, part))
            for name, part in sorted(parts.items())
            if name in required or draw(st.booleans())
        }
        fault = draw(st.sampled_from(("none", "none", "none", "one", "one", "one", "foreign", "all")))
        if fault == "one" and parts:
            name = draw(st.sampled_from(sorted(parts)))
            given[name] = draw(st.one_of(self.wrong(name, parts[name]), ANYTHING))
        if fault == "foreign":
            given |= draw(
                st.dictionaries(st.sampled_from(("__class__", "self", "env", "context")) | TEXT, JSON, max_size=2)
            )
        return draw(ANYTHING) if fault == "all" else given

    # What is right

    def right(self, place: Place, name: str, part: dict[str, Any]):
        key = (place.model, name, part.get("type"))
        if key not in self._made:
            self._made[key] = self._fitting(place, name, part)
        return self._made[key]

    def _fitting(self, place: Place, name: str, part: dict[str, Any]):
        fields, kind = st.sampled_from(sorted(place.fields)), part.get("type")
        own = st.sampled_from(place.ids or (1,))
        known = {
            "model": st.just(place.model),
            "domain": st.lists(self._leaf(place), max_size=2),
            "fields": st.lists(fields, max_size=4),
            "group_by": st.lists(fields, max_size=2),
            "measures": st.lists(st.tuples(fields, st.sampled_from(("sum", "max", "count"))).map(":".join), max_size=2),
            "order": fields,
            "path": fields,
            "values": self._row(place),
            "common_values": self._row(place),
            "records": self._rows(place, own),
            "cursor": st.just(""),
            "mentions": st.lists(self.any_id.map(str), max_size=1),
            "attachment_ids": st.just([]),
            "arguments": st.just({}),
            **{argument: st.sampled_from(texts) for argument, texts in place.fitting.items()},
        }
        if name in known:
            return known[name]
        if name in ("id", "ids"):
            return {"string": own.map(f"{place.model}/{{}}".format), "integer": own}.get(
                kind, st.lists(own, min_size=1, max_size=3)
            )
        if "enum" in part:
            return st.sampled_from(part["enum"])
        numbers = st.integers(part.get("minimum", 0), min(part.get("maximum", 1000), 1000))
        return {
            "string": TEXT,
            "integer": numbers,
            "number": numbers,
            "boolean": st.booleans(),
            "array": st.lists(numbers, max_size=2),
        }.get(kind, st.dictionaries(TEXT, JSON, max_size=2))

    def _leaf(self, place: Place):
        return st.tuples(st.sampled_from(sorted(place.fields)), st.sampled_from(OPERATORS), SCALAR).map(list)

    def _rows(self, place: Place, own):
        row = self._row(place)
        changed = st.tuples(own, row).map(lambda two: [{**two[1], "id": two[0]}])
        return st.one_of(changed, st.lists(row, min_size=1, max_size=2))

    def _row(self, place: Place, depth: int = 0):
        """Values to write, of the types that the fields have."""
        pairs = [st.tuples(st.just(name), self._of_type(kind, depth)) for name, kind in sorted(place.fields.items())]
        pairs.append(st.tuples(st.just("name"), TEXT))
        return st.lists(
            st.one_of(pairs[-1], st.sampled_from(pairs).flatmap(lambda pair: pair)), min_size=1, max_size=3
        ).map(dict)

    def _of_type(self, kind: str, depth: int):
        if kind in ("one2many", "many2many"):
            return self._commands(depth)
        kinds = {
            "many2one": st.one_of(self.any_id, TEXT, self.any_id.map(lambda number: {"id": number})),
            "boolean": st.booleans(),
            **dict.fromkeys(("integer", "float", "monetary"), NUMBER),
            "json": JSON,
        }
        return kinds.get(kind, TEXT)

    def _commands(self, depth: int):
        ids = st.lists(self.any_id, max_size=2)
        if depth:
            return ids
        if "commands" not in self._made:
            rows = st.sampled_from(list(self.places.values())).flatmap(
                lambda place: st.lists(self._row(place, 1), max_size=2)
            )
            verbs = {"create": rows, "update": rows, "add": ids, "remove": ids, "delete": ids}
            self._made["commands"] = ids | st.fixed_dictionaries({}, optional=verbs)
        return self._made["commands"]

    # What is wrong

    def wrong(self, name: str, part: dict[str, Any]):
        """What looks like a value of an argument of this name and is none, or one of elsewhere."""
        field = st.one_of(self.any_field, st.sampled_from(FORBIDDEN), TEXT)
        path = st.lists(field, min_size=1, max_size=3).map(".".join)
        leaf = st.tuples(path, st.sampled_from(OPERATORS + WRONG_OPERATORS), JSON).map(list)
        inner = st.tuples(field, st.sampled_from(("any", "not any", "any!")), st.lists(leaf, max_size=2)).map(list)
        known = {
            "model": st.sampled_from(sorted(self.places)) | TEXT,
            "domain": st.lists(st.one_of(leaf, inner, st.sampled_from("|&!"), JSON), max_size=4),
            "fields": st.lists(path, max_size=3),
            "order": st.tuples(path, st.sampled_from((" desc", " asc nulls first", ",", ",id", ":sum"))).map("".join),
            "group_by": st.lists(st.tuples(path, st.sampled_from(("day", "hour", "x"))).map(":".join), max_size=2),
            "measures": st.lists(st.tuples(path, st.sampled_from(("array_agg", "avg", ""))).map(":".join), max_size=2),
            "path": path,
            "cursor": CURSOR | TEXT,
            "method": st.sampled_from(METHODS),
            "values": st.dictionaries(field, JSON, max_size=3),
            "records": st.lists(st.dictionaries(field, JSON, max_size=3), max_size=3),
            "ids": st.lists(self.any_id | NUMBER, max_size=3),
            "id": st.one_of(
                self.any_id,
                NUMBER,
                st.tuples(st.sampled_from(sorted(self.places)), NUMBER).map(lambda t: f"{t[0]}/{t[1]}"),
            ),
        }
        return known.get(name, st.one_of(NUMBER, TEXT, self.any_id, self.any_id.map(str)))
