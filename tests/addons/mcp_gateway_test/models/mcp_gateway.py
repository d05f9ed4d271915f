import logging
import time
from datetime import datetime

from odoo import fields, models

_logger = logging.getLogger(__name__)


class McpGateway(models.AbstractModel):
    _inherit = "mcp.gateway"

    def _methods(self, era: str) -> dict[str, str]:
        return {**super()._methods(era), "test/crash": "_method_test_crash"}

    def _method_test_crash(self, call):
        """A bug in the gateway itself, after something was written."""
        self.env["x.mcp.test.record"].sudo().create({"name": "crash"})
        raise ValueError("broken on purpose")

    def _clock(self) -> datetime | None:
        """A test can stop the clock of the rate windows on all workers."""
        stopped = self.env["ir.config_parameter"].sudo().get_param("mcp_gateway_test.clock")
        return fields.Datetime.to_datetime(stopped) if stopped else super()._clock()

    def _final_lock(self, caller):
        """Tells how long a call holds the lock, which is from here to the end of its commit."""
        result = super()._final_lock(caller)
        locked = time.monotonic()
        self.env.cr.postcommit.add(lambda: _logger.info("held the lock %.6f s", time.monotonic() - locked))
        return result


class McpConnection(models.Model):
    _inherit = "mcp.connection"

    def _touch_credential(self, by_revoke: bool = False):
        """Tells how long a button takes to get hold of the connection."""
        started = time.monotonic()
        result = super()._touch_credential(by_revoke)
        _logger.info("button on #%s took %.6f s", self.id, time.monotonic() - started)
        return result
