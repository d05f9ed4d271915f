"""What the property tests of the gateway find in the database: records of their own, and what nobody may learn."""

import base64
from collections.abc import Iterator

from odoo.fields import Command

from .wild import Place

# Without companies: to create one, Odoo itself gives users more groups.
MODELS = (
    *("x.mcp.test.record", "x.mcp.test.order", "x.mcp.test.line", "x.mcp.test.tag", "x.mcp.test.closed"),
    *("res.partner", "res.users", "res.groups", "res.country", "res.partner.bank"),
    *("res.partner.category", "res.users.apikeys", "res.users.log", "change.password.wizard", "base.language.export"),
    *("mail.message", "mail.activity", "mail.activity.type", "mail.followers", "mail.template", "discuss.channel"),
    *("ir.attachment", "ir.model", "ir.model.fields", "ir.model.access", "ir.rule", "ir.config_parameter", "ir.cron"),
    *("ir.actions.server", "ir.ui.view", "ir.filters", "ir.sequence", "ir.default", "mail.thread", "mcp.guard"),
    *("mcp.connection", "mcp.api.key", "mcp.settings", "mcp.audit.log", "mcp.tool", "mcp.session"),
)
# Stands in what a user with few rights must not see.
HIDDEN = "only-for-other-eyes"
PASSWORD = "Wild-Password-7"


def make_records(env) -> None:
    """Something to find for a user, and something of others that the user must not find."""
    other = env["res.company"].create({"name": "Elsewhere"})
    env["res.partner"].create({"name": "Foreign", "ref": HIDDEN, "company_id": other.id})
    _make_rule(env)
    own, foreign = env["x.mcp.test.record"].create(
        [
            {
                "name": "own",
                "secret_note": f"note {HIDDEN}",
                "line_ids": [Command.create({"name": "a", "api_key": HIDDEN})],
            },
            {"name": "foreign", "number": 666, "description": HIDDEN},
        ]
    )
    for record, text in ((own, "seen"), (foreign, HIDDEN)):
        record.message_post(body=text)
        record.activity_schedule(summary=text)
        here = {"res_model": record._name, "res_id": record.id}
        env["ir.attachment"].create({"name": "a.txt", "raw": text.encode(), **here})
    env["x.mcp.test.order"].create([{"name": "O1", "margin": 77}, {"name": "O2", "state": "confirmed"}])
    _make_action(env)
    _make_report(env)
    env.flush_all()


def _make_rule(env) -> None:
    values = {"name": "not these", "domain_force": "[('number', '!=', 666)]"}
    group = env.ref("base.group_user")
    model = env["ir.model"]._get_id("x.mcp.test.record")
    env["ir.rule"].create(values | {"model_id": model, "groups": [Command.set(group.ids)]})


def _make_action(env) -> None:
    arguments = (("note", "text"), ("day", "date"), ("count", "integer"), ("rate", "number"))
    env["ir.actions.server"].create(
        {
            "name": "Note",
            "model_id": env["ir.model"]._get_id("x.mcp.test.order"),
            "state": "code",
            "code": "records.write({'note': env.context['mcp_arguments'].get('note')})",
            "mcp_available": True,
            "mcp_tool_name": "wild_action",
            "mcp_description": "Notes.",
            "mcp_argument_ids": [
                Command.create({"name": name, "type": kind, "description": name, "required": False})
                for name, kind in arguments
            ],
        }
    )


def _make_report(env) -> None:
    arch = '<t t-name="mcp_gateway.wild"><p t-foreach="docs" t-as="doc" t-out="doc.name"/></t>'
    env["ir.ui.view"].create({"name": "wild", "type": "qweb", "key": "mcp_gateway.wild", "arch": arch})
    model = env["ir.model"]._get("x.mcp.test.record")
    report = {"name": "Wild", "model": model.model, "binding_model_id": model.id, "report_type": "qweb-html"}
    env["ir.actions.report"].create(report | {"report_name": "mcp_gateway.wild"})


def places(env) -> Iterator[Place]:
    people = {"activity_type": ("To-Do", "call"), "assigned_to": ("wild_user", "wild"), "due_date": ("2026-03-31",)}
    steps = ("action_confirm", "Mark Done", "action_cancel", "Export")
    fitting = {
        "x.mcp.test.order": {"transition": steps, "method": ("action_done", "action_cancel", "action_copy_partner")},
        "x.mcp.test.record": people | {"query": ("own", "call own"), "report": ("mcp_gateway.wild",)},
    }
    for name in MODELS:
        model = env[name].with_context(active_test=False)
        is_table = not (model._abstract or model._transient)
        ids = (model.search([], limit=3) + model.search([], order="id desc", limit=5)).ids if is_table else ()
        fields = {field: definition.type for field, definition in model._fields.items()}
        yield Place(name, tuple(dict.fromkeys(ids)), fields, fitting.get(name, {}))


def secrets(env) -> list[str]:
    """What no answer may hold, for anyone."""
    secret = env["mcp.secret"]
    found = [PASSWORD, secret._fingerprint(), secret._pepper().hex(), base64.b64encode(secret._pepper()).decode()]
    env.cr.execute(
        """
        SELECT value FROM ir_config_parameter WHERE key LIKE '%%secret%%'
        UNION SELECT password FROM res_users
        UNION SELECT digest FROM mcp_api_key
        """
    )
    return [*found, *(value for (value,) in env.cr.fetchall() if value)]
