"""What an administrator sets for all connections is never changed without a trace."""

from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestRecorded(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = new_test_user(cls.env, "recorded_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        cls.settings = cls.env["mcp.settings"]._get().sudo(False).with_user(cls.admin)
        cls.tool = cls.env["mcp.tool"].search([("name", "=", "count_records")]).with_user(cls.admin)

    def recorded(self, act) -> list[tuple[str, str, str]]:
        """The rows that ``act`` leaves in the log: model, records and details of each."""
        log = self.env["mcp.audit.log"]
        last = log.search([], order="id desc", limit=1).id or 0
        act()
        self.env.flush_all()
        rows = log.search([("id", ">", last)], order="id")
        self.assertEqual(set(rows.mapped("event")) - {"settings_changed"}, set())
        self.assertEqual(set(rows.mapped("user_name")) - {self.admin.name}, set())
        return [(row.model, row.record_refs, row.details) for row in rows]

    def test_each_changed_setting_stands_in_one_row_with_its_old_and_its_new_value(self):
        self.settings.sudo().write({"retention_days": 90, "redacted_fields": False, "allow_own_approval": False})
        ((model, refs, details),) = self.recorded(
            lambda: self.settings.write(
                {
                    "retention_days": 1,
                    "allow_own_approval": True,
                    "default_scope": "read",
                    "redacted_fields": "iban\nphone",
                    "idle_days": self.settings.idle_days,
                }
            )
        )
        self.assertEqual((model, refs), ("mcp.settings", str(self.settings.id)))
        self.assertEqual(
            details,
            "Server Settings: Keep the Log (Days): 90 → 1; People May Approve Their Own: No → Yes; "
            "Default Scope: Read and Write → Read Only; Fields Never Logged: – → iban, phone",
        )

    def test_what_changes_nothing_leaves_no_row(self):
        self.assertFalse(self.recorded(lambda: self.settings.write({"idle_days": self.settings.idle_days})))

    def test_no_secret_and_nothing_that_the_code_keeps_is_told(self):
        settings = self.settings.sudo()
        secrets = {"audit_key": "c2VlZA==", "fingerprint": "0f0f"}
        self.assertFalse(self.recorded(lambda: settings.write(secrets)))
        self.assertFalse(self.recorded(lambda: self.env["mcp.tool"].sudo().browse(self.tool.id).write({"title": "x"})))

    def test_the_row_of_the_master_switch_is_not_doubled(self):
        log = self.env["mcp.audit.log"]
        before = log.search_count([("event", "=", "settings_changed")])
        self.settings.action_enable()
        self.settings.action_disable()
        self.assertEqual(log.search_count([("event", "=", "settings_changed")]), before)

    def test_hidden_fields_come_and_go_on_the_record(self):
        field = self.env["ir.model.fields"]._get("res.partner", "comment")
        rules = self.env["mcp.field.rule"].with_user(self.admin)
        rule = rules.browse()

        def hide():
            nonlocal rule
            rule = rules.create({"field_id": field.id, "note": "private"})

        ((model, refs, added),) = self.recorded(hide)
        self.assertEqual((model, refs), ("mcp.field.rule", str(rule.id)))
        self.assertRegex(added, r"^comment added: Model: Contact; Field: Notes \(Contact\); Why: private$")
        (row,) = self.recorded(lambda: rule.write({"note": "salaries"}))
        self.assertEqual(row[2], "comment: Why: private → salaries")
        (row,) = self.recorded(rule.unlink)
        self.assertRegex(row[2], r"^comment removed: Model: Contact; Field: Notes")

    def test_tools_are_switched_restricted_and_described_on_the_record(self):
        group = self.env.ref("base.group_user")
        values = {"active": False, "group_ids": [Command.set(group.ids)], "description": "Counts. " * 50}
        ((model, refs, details),) = self.recorded(lambda: self.tool.write(values))
        self.assertEqual((model, refs), ("mcp.tool", str(self.tool.id)))
        self.assertEqual(
            details,
            f"{self.tool.title}: Active: Yes → No; Only for Groups: – → {group.display_name}; Description: changed",
        )

    def test_prompts_and_their_arguments_are_on_the_record(self):
        values = {"name": "told", "title": "Told", "description": "d", "body": "Say {what}."}
        argument = {"name": "what", "description": "x"}
        prompts = self.env["mcp.prompt"].with_user(self.admin)
        rows = self.recorded(lambda: prompts.create({**values, "argument_ids": [Command.create(argument)]}))
        self.assertEqual([row[0] for row in rows], ["mcp.prompt.argument", "mcp.prompt"])
        prompt = prompts.search([("name", "=", "told")])
        (row,) = self.recorded(lambda: prompt.write({"body": "Say {what}!", "sequence": 3}))
        self.assertEqual(row, ("mcp.prompt", str(prompt.id), "Told: Text: Say {what}. → Say {what}!"))
        (row,) = self.recorded(lambda: prompt.argument_ids.write({"required": False}))
        self.assertEqual(row[2], "what: Required: Yes → No")

    def test_what_odoo_does_while_it_loads_is_nobodys_decision(self):
        with patch.object(self.env.registry, "ready", False):
            self.assertFalse(self.recorded(lambda: self.tool.sudo().write({"description": "From the code."})))
        self.assertTrue(self.recorded(lambda: self.tool.write({"description": "Mine."})))
