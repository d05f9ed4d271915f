"""What the matrix of rights begins with: its tables, a person of each role, and rows to try every cell on."""

import re
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from odoo.fields import Command, Datetime
from odoo.tests import HttpCase, new_test_user
from odoo.tools import mute_logger

from ..models.call import Caller

PAGE = Path(__file__).parent.parent / "docs" / "security.md"
USER, ADMIN = "base.group_user,mcp_gateway.group_mcp_user", "base.group_user,mcp_gateway.group_mcp_admin"
ROLES = {
    "Settings": "base.group_user,base.group_system",
    "MCP admin": ADMIN,
    "MCP user": USER,
    "Internal": "base.group_user",
    "Portal": "base.group_portal",
}
# In the names of rows; whoever cannot read a row must not find it in any answer.
MARK = "Hush"


def table(heading: str) -> dict[str, dict[str, str]]:
    """A table of the page: model or method → column → cell. One row may be about several."""
    section = re.search(rf"^### {heading}$(.*?)(?=^##)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line for line in section[1].splitlines() if line.startswith("|")]
    columns, _rule, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    found = {}
    for row in rows:
        for name in re.findall(r"`([\w.]+(?:\.\*)?)`", row[0]):
            if name in found:
                raise ValueError(f"{name} has two rows")
            found[name] = dict(zip(columns[1:], row[1:], strict=True))
    return found


class RightsCase(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.env["mcp.settings"]._get()
        cls.settings.enabled = True
        cls.people = {role: new_test_user(cls.env, f"rights_{role}", groups) for role, groups in ROLES.items()}
        cls.stranger, cls.other = (new_test_user(cls.env, f"{MARK} {name}", USER) for name in ("Stranger", "Other"))
        tomorrow = Datetime.now() + timedelta(days=1)
        apikeys = cls.env["res.users.apikeys"]
        cls.keys = {
            role: apikeys.with_user(person).sudo()._generate("rpc", "rights", tomorrow)
            for role, person in cls.people.items()
        }
        tables = [model._table for name, model in cls.env.items() if name.startswith("mcp.") and is_kept(model)]
        cls.all_rows = " UNION ALL ".join(
            f"SELECT '{name}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t"
            for name in (*tables, "ir_config_parameter", "res_users", "res_groups_users_rel")
        )

    def undone(self):
        """For ``with``: what happens inside, in the test and in the server, is undone."""
        return closing(self.env.cr.savepoint())

    def state(self) -> dict[str, str]:
        """A digest of each table that holds something of the addon, dialogs left out."""
        self.env.flush_all()
        self.env.cr.execute(self.all_rows)
        return dict(self.env.cr.fetchall())

    def json2(self, role: str, model: str, method: str, **body):
        """Odoo's own API, in debug mode, in which Odoo tells more."""
        headers = {"Authorization": f"Bearer {self.keys.get(role, 'none')}"}
        with mute_logger("odoo.http", "odoo.sql_db"):
            answer = self.url_open(f"/json/2/{model}/{method}?debug=1", json=body, headers=headers, method="POST")
        self.env.invalidate_all()
        return answer

    def assert_refused(self, answer, before: dict[str, str]):
        self.assertIn(answer.status_code, (403, 404, 422), answer.text[-2000:])
        self.assertEqual(self.state(), before, "it was refused, and changed something")

    def assert_tells_nothing(self, answer):
        self.assertNotIn(MARK, answer.text)

    # Rows

    def connection_of(self, owner, *, key: bool = True, oauth: bool = False):
        """A connection that acts as ``owner``, who need not be in the group (any more)."""
        values = {"name": f"{MARK} {owner.login}"}
        if oauth:
            client = self.env["mcp.oauth.client"].create(values | {"redirect_uris": "https://app.example/callback"})
            client._new_secret()
            connection = client.connection_ids
        else:
            connection = self.env["mcp.connection"].create(values | {"user_id": self.stranger.id})
        if key and not oauth:
            connection._do_generate_key()
        self.env.flush_all()
        self.env.cr.execute("UPDATE mcp_connection SET user_id = %s WHERE id = %s", [owner.id, connection.id])
        self.env.invalidate_all()
        return connection

    def session_of(self, connection):
        usage = self.env["mcp.session.usage"].create({"last_activity": Datetime.now()})
        return self.env["mcp.session"].create(
            {
                "connection_id": connection.id,
                "generation": connection.generation,
                "token": "t",
                "client": MARK,
                "usage_id": usage.id,
            }
        )

    def approval_of(self, connection, approver):
        self.env.flush_all()
        self.env.cr.execute("UPDATE mcp_connection SET approver_id = %s WHERE id = %s", [approver.id, connection.id])
        self.env.invalidate_all()
        caller = Caller(*[None] * len(Caller._fields))
        caller = caller._replace(connection_id=connection.id, generation=connection.generation)
        _model, tool = self.env["mcp.toolset"]._catalogue()["create_record"]
        arguments = {"model": "x.mcp.test.record", "values": {"name": MARK}}
        return self.env["mcp.approval"]._request(caller, tool, arguments, {"preview": None, "watched": []}, MARK)

    def dialog_of(self, person, model: str, **values):
        return self.env[model].with_user(person).sudo().create(values).sudo(False).with_user(self.env.user)

    def values(self, model: str, connection, number: int) -> dict:
        """What a row of ``model`` can be made of, where people can make one; others for each ``number``."""
        name, of = f"matrix_{number}", self.env["ir.model"]._get
        field = self.env["ir.model.fields"]._get("res.partner", ("comment", "ref")[number])
        text = {"name": name, "description": name}
        return {
            "mcp.connection": {"name": name, "user_id": self.stranger.id},
            "mcp.connection.model": {
                "connection_id": connection.id,
                "model_id": of(("res.partner", "res.country")[number]).id,
            },
            "mcp.field.rule": {"model_id": field.model_id.id, "field_id": field.id},
            "mcp.oauth.client": {"name": MARK, "kind": "dynamic"},
            "mcp.prompt": text | {"title": name, "body": name},
            "mcp.prompt.argument": text | {"prompt_id": self.shared["mcp.prompt"].id},
            "mcp.action.argument": text | {"action_id": self.shared["action"].id},
            "mcp.connection.revoke": {"connection_ids": [Command.set(connection.ids)]},
            "mcp.approval.decide": {"approval_ids": [Command.set(connection.approval_ids.ids)], "decision": "reject"},
            "mcp.oauth.ask": {"asked": "revoke"},
            "mcp.connect.browser": {"user_id": self.stranger.id},
            "mcp.connect.key": {"name": name, "user_id": self.stranger.id},
            "mcp.connect.custom": {"name": name, "use": "server", "user_id": self.stranger.id},
        }.get(model, {})

    def rows_of(self, owner) -> dict:
        """A row of each model that has rows: of a connection of ``owner``, or opened by them, or one for all."""
        connection = self.connection_of(owner)
        connection._do_rotate_key()
        session = self.session_of(connection)
        self.env["mcp.session.context"]._set(session.id, data={"note": MARK})
        self.env["mcp.audit.log"]._record(event="request", details=MARK, user_ref=owner.id)
        client = self.connection_of(owner, oauth=True).oauth_client_id
        family = self.env["mcp.oauth.family"]._begin(connection, client, self.stranger, "mcp:read", MARK)
        self.env["mcp.oauth.code"]._mint(family, MARK, MARK)
        self.env["mcp.oauth.token"]._mint(family, "access", MARK, timedelta(hours=1))
        rows = {
            "mcp.connection": connection,
            "mcp.connection.usage": connection.usage_id,
            "mcp.api.key": connection.api_key_ids,
            "mcp.secret.usage": connection.api_key_ids.usage_id,
            "mcp.session": session,
            "mcp.session.usage": session.usage_id,
            "mcp.approval": self.approval_of(connection, self.other),
            "mcp.oauth.secret": client.secret_ids,
            "mcp.oauth.family": family,
            **self.shared,
        }
        for model in self.env:
            if model.startswith("mcp.") and model not in rows and self.env[model]._auto:
                values = self.values(model, connection, 0)
                if self.env[model].is_transient():
                    rows[model] = self.dialog_of(owner, model, **values)
                else:
                    rows[model] = self.env[model].create(values) if values else self.env[model].search([], limit=1)
                self.assertTrue(rows[model], f"no row of {model}")
        return rows

    def make_shared(self):
        """Rows that are nobody's own."""
        action = {"name": "a", "model_id": self.env["ir.model"]._get_id("res.partner"), "state": "code"}
        self.shared = {"mcp.prompt": self.env["mcp.prompt"], "action": self.env["ir.actions.server"].create(action)}
        for model in ("mcp.prompt", "mcp.prompt.argument", "mcp.action.argument", "mcp.field.rule"):
            self.shared[model] = self.env[model].create(self.values(model, self.env["mcp.connection"], 0))
        self.shared["mcp.settings"], self.shared["mcp.tool"] = self.settings, self.env["mcp.tool"].search([], limit=1)
        self.env["mcp.throttle"]._count("192.0.2.9")
        self.env["mcp.audit.seal"]._seal_all()
        self.env["mcp.oauth.assertion"]._remember("c", "j", int(Datetime.now().timestamp()))


def is_kept(model) -> bool:
    return model._auto and not model._abstract and not model.is_transient()
