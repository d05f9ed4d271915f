from datetime import datetime
from typing import NamedTuple

from odoo import SUPERUSER_ID, api, fields, models

from ..protocol import addresses
from .side_cursor import side_cursor

# Requests without a valid credential from one address in a minute that stand in the log one by one.
LIMIT = 20
# What no address begins with: fetches are counted by user.
_FETCHES_OF = "user #"


class Count(NamedTuple):
    """What an address sent without a valid credential in this minute, this too, and the seconds until the next."""

    count: int
    seconds: int

    @property
    def is_over(self) -> bool:
        """Whether this leaves no row of its own in the log (DESIGN §2.6)."""
        return self.count > LIMIT


class McpThrottle(models.Model):
    """What came without a valid credential, by address (FEATURES G6), of IPv6 by /64. A good one never comes here.

    At the MCP endpoint and at those of OAuth alike. Beyond a number a minute it leaves one counted row in the log
    instead of one each (DESIGN §2.6): else whoever wants the log full only has to knock. Who tried a credential that
    never was one is turned away then; everyone else is answered as ever.
    """

    _name = "mcp.throttle"
    _description = "MCP Bad Credentials"
    _log_access = False

    site = fields.Char(required=True, readonly=True)
    minute = fields.Datetime(required=True, readonly=True)
    count = fields.Integer(required=True, readonly=True)
    # What the minute before came to: set by the first of a new minute, for that one alone to see.
    over = fields.Integer(readonly=True)

    _site_unique = models.Constraint("UNIQUE (site)", "This address is counted already.")

    @api.model
    def _count(self, remote_addr: str, now: datetime | None = None) -> Count:
        """Count one, in a transaction of its own, so that requests at once queue and none of them fails.

        :param now: UTC; the database's clock when empty
        """
        return self._count_by(addresses.site(remote_addr), now)

    @api.model
    def _count_fetch(self, user, now: datetime | None = None) -> Count:
        """Count a document that this server fetches because ``user`` asks; the log knows nothing of those."""
        return self._count_by(f"{_FETCHES_OF}{user.id}", now)

    @api.model
    def _count_by(self, site: str, now: datetime | None) -> Count:
        with side_cursor(self.env.registry) as cr:
            cr.execute(_COUNT, {"site": site, "now": now})
            count, seconds, over = cr.fetchone()
            if over and over > LIMIT:
                self.with_env(api.Environment(cr, SUPERUSER_ID, {}))._log(site, over)
        return Count(count, seconds)

    @api.model
    def _log(self, site: str, count: int) -> None:
        if site.startswith(_FETCHES_OF):
            return
        text = f"{count - LIMIT} more requests without a valid key within one minute"
        self.env["mcp.audit.log"]._record(
            event="bad_credentials", ip=site, outcome="refused", http_status=429, error=text
        )

    @api.model
    def _cron_close(self) -> None:
        """Write the counted rows of minutes that are over, and forget them."""
        self.env.cr.execute(_CLOSE)
        for site, count in self.env.cr.fetchall():
            if count > LIMIT:
                self._log(site, count)


_COUNT = """
    WITH clock AS (SELECT COALESCE(%(now)s::timestamp, clock_timestamp() AT TIME ZONE 'UTC') AS now)
    INSERT INTO mcp_throttle AS t (site, minute, count)
    SELECT %(site)s, date_trunc('minute', clock.now), 1 FROM clock
    ON CONFLICT (site) DO UPDATE SET
        over = CASE WHEN t.minute < EXCLUDED.minute THEN t.count END,
        count = CASE WHEN t.minute >= EXCLUDED.minute THEN t.count + 1 ELSE 1 END,
        minute = GREATEST(t.minute, EXCLUDED.minute)
    RETURNING
        t.count,
        (SELECT CEIL(EXTRACT(EPOCH FROM date_trunc('minute', now) + INTERVAL '1 minute' - now))::int FROM clock),
        t.over
"""
# One that is counted on at this moment is left for the next time.
_CLOSE = """
    DELETE FROM mcp_throttle WHERE id IN (
        SELECT id FROM mcp_throttle WHERE minute < date_trunc('minute', now() AT TIME ZONE 'UTC')
        ORDER BY id FOR UPDATE SKIP LOCKED
    ) RETURNING site, count
"""
