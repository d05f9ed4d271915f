import json
from typing import Any

from odoo import api, fields, models

from .approval_sight import Sight

# A value that is longer says nothing to a person, and a file has megabytes.
LONG = 2000


class McpApproval(models.Model):
    """What a person is shown of a request: in words, exactly, and what a dry run changed.

    All of it is made for whoever looks, with their own rights: whatever they may not read in Odoo is not shown here
    either, although it may be what the request is about. The form says so then.
    """

    _inherit = "mcp.approval"

    summary = fields.Char(compute="_compute_summary")
    arguments_shown = fields.Text("Exact Arguments", compute="_compute_shown")
    records_shown = fields.Html("Records", compute="_compute_shown", sanitize=False)
    preview_shown = fields.Html("What Will Happen", compute="_compute_shown", sanitize=False)
    has_preview = fields.Boolean(compute="_compute_shown")
    hides_something = fields.Boolean(compute="_compute_shown")

    def _stored_arguments(self) -> dict[str, Any]:
        """The arguments, whether or not they are still those that were asked for: ``_read_arguments`` tells."""
        try:
            arguments = json.loads(self.sudo().arguments)
        except ValueError:
            return {}
        return arguments if isinstance(arguments, dict) else {}

    @api.depends("tool", "tool_title", "arguments")
    @api.depends_context("uid", "lang")
    def _compute_summary(self):
        for approval in self:
            arguments = approval._stored_arguments()
            approval.summary = self.env["mcp.toolset"]._words_of(approval.tool, approval.tool_title, arguments)

    @api.depends("summary")
    def _compute_display_name(self):
        for approval in self:
            approval.display_name = approval.summary

    @api.depends("arguments", "preview", "changed_since")
    @api.depends_context("uid", "lang")
    def _compute_shown(self):
        for approval in self:
            stored, arguments = approval.sudo(), approval._stored_arguments()
            model, ids = self.env["mcp.toolset"]._target_of(approval.tool, arguments)
            sight = Sight(self.env, model, ids)
            shown = sight.masked(arguments)
            approval.arguments_shown = json.dumps(_abridged(shown), indent=2, ensure_ascii=False)
            approval.records_shown = approval._rendered("approval_records", sight=sight)
            changes, facts = sight.changes(stored.preview or {})
            since = sight.tables(stored.changed_since or [])
            approval.has_preview = bool(stored.preview)
            approval.preview_shown = (stored.preview or since) and approval._rendered(
                "approval_preview", changes=changes, facts=facts, since=since
            )
            approval.hides_something = sight.hides

    def _rendered(self, template: str, **values):
        return self.env["ir.qweb"]._render(f"mcp_gateway.{template}", {"approval": self, **values})


def _abridged(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _abridged(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_abridged(item) for item in value]
    if isinstance(value, str) and len(value) > LONG:
        return f"{value[:LONG]}… ({len(value)} characters)"
    return value
