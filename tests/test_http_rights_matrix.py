"""Who may do what: each cell of the tables in docs/security.md, over Odoo's own API (DESIGN §2.12, §2.13)."""

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method
from odoo.tests import tagged

from ..models.mcp_connection import LIFECYCLE_FIELDS
from .rights_buttons import ButtonsCase
from .rights_case import ROLES, is_kept, table

OPERATIONS = {"r": "read", "c": "create", "w": "write", "d": "unlink"}
ROWS, BUTTONS, ABOVE = table("Rows"), table("Buttons"), table("Above oneself")
OURS = "odoo.addons.mcp_gateway."
# Where people write a text, to try the right to.
TEXTS = ("note", "description", "title", "name", "reason")


@tagged("post_install", "-at_install")
class TestRightsMatrix(ButtonsCase):
    def setUp(self):
        super().setUp()
        self.make_shared()

    # The tables are complete

    def test_every_model_has_a_row_and_every_row_a_model(self):
        models = {name for name in self.env if name.startswith("mcp.")}
        toolsets = {name for name in models if name.startswith("mcp.toolset.")}
        self.assertEqual(ROWS.keys() - {"mcp.toolset.*"}, models - toolsets)
        self.assertIn("mcp.toolset.*", ROWS)

    def test_every_public_method_has_a_row_and_every_row_a_method(self):
        """Public as Odoo decides for /json/2; what is Odoo's own, and only extended here, is for the rows."""
        self.assertEqual(BUTTONS.keys(), {f"{model}.{name}" for model in self.env for name in self.own_methods(model)})
        self.assertLessEqual(ABOVE.keys(), BUTTONS.keys())

    def own_methods(self, model: str) -> set[str]:
        ours, others = set(), set()
        for cls in type(self.env[model]).mro():
            (ours if cls.__module__.startswith(OURS) else others).update(vars(cls))
        return {name for name in ours - others if self.is_public(model, name)}

    def is_public(self, model: str, name: str) -> bool:
        try:
            return bool(get_public_method(self.env[model], name))
        except (AccessError, AttributeError):
            return False

    def test_no_cell_says_what_nobody_tries(self):
        for rows, words in ((ROWS, r"-|rc?w?d?( own)?"), (BUTTONS | ABOVE, "yes|own|no")):
            for name, row in rows.items():
                for role in (*ROLES, "Public"):
                    self.assertRegex(row.get(role, "no" if rows is not ROWS else "-"), f"^({words})$", name)
        self.assertEqual({row["Effect"] for row in (BUTTONS | ABOVE).values()}, {"does", "shows"})
        for rows, nothing in ((ROWS, "-"), (BUTTONS, "no")):
            self.assertEqual({row["Public"] for row in rows.values()}, {nothing})

    # Rows

    def test_rows(self):
        foreign = self.rows_of(self.stranger)
        for role, person in self.people.items():
            own = self.rows_of(person)
            for model in self.env:
                if not model.startswith("mcp."):
                    continue
                cell = ROWS.get(model) or ROWS["mcp.toolset.*"]
                letters, _space, is_own = cell[role].partition(" ")
                with self.subTest(f"{role}: {model} {cell[role]}"), self.undone():
                    allowed = {operation for letter, operation in OPERATIONS.items() if letter in letters}
                    theirs = self.env[model].with_user(person)
                    self.assertEqual({name for name in OPERATIONS.values() if theirs.has_access(name)}, allowed)
                    if model in own:
                        self.try_rows(role, own[model], allowed)
                        self.try_rows(role, foreign[model], allowed & {"create"} if is_own else allowed)
                    else:
                        self.try_rows(role, self.env[model], allowed)

    def try_rows(self, role: str, row, allowed: set[str]) -> None:
        """Each operation over the API, on one row; on none where the model has no table."""
        model, ids = row._name, row.ids or [1]
        name = next((name for name in TEXTS if name in row._fields and not row._fields[name].readonly), None)
        values = self.values(model, self.env["mcp.connection"], 1)
        if "connection_id" in values:
            values["connection_id"] = row.connection_id.id
        calls = {
            "read": ("read", {"ids": ids, "fields": ["display_name"]}),
            "create": ("create", {"vals_list": [values]}),
            "write": ("write", {"ids": ids, "vals": {name: "matrix"} if name else {}}),
            "unlink": ("unlink", {"ids": ids}),
        }
        before = self.state()
        for operation, (method, body) in calls.items():
            if operation in allowed and not row:
                continue
            with self.subTest(f"{role}: {operation} of {row}"), self.undone():
                answer = self.json2(role, model, method, **body)
                if operation in allowed:
                    self.assertEqual(answer.status_code, 200, answer.text[-2000:])
                    self.assertEqual(bool(row.exists()), operation != "unlink")
                else:
                    self.assert_refused(answer, before)
                    self.assertTrue(row.exists() or not row)
                if "read" not in allowed:
                    self.assert_tells_nothing(answer)
        with self.subTest(f"{role}: search of {row}"):
            answer = self.json2(role, model, "search", domain=[("id", "in", ids)])
            self.assertEqual(answer.json() == ids, "read" in allowed and bool(row))

    def test_no_mcp_user_sets_what_is_not_theirs_to_set(self):
        """DESIGN §2.12: neither state nor limits, of their own connection and of what hangs on it."""
        own = self.rows_of(self.people["MCP user"])
        before = self.state()
        for model, row in own.items():
            if "r" not in ROWS.get(model, {"MCP user": "-"})["MCP user"] or not is_kept(row):
                continue
            for name, field in row._fields.items():
                if not field.store:
                    continue
                for method, body in (
                    ("write", {"ids": row.ids, "vals": {name: False}}),
                    ("create", {"vals_list": [{name: False}]}),
                ):
                    with self.subTest(f"{method} {model}.{name}"):
                        self.assertIn(self.json2("MCP user", model, method, **body).status_code, (403, 422))
        self.assertEqual(self.state(), before)

    def test_no_administrator_sets_by_hand_what_buttons_set(self):
        connection = self.connection_of(self.stranger)
        before = self.state()
        for name in LIFECYCLE_FIELDS:
            with self.subTest(name):
                answer = self.json2("Settings", "mcp.connection", "write", ids=connection.ids, vals={name: False})
                self.assert_refused(answer, before)
        values = {"name": "made", "user_id": self.stranger.id, "state": "revoked", "generation": 7}
        answer = self.json2("Settings", "mcp.connection", "create", vals_list=[values])
        made = self.env["mcp.connection"].browse(answer.json())
        self.assertEqual((made.state, made.generation), ("active", 1))

    def test_a_dialog_tells_nothing_of_what_its_user_cannot_see(self):
        """DESIGN §2.13: whatever somebody puts into it, saved or not."""
        values, shown = (
            {"connection_ids": [[6, 0, self.connection_of(self.stranger).ids]]},
            {"connection_ids": {}, "what_ends": {}},
        )
        for method, body in (
            ("web_save", {"vals": values, "specification": shown}),
            ("onchange", {"values": values, "field_names": ["connection_ids"], "fields_spec": shown}),
        ):
            answer = self.json2("MCP user", "mcp.connection.revoke", method, ids=[], **body)
            self.assertEqual(answer.status_code, 403, answer.text)
            self.assert_tells_nothing(answer)

    # Buttons

    def test_buttons(self):
        for name, row in BUTTONS.items():
            for role, person in self.people.items():
                self.try_button(role, name, row, person, may=row[role] != "no")
                self.try_button(role, name, row, self.stranger, may=row[role] == "yes")

    def test_buttons_above_oneself(self):
        boss = self.env.ref("base.user_admin")
        for name, row in ABOVE.items():
            for role in ("Settings", "MCP admin"):
                self.try_button(role, name, row, boss, may=row[role] == "yes")

    def try_button(self, role: str, name: str, row: dict, owner, *, may: bool) -> None:
        with self.subTest(f"{role}: {name} of {owner.login}"), self.undone():
            body = self.prepared(name, self.people[role], owner)
            before = self.state()
            answer = self.json2(role, *name.rsplit(".", 1), **body)
            if may:
                self.assertEqual(answer.status_code, 200, answer.text[-2000:])
                self.assertEqual(self.state() != before, row["Effect"] == "does")
                return
            self.assert_refused(answer, before)
            if role not in ("Settings", "MCP admin") and owner == self.stranger:
                self.assert_tells_nothing(answer)

    def test_without_a_key_nothing_is_even_looked_at(self):
        before = self.state()
        for name in BUTTONS:
            model, _dot, method = name.rpartition(".")
            self.assertEqual(self.json2("Public", model, method).status_code, 401, name)
        for model in self.env:
            if model.startswith("mcp."):
                for method in ("search_read", "create", "write", "unlink"):
                    self.assertEqual(self.json2("Public", model, method).status_code, 401, model)
        self.assertEqual(self.state(), before)
