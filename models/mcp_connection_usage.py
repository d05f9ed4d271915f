from datetime import datetime
from typing import NamedTuple

from odoo import api, fields, models

from ..protocol import addresses
from ..toolsets.context import SessionFacts
from .side_cursor import side_statement

# Of each connection so many addresses and names of AI tools are remembered, the latest.
KNOWN = 50


class Admission(NamedTuple):
    """What one admitted or refused request did to its connection's windows, and the live session it belongs to."""

    minute_count: int
    day_count: int
    seconds_to_minute: int
    seconds_to_day: int
    # Not seen before with this connection, and not the first that was.
    is_new_address: bool
    is_new_client: bool
    session: SessionFacts | None


class SessionKey(NamedTuple):
    """How a request names its session.

    :param by: ``id`` as the client sent it back, ``derived`` from what the client says of itself, or ``agent`` for the
        last one that was opened with the same User-Agent
    """

    by: str
    value: str


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
    # Where its calls came from and what their programs call themselves, and whether the last call brought a new one.
    known_addresses = fields.Json(readonly=True)
    known_clients = fields.Json(readonly=True)
    is_new_address = fields.Boolean(readonly=True)
    is_new_client = fields.Boolean(readonly=True)

    @api.model
    def _admit(
        self,
        caller,
        ip: str,
        session: SessionKey | None = None,
        now: datetime | None = None,
        client: str | None = None,
    ) -> Admission:
        """Count one request, of its connection, session and secret, in one statement and a transaction of its own.

        Concurrent requests queue on the row, count one after the other, and none of them fails. A window counts up to
        one beyond its limit, which marks "refused"; a limit of 0 means none. What the minute refuses is not counted
        against the day.

        :param now: UTC; the database's clock when empty, so that all workers share one
        :param client: what the program that calls names itself, if it does
        """
        # What a crash of the database host can lose of this are the last counts.
        *windows, session_id, token, client, started, count, level = side_statement(
            self.env.registry,
            _ADMIT[session and session.by],
            {
                "id": caller.usage_id,
                "ip": ip,
                "address": addresses.site(ip),
                "client": client,
                "known": KNOWN,
                "now": now,
                "minute": caller.rate_minute or None,
                "day": caller.rate_day or None,
                "connection": caller.connection_id,
                "generation": caller.generation,
                "session": session and session.value,
                "secret": caller.credential_usage_id,
            },
        )
        facts = SessionFacts(session_id, token, client, started, count, level) if session_id else None
        return Admission(*windows, session=facts)


# The names are ours, not a caller's.
_REMEMBER = """
    is_new_{name} = COALESCE(NOT u.{known} ? %({name})s, FALSE),
    {known} = CASE
        WHEN %({name})s::text IS NULL OR u.{known} ? %({name})s THEN u.{known}
        WHEN jsonb_array_length(u.{known}) >= %(known)s THEN u.{known} - 0 || to_jsonb(%({name})s::text)
        ELSE COALESCE(u.{known}, '[]') || to_jsonb(%({name})s::text)
    END
"""
_REMEMBERED = ", ".join(
    _REMEMBER.format(name=name, known=known)
    for name, known in (("address", "known_addresses"), ("client", "known_clients"))
)
_WHICH = {
    "id": "token = %(session)s AND is_derived IS NOT TRUE",
    "derived": "token = %(session)s AND is_derived",
    "agent": "user_agent = %(session)s",
}
# One that was deactivated is found and not touched, so it comes back empty, as one that does not exist.
_TOUCHED = """
    UPDATE mcp_session_usage su
    SET last_activity = GREATEST(su.last_activity, clock.now), request_count = COALESCE(su.request_count, 0) + 1
    FROM clock, (
        SELECT id, token, client, create_date, state, usage_id FROM mcp_session
        WHERE connection_id = %(connection)s AND generation = %(generation)s AND {which}
        ORDER BY id DESC LIMIT 1
    ) s
    WHERE su.id = s.usage_id AND s.state = 'active'
    RETURNING s.id, s.token, s.client, s.create_date, su.request_count,
        (SELECT log_level FROM mcp_session_context WHERE session_ref = s.id)
"""
_NO_SESSION = "SELECT NULL::int, NULL::text, NULL::text, NULL::timestamp, NULL::int, NULL::text WHERE FALSE"
# GREATEST, because a request that waited for the row may come from an older minute than the one that went before it.
_STATEMENT = """
    WITH clock AS (
        SELECT now, date_trunc('minute', now) AS minute, date_trunc('day', now) AS day
        FROM (SELECT COALESCE(%(now)s::timestamp, now() AT TIME ZONE 'UTC') AS now) moment
    ), touched (id, token, client, started, count, level) AS ({touched}), counted AS (
        UPDATE mcp_connection_usage u SET
            {remembered},
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
        FROM clock
        WHERE u.id = %(id)s
        RETURNING
            u.minute_count,
            u.day_count,
            CEIL(EXTRACT(EPOCH FROM u.minute_start + INTERVAL '1 minute' - clock.now))::int,
            CEIL(EXTRACT(EPOCH FROM u.day_start + INTERVAL '1 day' - clock.now))::int,
            u.is_new_address,
            u.is_new_client
    ), used AS (
        UPDATE mcp_secret_usage su SET last_used = GREATEST(su.last_used, clock.now), last_ip = %(ip)s
        FROM clock WHERE su.id = %(secret)s
    )
    SELECT * FROM counted LEFT JOIN touched ON TRUE
"""
# By how the request names its session.
_ADMIT = {
    by: _STATEMENT.format(touched=touched, remembered=_REMEMBERED)
    for by, touched in {None: _NO_SESSION, **{by: _TOUCHED.format(which=which) for by, which in _WHICH.items()}}.items()
}
