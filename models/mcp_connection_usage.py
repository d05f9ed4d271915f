from datetime import datetime
from typing import NamedTuple

from odoo import api, fields, models

from .side_cursor import side_cursor


class Admission(NamedTuple):
    """What one admitted or refused request did to its connection's windows."""

    minute_count: int
    day_count: int
    seconds_to_minute: int
    seconds_to_day: int


class McpConnectionUsage(models.Model):
    """The hot counters of a connection, apart from the connection itself.

    An administrator's button writes the connection, never this row; a call writes this row, never the connection. So
    neither makes the other fail at REPEATABLE READ (DESIGN §2.4).
    """

    _name = "mcp.connection.usage"
    _description = "MCP Connection Usage"
    _log_access = False

    first_used = fields.Datetime(readonly=True)
    last_used = fields.Datetime(readonly=True, index=True)
    last_ip = fields.Char(readonly=True)
    request_count = fields.Integer(readonly=True)
    minute_start = fields.Datetime(readonly=True)
    minute_count = fields.Integer(readonly=True)
    day_start = fields.Datetime(readonly=True)
    day_count = fields.Integer(readonly=True)
    retired_secret_alarm_at = fields.Datetime(readonly=True)
    leaked_secret_alarm_at = fields.Datetime(readonly=True)

    @api.model
    def _admit(
        self, usage_id: int, ip: str, minute_limit: int, day_limit: int, now: datetime | None = None
    ) -> Admission:
        """Count one request, in one statement and a transaction of its own.

        Concurrent requests queue on the row, count one after the other, and none of them fails. A window counts up to
        one beyond its limit, which marks "refused"; a limit of 0 means none. What the minute refuses is not counted
        against the day.

        :param now: UTC; the database's clock when empty, so that all workers share one
        """
        with side_cursor(self.env.registry) as cr:
            cr.execute(
                _ADMIT,
                {
                    "id": usage_id,
                    "ip": ip,
                    "now": now,
                    "minute": minute_limit or None,
                    "day": day_limit or None,
                },
            )
            return Admission(*cr.fetchone())


# What a crash of the database host can lose of this are the last counts, hence no wait for the disk.
# GREATEST, because a request that waited for the row may come from an older minute than the one that went before it.
_ADMIT = """
    SET LOCAL synchronous_commit = off;
    UPDATE mcp_connection_usage u SET
        first_used = COALESCE(u.first_used, clock.now),
        last_used = GREATEST(u.last_used, clock.now),
        last_ip = %(ip)s,
        request_count = COALESCE(u.request_count, 0) + 1,
        minute_start = GREATEST(u.minute_start, clock.minute),
        minute_count = LEAST(
            %(minute)s + 1, 1 + CASE WHEN u.minute_start >= clock.minute THEN u.minute_count ELSE 0 END
        ),
        day_start = GREATEST(u.day_start, clock.day),
        day_count = LEAST(
            %(day)s + 1,
            CASE WHEN u.day_start >= clock.day THEN u.day_count ELSE 0 END
            + CASE WHEN u.minute_start >= clock.minute AND u.minute_count >= %(minute)s THEN 0 ELSE 1 END
        )
    FROM (
        SELECT now, date_trunc('minute', now) AS minute, date_trunc('day', now) AS day
        FROM (SELECT COALESCE(%(now)s::timestamp, now() AT TIME ZONE 'UTC') AS now) moment
    ) clock
    WHERE u.id = %(id)s
    RETURNING
        u.minute_count,
        u.day_count,
        CEIL(EXTRACT(EPOCH FROM u.minute_start + INTERVAL '1 minute' - clock.now))::int,
        CEIL(EXTRACT(EPOCH FROM u.day_start + INTERVAL '1 day' - clock.now))::int
"""
