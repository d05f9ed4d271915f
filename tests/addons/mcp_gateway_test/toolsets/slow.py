"""Tools that write and then take too long, in the two ways there are."""

import time
from typing import Annotated

from pydantic import Field

from odoo import models

from odoo.addons.mcp_gateway.toolsets.tool import tool

from .mcp_toolset_test import Done

Seconds = Annotated[int, Field(description="How long to take.", ge=0, le=60)]


class McpToolsetSlow(models.AbstractModel):
    _name = "mcp.toolset.slow"
    _description = "MCP Tools: Slow"
    _inherit = ["mcp.toolset"]

    @tool(title="Write, then run one long statement", scope="write", read_only=False)
    def test_slow_statement(self, name: str, seconds: Seconds) -> Done:
        """Create a record, then let the database sleep."""
        self._write(name)
        # Not logged: that PostgreSQL ends it is what is expected.
        self.env.cr.execute("SELECT pg_sleep(%s)", [seconds], log_exceptions=False)
        return Done(done=name)

    @tool(title="Write, then run many short statements", scope="write", read_only=False)
    def test_slow_pauses(self, name: str, seconds: Seconds) -> Done:
        """Create a record, then calculate and look things up for long, each of it quickly."""
        self._write(name)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.env.cr.execute("SELECT 1")
            time.sleep(0.1)
        return Done(done=name)

    def _write(self, name: str) -> None:
        self.env["x.mcp.test.record"].create({"name": name})
        self.env.flush_all()
