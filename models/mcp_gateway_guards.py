from time import sleep

from odoo import models
from odoo.tools import config

from ..protocol import addresses, credentials, errors
from .call import Call, Refusal
from .mcp_throttle import Count
from .slots import SLOT

# What a quick call takes: calls that come at once are served one after the other, and only slow ones are refused.
PATIENCE = 0.05
STEP = 0.01


class McpGateway(models.AbstractModel):
    """Bad credentials too many, a place that calls may not come from, and too many calls at this moment."""

    _inherit = "mcp.gateway"

    def _rung_transport(self, call: Call) -> None:  # pylint: disable=missing-return
        try:
            super()._rung_transport(call)
        except Refusal:
            # Nobody knows whose it is, and no credential was tried: the answer stays what it is.
            self._count_stranger(call)
            raise

    def _rung_switch(self, call: Call) -> None:  # pylint: disable=missing-return
        try:
            super()._rung_switch(call)
        except Refusal:
            if call.caller.credential is None:
                self._count_stranger(call)
            raise

    def _rung_credential(self, call: Call) -> None:  # pylint: disable=missing-return
        try:
            super()._rung_credential(call)
        except Refusal as refusal:
            raise self._throttled(call) or refusal from None

    def _throttled(self, call: Call) -> Refusal | None:
        """The refusal of somebody who tries keys, or None.

        Who sends nothing has to learn where to begin, and who sends what once was good has to learn that it is not
        any more, however many others share the address.
        """
        counted = self._count_stranger(call)
        if not counted.is_over:
            return None
        token = credentials.bearer(call.exchange.header("Authorization")).token
        secret = token and credentials.parse(token)
        if not token or (secret and self._was_issued(secret)):
            return None
        return Refusal(
            429,
            errors.RATE_LIMITED,
            f"Too many invalid keys came from your address. Try again in {counted.seconds} seconds.",
            data={"retryAfter": counted.seconds},
            headers=(("Retry-After", str(counted.seconds)),),
        )

    def _count_stranger(self, call: Call) -> Count:
        """Count a call without a valid credential, once however often Odoo runs it."""
        if "throttle" not in call.memo:
            call.memo["throttle"] = self.env["mcp.throttle"]._count(call.exchange.remote_addr, self._clock())
        call.unlogged = call.memo["throttle"].is_over
        return call.memo["throttle"]

    def _was_issued(self, secret: credentials.Secret) -> bool:
        if secret.kind is credentials.Kind.ACCESS_TOKEN:
            return bool(self.env["mcp.oauth.token"]._find(secret.text))
        digest = self.env["mcp.secret"]._digest(secret.text)
        # One at the end of its overlap is retired only when somebody buries it.
        is_unburied = self.env["mcp.api.key"].sudo().search_count([("digest", "=", digest)], limit=1)
        return bool(is_unburied or self.env["mcp.retired.secret"]._find(digest))

    def _rung_address(self, call: Call) -> None:
        caller = call.caller
        if not addresses.permits(caller.allowed_ips, caller.blocked_ips, call.exchange.remote_addr):
            raise Refusal(
                403,
                errors.FORBIDDEN,
                "This connection may not be used from your address. Ask your Odoo administrator.",
                reason="Address not allowed",
            )

    def _rung_in_flight(self, call: Call) -> None:
        """One of the connection's slots was taken by the look-up, or is now; the end of the transaction frees it.

        An advisory lock of PostgreSQL: exact across workers, and a worker that dies gives it back.
        """
        caller, waited = call.caller, 0.0
        if not caller.max_in_flight:
            return
        has_slot = caller.slot is not None
        while not has_slot and waited < PATIENCE:
            sleep(STEP)
            waited += STEP
            has_slot = self._take_slot(caller)
        if not has_slot:
            limit = self._slots(caller.max_in_flight)
            raise Refusal(
                429,
                errors.RATE_LIMITED,
                f"This connection has {limit} calls running, as many as it may at once. Wait until one has ended.",
                data={"limit": limit, "window": "at once", "retryAfter": 1},
                headers=(("Retry-After", "1"),),
            )

    def _take_slot(self, caller) -> bool:
        self.env.cr.execute(
            f"SELECT {SLOT}",
            {"slots": self._most_slots(), "max": caller.max_in_flight, "connection": caller.connection_id},
        )
        return self.env.cr.fetchone()[0] is not None

    def _slots(self, limit: int) -> int:
        most = self._most_slots()
        return limit if most is None else min(limit, most)

    def _most_slots(self) -> int | None:
        """One less than there are workers; None where threads serve, of which there are enough."""
        return max(config["workers"] - 1, 1) if config["workers"] else None
