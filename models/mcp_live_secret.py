from datetime import timedelta

from odoo import api, fields, models

from .one_by_one import one_by_one


class McpLiveSecret(models.AbstractModel):
    """A secret in a slot that holds at most two: while a rotation overlaps, the older one has an end.

    The database's clock decides about the end, here as in the look-up of a call, so that all workers agree. A model
    that inherits this says whose its secrets are (``_connections``) and how they die (``_retire``).
    """

    _name = "mcp.live.secret"
    _description = "Live MCP Secret"

    expires_at = fields.Datetime("Works Until", readonly=True, copy=False, help="Empty means that it has no end.")
    usage_id = fields.Many2one(
        "mcp.secret.usage", required=True, readonly=True, ondelete="restrict", copy=False, index=True
    )
    last_used = fields.Datetime(related="usage_id.last_used")
    last_ip = fields.Char(related="usage_id.last_ip")

    @api.model_create_multi
    def create(self, vals_list):
        usages = self.env["mcp.secret.usage"].sudo().create([{} for _ in vals_list])
        return super().create([{**vals, "usage_id": usage.id} for vals, usage in zip(vals_list, usages, strict=True)])

    def _live(self):
        """Those whose end has not come, newest first."""
        now = self.env.cr.now()
        return self.filtered(lambda secret: not secret.expires_at or secret.expires_at > now).sorted("id", reverse=True)

    @api.model
    def _end_of_overlap(self, hours: int):
        """When an overlap that begins now ends: UTC, whole seconds."""
        return self.env.cr.now().replace(microsecond=0) + timedelta(hours=hours)

    def _end_in(self, hours: int) -> None:
        """Give these secrets an end, and have them buried then."""
        self.expires_at = end = self._end_of_overlap(hours)
        self.env.ref("mcp_gateway.ir_cron_retire_expired").sudo()._trigger(end)

    def _connections(self):
        """The connections that these secrets let in, in sudo."""
        raise NotImplementedError

    def _retire(self, reason: str) -> None:
        """Delete the secrets, and remember enough of them to raise the alarm when someone uses one.

        :param reason: one of ``mcp.retired.secret``
        """
        raise NotImplementedError

    @api.model
    def _kinds(self):
        """Every model of secrets, in sudo."""
        names = self.env.registry.descendants(["mcp.live.secret"], "_inherit")
        return [self.env[name].sudo() for name in names if not self.env[name]._abstract]

    @api.model
    def _cron_retire_expired(self):
        """Bury the secrets whose end has come; none of them lets anyone in any more."""
        for model in self._kinds():
            one_by_one(model._at_their_end, lambda secret: secret._retire_at_the_end())

    @api.model
    def _at_their_end(self, ids: list[int] | None):
        ended = [("expires_at", "<=", self.env.cr.now())]
        return self.search(ended if ids is None else [*ended, ("id", "in", ids)], order="id")

    def _retire_at_the_end(self) -> None:
        for connection in self._connections():
            connection._on_record(
                "key_overlap_ended",
                self.env._("The overlap is over: the old key %(old)s no longer works.", old=self.hint),
            )
        self._retire("rotated")
