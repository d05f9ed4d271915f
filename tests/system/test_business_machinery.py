"""No tool changes who may do what, what code runs, or this addon itself, not even for the administrator."""

from collections.abc import Iterator

import pytest
from direct import Direct, Refused
from harness import call_tool

# By what they keep: rights, code, jobs, modules, secrets, and this addon's own.
PROTECTED = (
    *("res.users", "res.groups", "res.users.apikeys", "ir.model.access", "ir.rule", "ir.config_parameter"),
    *("ir.actions.server", "ir.cron", "ir.module.module", "ir.model", "ir.model.fields", "ir.ui.view", "ir.default"),
    *("ir.mail_server", "fetchmail.server", "mail.template", "auth_totp.device", "auth.passkey.key"),
)
# Rows that any request adds or touches, whatever it asks for.
LIVE = ("mcp.audit.log", "mcp.connection.usage", "mcp.session", "mcp.session.usage", "mcp.session.context")
FORBIDDEN = r"AI tools cannot|There is no model|no record|lacks the right|You may not|has no chatter"
# Odoo itself does not let anyone search it.
UNSEARCHABLE = "account.code.mapping"


@pytest.fixture(scope="module")
def admin(business_server):
    """The administrator with every right and every tool; nothing is kept."""
    key = business_server.new_connection("machinery", scope="execute")[1]
    with business_server.env() as env:
        own = env.ref("base.user_admin")
        env["res.users.apikeys"].with_user(own)._generate("rpc", "A key of Odoo's own", None)
        yield Direct(env, business_server, key)
        env.cr.rollback()


def _protected(env) -> list[str]:
    own = [name for name in env.registry if name.startswith("mcp.") and not env[name]._abstract]
    return sorted(name for name in (*PROTECTED, *own) if name in env and env[name]._auto and name not in LIVE)


