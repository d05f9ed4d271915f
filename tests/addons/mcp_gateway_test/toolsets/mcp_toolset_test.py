import logging
import time
from typing import Annotated

from pydantic import Field

from odoo import models
from odoo.fields import Command

from odoo.addons.mcp_gateway.toolsets.tool import Result, tool

_logger = logging.getLogger(__name__)

Dwell = Annotated[int, Field(description="Milliseconds to wait afterwards.", ge=0, le=60_000)]


class Done(Result):
    done: str


class McpToolsetTest(models.AbstractModel):
    _name = "mcp.toolset.test"
    _description = "MCP Tools: Tests"
    _inherit = ["mcp.toolset"]

    @tool(title="Write, then wait", scope="write", read_only=False)
    def test_write(self, name: str, dwell_ms: Dwell = 0, dry_run: bool = False) -> Done:
        """Create a record, and wait before the transaction can end."""
        self.env["x.mcp.test.record"].create({"name": name})
        self.env.flush_all()
        _logger.info("wrote %s", name)
        time.sleep(dwell_ms / 1000)
        return Done(done=name)

    @tool(title="Wait", scope="read", read_only=True, idempotent=True)
    def test_wait(self, dwell_ms: Dwell) -> Done:
        """Do nothing for a while."""
        time.sleep(dwell_ms / 1000)
        return Done(done="waited")

    @tool(title="Write although it says it reads", scope="read", read_only=True)
    def test_lying_read(self, name: str) -> Done:
        """Claims to read only, and writes."""
        self.env["x.mcp.test.record"].create({"name": name})
        return Done(done=name)

    @tool(title="Do everything that reaches beyond the record", scope="write", read_only=False)
    def test_side_effects(self, name: str, fail: bool = False, dry_run: bool = False) -> Done:
        """Write, mail, grant a group, register a webhook for after the commit, and fail if asked to."""
        record = self.env["x.mcp.test.record"].create({"name": name})
        record.message_post(body=self.env._("hello"), partner_ids=self.env.user.partner_id.ids)
        self.env["mail.mail"].sudo().create({"email_to": "nobody@example.com", "subject": name, "body_html": name})
        self.env.user.sudo().write({"group_ids": [Command.link(self.env.ref("base.group_system").id)]})
        # The user now has the right, and Odoo's caches know it.
        self.env.user.has_group("base.group_system")
        self.env.cr.postcommit.add(lambda: self._webhook(name))
        self.env.cr.postcommit.data.setdefault("mcp_gateway_test", []).append(name)
        if fail:
            raise ValueError("broken on purpose")
        return Done(done=name)

    def _webhook(self, name: str) -> None:
        """What a webhook would send after the commit; tests replace it."""
