"""What an AI tool may do, over all combinations of what an administrator can set (issue of governance).

{read, write, execute} × {tool allowed or not} × {model and operation allowed or not} × {address in or out} × {switch}.
"""

import itertools
from typing import NamedTuple

from odoo.fields import Command
from odoo.tests import tagged

from .test_http_limits import ORDER, LimitsCase

LEVELS = ("read", "write", "execute")


class Try(NamedTuple):
    """One tool, the scope that it needs, and the operation on the model that it comes down to."""

    tool: str
    scope: str
    operation: str
    arguments: dict


TRIES = (
    Try("get_record", "read", "can_read", {"id": 0}),
    Try("create_record", "write", "can_create", {"values": {"name": "made"}}),
    Try("update_record", "write", "can_write", {"id": 0, "values": {"note": "changed"}}),
    Try("delete_record", "write", "can_unlink", {"id": 0}),
    Try("execute_method", "execute", "can_write", {"ids": [0], "method": "action_confirm"}),
)
OTHER_TOOL, OTHER_MODEL = "list_reports", "res.country"


@tagged("post_install", "-at_install")
class TestMatrix(LimitsCase):
    def test_every_combination_does_what_its_settings_say_and_nothing_else(self):
        done = {True: 0, False: 0}
        settings = (LEVELS, TRIES, *[(True, False)] * 5)
        for level, attempt, *flags in itertools.product(*settings):
            with self.subTest(level=level, tool=attempt.tool, flags=flags):
                expected = self.expected(level, attempt, *flags)
                record = self.env[ORDER].create({"name": "one", "note": "as it was"})
                self.set_up(level, attempt, *flags)
                before = self.env[ORDER].search_count([])
                answer = self.attempt(attempt, record)
                self.env.invalidate_all()
                self.assertEqual(self.outcome(answer), expected, answer.text)
                has_changed = self.has_changed(attempt, record, before)
                self.assertEqual(has_changed, expected == (200, True) and attempt.scope != "read", answer.text)
                done[expected == (200, True)] += 1
        self.assertGreater(min(done.values()), 5, done)

    def expected(self, level, attempt, has_tool, has_model, has_operation, is_inside, is_on) -> tuple[int, bool]:
        """The HTTP status, and whether the tool did it; each line is one that an administrator can read on a screen."""
        if not is_on:
            return 503, False
        if not is_inside:
            return 403, False
        if LEVELS.index(level) < LEVELS.index(attempt.scope):
            return 403, False
        if not has_tool:
            return 403, False
        return 200, has_model and has_operation

    def set_up(self, level, attempt, has_tool, has_model, has_operation, is_inside, is_on) -> None:
        tool = self.env["mcp.tool"].search([("name", "=", attempt.tool if has_tool else OTHER_TOOL)])
        rights = {"can_read": True, attempt.operation: has_operation}
        values = {"model_id": self.env["ir.model"]._get_id(ORDER if has_model else OTHER_MODEL), **rights}
        if not rights["can_read"]:
            # A model that may not even be read is one that is not listed.
            values = {"model_id": self.env["ir.model"]._get_id(OTHER_MODEL)}
        self.connection.model_ids.unlink()
        self.connection.write(
            {
                "scope": level,
                "tool_ids": [Command.set(tool.ids)],
                "model_ids": [Command.create(values)],
                "allowed_ips": "127.0.0.0/8" if is_inside else "192.0.2.0/24",
            }
        )
        self.env["mcp.settings"]._get().enabled = is_on
        self.env.flush_all()

    def attempt(self, attempt: Try, record):
        arguments = {
            name: {"id": record.id, "ids": record.ids}.get(name, value) for name, value in attempt.arguments.items()
        }
        return self.post("tools/call", {"name": attempt.tool, "arguments": {"model": ORDER, **arguments}})

    def outcome(self, answer) -> tuple[int, bool]:
        result = answer.json().get("result")
        return answer.status_code, bool(result) and not result["isError"]

    def has_changed(self, attempt: Try, record, before: int) -> bool:
        if self.env[ORDER].search_count([]) != before:
            return True
        return bool(record.exists()) and (record.note, record.state) != ("as it was", "draft")