def _digest(env, name: str) -> str:
    """What all rows of a model's table, and of its tables of many2many, hold together."""
    env.flush_all()
    tables = {env[name]._table, *(field.relation for field in env[name]._fields.values() if field.type == "many2many")}
    texts = []
    for table in sorted(filter(None, tables)):
        env.cr.execute(f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{table}" t')
        texts.append(str(env.cr.fetchone()[0]))
    return " ".join(texts)


@pytest.fixture
def unchanged(admin):
    """At the end of a test every protected table is what it was."""
    before = {name: _digest(admin.env, name) for name in _protected(admin.env)}
    yield
    changed = [name for name, digest in before.items() if _digest(admin.env, name) != digest]
    assert not changed


def _values(model) -> dict:
    """Something that could be written, if writing were possible."""
    name = next((name for name in ("name", "key", "login") if name in model._fields), "display_name")
    return {name: "changed by a tool"}


def _attempts(admin: Direct, name: str) -> Iterator[tuple[str, dict]]:
    model = admin.env[name].with_context(active_test=False)
    id = model.sudo().search([], limit=1).id or 1
    yield "create_record", {"values": _values(model)}
    yield "create_records", {"records": [_values(model)]}
    yield "update_record", {"id": id, "values": _values(model)}
    yield "update_records", {"records": [{"id": id, **_values(model)}]}
    yield "delete_record", {"id": id}
    yield "delete_records", {"ids": [id]}
    for method in ("write", "unlink", "action_archive", *_own_methods(model)):
        yield "execute_method", {"ids": [id], "method": method}
        yield "transition_state", {"id": id, "transition": method}
    yield "upload_attachment", {"id": id, "name": "a.txt", "text": "a"}
    yield "post_message", {"id": id, "body": "a"}
    yield "schedule_activity", {"id": id}


def _own_methods(model) -> list[str]:
    """Public methods that the model adds to those of every model, ``button_immediate_install`` for one."""
    common = dir(model.env.registry["base"])
    names = [name for name in dir(type(model)) if not name.startswith("_") and name not in (*common, *model._fields)]
    return [name for name in names if callable(getattr(type(model), name))]


def test_no_tool_writes_in_the_machinery(admin, unchanged):
    """Nor runs a method of it: no module is installed, no key rotated, no password sent."""
    methods = set()
    for name in (*_protected(admin.env), *LIVE):
        for tool, arguments in _attempts(admin, name):
            with pytest.raises(Refused, match=FORBIDDEN):
                admin.call(tool, model=name, **arguments)
            methods.add(arguments.get("method"))
    dangerous = {"button_immediate_install", "method_direct_trigger", "action_rotate_key", "action_reset_password"}
    assert dangerous <= methods


SECRETS_OF_A_USER = {
    "password": "changed",
    "new_password": "changed",
    "group_ids": {"add": ["Administrator"]},
    "role": "group_system",
    "active": False,
    "login": "changed",
    "api_key_ids": {"delete": [1]},
    "totp_enabled": False,
}


@pytest.mark.parametrize("field", SECRETS_OF_A_USER)
def test_no_tool_changes_what_a_user_may_do_or_how_they_log_in(admin, unchanged, field):
    """Not even through the contact that belongs to the user."""
    env = admin.env
    user, value = env.ref("base.user_demo"), SECRETS_OF_A_USER[field]
    arguments = {"model": "res.users", "id": user.id, "values": {field: value}}
    with pytest.raises(Refused, match=FORBIDDEN):
        admin.call("update_record", **arguments)
    through = {"user_ids": {"update": [{"id": user.id, field: value}]}}
    with pytest.raises(Refused):
        admin.call("update_record", model="res.partner", id=user.partner_id.id, values=through)


def _writable(admin: Direct) -> Iterator:
    """One record of each model that the administrator may change."""
    env = admin.env(user=admin.env.ref("base.user_admin").id)
    for listed in admin.every("list_models", "models"):
        if "write" in listed["operations"] and listed["model"] != UNSEARCHABLE:
            yield from env[listed["model"]].search([], limit=1)


def test_no_relation_leads_into_the_machinery(admin, unchanged):
    """Lists of other models can be written with their lines; of these models nothing can be."""
    protected, tried = {*_protected(admin.env), *LIVE}, 0
    for record in _writable(admin):
        for name, field in record._fields.items():
            if field.type in ("one2many", "many2many") and field.comodel_name in protected:
                target = admin.env[field.comodel_name].with_context(active_test=False).search([], limit=1)
                for command in _commands(target):
                    with pytest.raises(Refused):
                        admin.call("update_record", model=record._name, id=record.id, values={name: command})
                    tried += 1
    assert tried > 50


def _commands(target) -> list[dict]:
    values = _values(target)
    return [{"create": [values]}, {"update": [{"id": target.id or 1, **values}]}, {"delete": [target.id or 1]}]


def test_no_field_passes_a_value_on_into_the_machinery(admin, unchanged):
    """A related field is written where it comes from."""
    protected, tried = {*_protected(admin.env), *LIVE}, 0
    for record in _writable(admin):
        for name, field in record._fields.items():
            if field.related and not field.readonly and _source(field).model_name in protected:
                with pytest.raises(Refused):
                    admin.call("update_record", model=record._name, id=record.id, values={name: _other(field)})
                tried += 1
    assert tried


def _source(field):
    while field.related:
        field = field.related_field
    return field


def _other(field):
    return {"char": "changed", "text": "changed", "html": "changed", "boolean": True}.get(field.type, 1)


def test_a_method_that_commits_by_itself_leaves_nothing_of_a_dry_run(business_server):
    """DESIGN §2.9: Odoo's assignment of leads commits after each bunch."""
    with business_server.env() as env:
        team = env["crm.team"].search([("member_ids", "!=", False)], limit=1)
        env["ir.config_parameter"].set_param("crm.lead.auto.assignment", "True")
        env["crm.lead"].create([{"name": f"Nobody's {number}", "team_id": False, "user_id": False} for number in "123"])
        arguments = {"model": "crm.team", "ids": team.ids, "method": "action_assign_leads", "dry_run": True}
    leads = "SELECT id, user_id, team_id FROM crm_lead WHERE name LIKE 'Nobody''s _' ORDER BY id"
    before = business_server.sql(leads)
    response = call_tool(
        business_server, business_server.new_connection("assign", scope="execute")[1], "execute_method", arguments
    )
    assert business_server.sql(leads) == before, response.text
