"""No tool reads a secret of Odoo's own applications, whoever asks (FEATURES G7).

What a secret is, is found out here without the guard's own list: by names and labels, by how forms show a field, by
who may read it in Odoo, and by what is stored in it.
"""

import json
import re
from collections.abc import Iterator
from functools import partial, reduce
from unittest.mock import patch

import pytest
from direct import Direct, Refused
from lxml import etree

from odoo.fields import NO_ACCESS
from odoo.tools import SQL

WORDS = re.compile(
    r"pass(word|wd|phrase|code)?|pwd|secrets?|tokens?|(api|private|secret|access)?keys?|otp|totp|2fa|credentials?"
    r"|salt|hash|signatures?|signup|oauth|pin|certificates?|auth\w*|sessions?|cookies?|webhook|badge|uuid"
)
# Digests, tokens in base64, and UUIDs.
RANDOM = re.compile(
    r"(?=.*[0-9])(?=.*[a-f])[0-9a-f]{20,}|(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/_=-]{20,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
# What only looks like a secret, and why. Everything else that does must be out of reach.
HARMLESS = {
    r".*:(author(_\w+)?|is_current_user_or_guest_author)": "who wrote something",
    r"(project\.update|crm\.activity\.report):\w+": "label 'Author' or 'Assigned To'",
    r".*:(has_)?authorized_transaction_ids": "payments that a bank has authorised",
    r".*:group_(public_)?ids?": "label 'Authorized Group'",
    r".*:(inalterable_hash|restrict_mode_hash_table)": "the chain over posted entries, made to be shown",
    r"account\.move\.line:(term_key|epd_key|discount_allocation_key)": "computed, what amounts are grouped by",
    r"discuss\.channel:avatar_cache_key": "a version of a picture",
    r"discuss\.channel:sfu_channel_uuid": "the number of a call, which takes a signed key to join",
    r".*:rtc_(inviting_)?session_ids?": "who is in a call",
    r"hr\.(employee|resume\.line):certificate\w*": "an education",
    r"sms\.(sms|tracker):(sms_)?uuid": "the number of a message, by which its sender reports what became of it",
    r"ir\.profile:session": "the name of a measurement",
    r"ir\.ui\.view:key": "the technical name of a view",
    r".*:(email_add_signature|require_signature|portal_confirmation_sign)": "a yes or no",
    r"(sale\.order|stock\.picking):signature": "a picture, which no tool shows inline",
    r"res\.users:signature": "what stands under a mail",
    r"res\.users\.settings:push_to_talk_key": "a key of the keyboard",
    r"payment\.transaction:tokenize": "a yes or no",
    r"(purchase\.report|stock\.picking):delay_pass": "a time that passes",
    r"(ir\.attachment|product\.document):checksum": "tells nothing but whether two files are the same",
}
# Odoo itself can only group the last one, and search none of them.
UNSEARCHABLE = {"account.code.mapping", "account.root", "vendor.delay.report"}
# A model that is a question to the database may number its rows downwards.
SAVED = [("id", ">", 0)]
ABSENT = r"has no field|There is no model"


@pytest.fixture(scope="module")
def admin(business_server):
    """The administrator, in a database with secrets that demo data lacks; nothing of it is kept."""
    key = business_server.new_connection("secrets")[1]
    with business_server.env() as env:
        _make_secrets(env)
        yield Direct(env, business_server, key)
        env.cr.rollback()


def _make_secrets(env) -> None:
    """Links of the portal, of files, of a call and of an invitation, and the mails that carry them."""
    for model in _models(env):
        if callable(getattr(model, "_portal_ensure_token", None)):
            for record in model.search([], limit=5, order="id desc"):
                record._portal_ensure_token()
    env["ir.attachment"].search([], limit=20, order="id desc").generate_access_token()
    event = {"name": "Call", "start": "2026-03-03 10:00:00", "stop": "2026-03-03 11:00:00"}
    env["calendar.event"].create(event)._set_discuss_videocall_location()
    code = env["ir.model"]._get("res.partner")
    env["ir.actions.server"].create({"name": "Code", "model_id": code.id, "state": "code", "code": "key = 'a1B2c3'"})
    with patch.object(env.registry["mail.mail"], "send", lambda *_args, **_options: None):
        values = {"name": "Invited", "login": "invited@example.com", "email": "invited@example.com"}
        env["res.users"].create(values).action_reset_password()
    env.flush_all()


def _models(env) -> Iterator:
    return (env[name] for name in sorted(env.registry) if not env[name]._abstract and not env[name]._transient)


# Finding secrets


def _suspects(env) -> set[tuple[str, str]]:
    """Model and name of all fields that may hold a secret."""
    fields = {(model._name, name): field for model in _models(env) for name, field in model._fields.items()}
    texts = {key for key, field in fields.items() if field.type == "char"}
    return _named_so(env) | {key for key in texts if any(RANDOM.fullmatch(word) for word in _stored_words(env, *key))}


def _named_so(env) -> set[tuple[str, str]]:
    """Those that Odoo calls or treats as a secret."""
    fields = {(model._name, name): field for model in _models(env) for name, field in model._fields.items()}
    found = {key for key, field in fields.items() if _sounds_secret(key[1]) or _sounds_secret(field.string or "")}
    found |= {key for key, field in fields.items() if field.groups and field.groups.strip() == NO_ACCESS}
    return found | (_dotted_in_forms(env) & fields.keys())


def _sounds_secret(text: str) -> bool:
    return any(WORDS.fullmatch(word) for word in re.split(r"[_\W]+", text.lower()))


def _dotted_in_forms(env) -> set[tuple[str, str]]:
    """Fields that a form shows as dots, wherever in the form they stand."""
    found = set()
    for view in env["ir.ui.view"].with_context(active_test=False).search([("arch_db", "like", "password=")]):
        for node in etree.fromstring(view.arch_db.encode()).iter("field"):
            if node.get("password"):
                names = [above.get("name") for above in node.iterancestors("field")]
                model = reduce(lambda model, name: env[model]._fields[name].comodel_name, reversed(names), view.model)
                found.add((model, node.get("name")))
    return found


def _stored_words(env, model: str, name: str) -> Iterator[str]:
    field, table = env[model]._fields[name], env[model]._table
    if env[model]._auto and field.store and field.column_type and field.column_type[0] in ("varchar", "text"):
        query = SQL("SELECT DISTINCT %s FROM %s", SQL.identifier(name), SQL.identifier(table))
        query = SQL("%s WHERE %s IS NOT NULL LIMIT 1000", query, SQL.identifier(name))
        for (value,) in env.execute_query(query):
            yield from re.split(r"[\s'\"<>&?=/]+", value)


def _is_harmless(model: str, name: str) -> bool:
    return any(re.fullmatch(pattern, f"{model}:{name}") for pattern in HARMLESS)


@pytest.fixture(scope="module")
def described(admin) -> dict[str, list[str]]:
    """All models and fields that the administrator is told of."""
    names = [model["model"] for model in admin.every("list_models", "models")]
    assert len(names) > 200
    return {name: [field["name"] for field in admin.every("describe_model", "fields", model=name)] for name in names}


def test_no_field_that_looks_like_a_secret_is_described(admin, described):
    shown = {(model, name) for model, names in described.items() for name in names}
    suspects = _suspects(admin.env)
    # So many that the search can be trusted.
    assert {("res.users", "password"), ("sale.order", "access_token"), ("ir.mail_server", "smtp_pass")} <= suspects
    told = {suspect for suspect in suspects & shown if not _is_harmless(*suspect)}
    assert not told, "\n".join(":".join(key) for key in sorted(told))
    for pattern in HARMLESS:
        assert any(re.fullmatch(pattern, ":".join(key)) for key in suspects & shown), f"{pattern} excuses nothing"


def test_what_is_not_described_cannot_be_asked_for_in_any_way(admin, described):
    """Neither shown, nor searched, sorted, grouped or counted by, nor reached over a relation."""
    for control in _ways(admin, "res.partner", "name", described):
        control()
    for model, name in sorted(_suspects(admin.env)):
        if name not in described.get(model, ()):
            for way in _ways(admin, model, name, described):
                with pytest.raises(Refused, match=ABSENT):
                    way()


def _ways(admin: Direct, model: str, name: str, described: dict[str, list[str]]) -> Iterator:
    condition, one = [[name, "!=", False]], {"model": model, "limit": 1}
    yield partial(admin.use, "search_records", fields=[name], **one)
    yield partial(admin.use, "search_records", domain=["!", *condition], **one)
    yield partial(admin.use, "search_records", order=f"{name} desc", **one)
    yield partial(admin.use, "count_records", model=model, domain=condition)
    yield partial(admin.use, "aggregate_records", group_by=[name], **one)
    yield partial(admin.use, "aggregate_records", measures=[f"{name}:count_distinct"], **one)
    env = admin.env(user=admin.env.ref("base.user_admin").id)
    if record := env[model].search(SAVED, limit=1) if model in described.keys() - UNSEARCHABLE else None:
        yield partial(admin.use, "get_record", model=model, id=record.id, fields=[name])
    if found := _relation_to(env, model, described):
        holder, relation = found
        path = f"{relation}.{name}"
        yield partial(admin.use, "search_records", model=holder._name, fields=[path], limit=1)
        yield partial(admin.use, "search_records", model=holder._name, domain=[[path, "!=", False]], limit=1)
        yield partial(admin.use, "count_records", model=holder._name, domain=[[relation, "any", condition]])
        yield partial(admin.use, "aggregate_records", model=holder._name, group_by=[path], limit=1)
        ids = holder.search(SAVED, limit=1).ids
        yield partial(
            admin.use, "traverse_relationships", model=holder._name, ids=ids, path=relation, fields=[name], limit=1
        )


def _relation_to(env, model: str, described: dict[str, list[str]]):
    """A model with records, and a many2one of it that leads to ``model``."""
    for holder in map(env.__getitem__, sorted(described.keys() - UNSEARCHABLE)):
        for name in described[holder._name]:
            field = holder._fields[name]
            leads_there = field.type == "many2one" and field.comodel_name == model and field.store
            if leads_there and holder.search(SAVED, limit=1):
                return holder, name
    return None


def test_no_secret_comes_out_through_another_field(admin, described):
    """A link of the portal in a mail, a token in an address, code in its history."""
    secrets = _values_of(admin.env, described)
    assert len(secrets) > 50
    pattern = re.compile("|".join(map(re.escape, sorted(secrets, key=len, reverse=True))))
    told = set()
    for model in sorted(described.keys() - UNSEARCHABLE):
        for start in range(0, len(described[model]), 100):
            fields = described[model][start : start + 100]
            for record in _newest(admin, model, fields):
                for name, value in record.items():
                    told |= {f"{model}:{name} has {secrets[found]}" for found in pattern.findall(json.dumps(value))}
    assert not told, "\n".join(sorted(told))


def _newest(admin: Direct, model: str, fields: list[str]) -> list[dict]:
    """The newest records with those of the fields that Odoo can compute at all."""
    try:
        found = admin.use("search_records", model=model, fields=fields, order="id desc", include_archived=True)
        return found["records"]
    except Refused:
        half = len(fields) // 2
        return [*_newest(admin, model, fields[:half]), *_newest(admin, model, fields[half:])] if half else []


def _values_of(env, described: dict[str, list[str]]) -> dict[str, str]:
    """Stored values of secret fields that are long enough not to be found by chance, and where each comes from."""
    found = {"a1B2c3": "ir.actions.server:code"}
    for model, name in _named_so(env):
        if not _is_harmless(model, name) and name not in described.get(model, ()):
            words = _stored_words(env, model, name)
            found |= {word: f"{model}:{name}" for word in words if re.fullmatch(r"(?=.*[0-9])[\w.+-]{10,}", word)}
    mail = env["mail.mail"].search([("body_html", "like", "signup_token=")], limit=1)
    return found | {re.search(r"signup_token=([\w.%-]+)", mail.body_html)[1]: "an invitation"}
