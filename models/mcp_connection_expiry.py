from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .mcp_bounded import DAYS
from .one_by_one import one_by_one

ACTIVITY = "mcp_gateway.mail_activity_expiry"
# Days before the end on which people are told.
WARN_DAYS = (14, 7, 1)


def due_warning(left: timedelta) -> int:
    """The nearest of ``WARN_DAYS`` that ``left`` has come to; 0 is none."""
    return min((days for days in WARN_DAYS if left <= timedelta(days=days)), default=0)


class McpConnection(models.Model):
    """How long a connection lives at most, and warnings before its end (FEATURES K5)."""

    _inherit = "mcp.connection"

    expires_at = fields.Datetime(default=lambda self: self._default_end())
    # Set by the settings, not by an administrator who meant this one connection.
    is_expiry_default = fields.Boolean(readonly=True, copy=False)
    # The last of WARN_DAYS that people were told of, or that had passed when the end was set.
    expiry_warned_days = fields.Integer(readonly=True, copy=False)

    @api.model
    def _end_in_days(self, days: int) -> datetime | bool:
        return days > 0 and fields.Datetime.now() + timedelta(days=days)

    @api.model
    def _longest_end(self) -> datetime | bool:
        """The latest end that the settings permit now; False is no limit."""
        return self._end_in_days(self.env["mcp.settings"]._get().max_lifetime_days)

    @api.model
    def _default_end(self) -> datetime | bool:
        return self._end_in_days(self.env["mcp.settings"]._get().default_lifetime_days) or self._longest_end()

    @api.constrains("expires_at")
    def _check_end_is_near(self):
        """A date that only PostgreSQL can count with breaks the list for everybody: Odoo shows it in a time zone."""
        for connection in self.filtered("expires_at"):
            if abs(connection.expires_at - fields.Datetime.now()) > timedelta(days=DAYS):
                raise ValidationError(
                    self.env._(
                        "%(name)s: set the expiry within %(days)s days, or leave it empty for never.",
                        name=connection.name,
                        days=DAYS,
                    )
                )

    @api.constrains("expires_at")
    def _check_longest_lifetime(self):
        longest = self._longest_end()
        for connection in self:
            if longest and not (connection.expires_at and connection.expires_at <= longest):
                raise ValidationError(
                    self.env._(
                        "The Server Settings let a connection live %(days)s days at most: set the expiry of "
                        "%(name)s to %(longest)s UTC or earlier.",
                        days=self.env["mcp.settings"]._get().max_lifetime_days,
                        name=connection.name,
                        longest=longest,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        ends = [
            vals.get("expires_at") or (self._longest_end() if "expires_at" in vals else self._default_end())
            for vals in vals_list
        ]
        connections = super().create([{**vals, "expires_at": end} for vals, end in zip(vals_list, ends, strict=True)])
        for connection, vals in zip(connections, vals_list, strict=True):
            is_default = bool(connection.expires_at and not vals.get("expires_at"))
            connection.sudo().write(
                {"is_expiry_default": is_default, "expiry_warned_days": connection._passed_warning()}
            )
        return connections

    def write(self, vals):
        done = super().write(vals)
        if "expires_at" in vals:
            for connection in self.sudo():
                connection.write({"is_expiry_default": False, "expiry_warned_days": connection._passed_warning()})
            self.sudo().activity_unlink([ACTIVITY])
        return done

    def _passed_warning(self) -> int:
        """Whoever sets an end knows how near it is: only what comes later is warned of."""
        return due_warning(self.expires_at - self.env.cr.now()) if self.expires_at else 0

    def _limiting_end(self) -> datetime | bool:
        """The end that an administrator gave this connection, and that another in its place inherits.

        Not later than the settings permit; False if there is none, or the settings set it.
        """
        if not self.expires_at or self.is_expiry_default:
            return False
        return min(filter(None, (self.expires_at, self._longest_end())))

    # Warnings

    @api.model
    def _cron_warn_of_expiry(self) -> None:
        """Tell each owner once when two weeks, a week and a day are left."""
        one_by_one(self._due_to_be_warned, lambda connection: connection._warn_of_expiry())

    @api.model
    def _due_to_be_warned(self, ids: list[int] | None):
        now = self.env.cr.now()
        soon = [
            ("state", "=", "active"),
            ("expires_at", ">", now),
            ("expires_at", "<=", now + timedelta(days=max(WARN_DAYS))),
        ]
        found = self.search(soon if ids is None else [*soon, ("id", "in", ids)], order="id")
        return found.filtered(
            lambda connection: (
                not connection.expiry_warned_days
                or due_warning(connection.expires_at - now) < connection.expiry_warned_days
            )
        )

    def _warn_of_expiry(self) -> None:
        self.sudo().expiry_warned_days = due_warning(self.expires_at - self.env.cr.now())
        owner = self.user_id.filtered("active") or self._administrators()
        body = self.env._(
            "This connection expires on %(end)s UTC: its AI tool is refused from then on. If it is still needed, an "
            "MCP Administrator can set a later date.",
            end=fields.Datetime.to_string(self.expires_at),
        )
        self._on_record("expiry_warned", body, owner)
        # One at a time: the nearer warning takes the place of the one before.
        self.sudo().activity_unlink([ACTIVITY])
        self._schedule(ACTIVITY, owner, self.env._("Expires soon"), body, self.expires_at.date())
