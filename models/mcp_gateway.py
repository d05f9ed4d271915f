from datetime import datetime

from odoo import api, models

from ..oauth import scopes
from ..protocol import challenge, cors, credentials, errors, messages, preflight, results
from .call import Call, Caller, Refusal, Reply, loggable
from .final_lock import final_lock
from .slots import SLOT

# DESIGN §3. Each rung is one method that raises Refusal or lets the call pass; the first failure answers.
LADDER = (
    "_rung_transport",
    "_rung_switch",
    "_rung_credential",
    "_rung_connection",
    "_rung_address",
    "_rung_in_flight",
    "_rung_rate",
    "_rung_message",
    "_rung_session",
    "_rung_method",
)
INVALID_KEY = (
    "This key is not valid, or not any more. Copy the whole key again, or ask your Odoo administrator for a new one."
)


class McpGateway(models.AbstractModel):
    """The one path of a call, from facts about a request to a reply (DESIGN §3)."""

    _name = "mcp.gateway"
    _description = "MCP Gateway"

    @api.model
    def _serve(self, exchange: messages.Exchange, memo: dict) -> Reply:
        """Answer one request, and leave a row of it in the audit log whatever the outcome.

        Only concurrency errors leave this method on purpose: Odoo then rolls back and runs the request again.

        :param memo: kept across such runs of the same request
        """
        # What is too long is refused unread, whoever sent it: reading it is the one thing here that costs seconds.
        call = memo["call"] = Call(exchange, memo, preflight.check_size(exchange) or messages.read(exchange))
        try:
            for rung in LADDER:
                getattr(self, rung)(call)
            reply = self._answer(call)
        except Refusal as refusal:
            reply = self._refuse(call, refusal)
        self._close(call, reply)
        return reply

    def _close(self, call: Call, reply: Reply) -> None:
        """The end of every transaction of a call: log row, flush, final lock, in this order (DESIGN §2.3)."""
        if not call.unlogged:
            values = call.log_values(reply) | self._payloads(call, reply)
            self.env["mcp.audit.log"]._record(**values, _relaxed=not call.writes)
        if call.writes:
            self.env.cr.flush()
            self._final_lock(call.caller)

    def _final_lock(self, caller: Caller | None) -> None:
        """Commit only while the connection is what it was when this call was let in."""
        if caller is not None and caller.connection_id:
            final_lock(self.env.cr, caller.connection_id, caller.state, caller.generation)

    def _refuse(self, call: Call, refusal: Refusal) -> Reply:
        call.refused, call.error = True, refusal.reason
        body = results.failure(call.message.id, refusal.code, refusal.message, refusal.data)
        return Reply(refusal.status, body, refusal.headers)

    def _clock(self) -> datetime | None:
        """The time of the rate windows, UTC; None is the database's clock, which all workers share."""
        return None

    # Rungs

    def _rung_transport(self, call: Call) -> None:
        if rejection := preflight.check(call.exchange, *self._sites()):
            raise Refusal(rejection.status, rejection.code, rejection.message, data=rejection.data)
        # From here on the answer, whatever it is, may be read by the web page that asked.
        call.memo["cors"] = cors.of_answer(call.exchange)

    @api.model
    def _sites(self) -> tuple[str, tuple[str, ...]]:
        """The address of this server, and the origins of web pages that may use it."""
        base_url = self.env["ir.config_parameter"].sudo().get_param("web.base.url") or ""
        return base_url, self.env["mcp.settings"]._allowed_origins()

    @api.model
    def _preflight(self, exchange: messages.Exchange) -> Reply:
        """What a browser asks before it sends a web page's request, without any credential (Fetch Standard §3.2.2)."""
        if rejection := preflight.check_origin(exchange, *self._sites()):
            return Reply(rejection.status, results.failure(None, rejection.code, rejection.message))
        return Reply(204, None, (("Allow", preflight.ALLOW), *cors.of_preflight(exchange)))

    def _rung_switch(self, call: Call) -> None:
        """One query tells the switch and all there is to know of the credential."""
        call.caller = self._look_up(credentials.bearer(call.exchange.header("Authorization")))
        if not call.caller.enabled:
            raise Refusal(503, errors.SWITCHED_OFF, "The MCP server of this Odoo is switched off by its administrator.")

    def _look_up(self, bearer: credentials.Bearer) -> Caller:
        secret = bearer.token and credentials.parse(bearer.token)
        digest = self.env["mcp.secret"]._digest(secret.text) if secret else None
        is_token = secret and secret.kind is credentials.Kind.ACCESS_TOKEN
        resource = f"{self.env['mcp.oauth.server']._issuer()}/mcp"
        source = _TOKEN if is_token else _KEY
        slots = self._most_slots()
        return self._caller_by(source, slot=_SLOT_OF_FOUND, digest=digest, resource=resource, slots=slots)

    def _caller_by(self, source: str, *, slot: str = "NULL::int", **values) -> Caller:
        """:param source: one of the queries below; ``values`` are its parameters
        :param slot: an expression of SQL that takes a place among the calls that run at once
        """
        self.env.cr.execute(_LOOK_UP % (slot, source), values)
        return Caller(*self.env.cr.fetchone())

    def _rung_credential(self, call: Call) -> None:
        header = call.exchange.header("Authorization")
        bearer = credentials.bearer(header)
        if leaked := credentials.PATTERN.search(call.exchange.query):
            self._report_leak(call, leaked[0])
            raise self._unauthorized(
                "Send the key in the Authorization header. A key that has stood in an address must be rotated.",
                error="invalid_request",
            )
        if bearer.malformed:
            raise self._unauthorized(
                "Send exactly one Authorization header: Bearer, a space, and the key.",
                error="invalid_request",
                status=400,
            )
        if not bearer.token:
            raise self._unauthorized("Authorization is needed: send your key as a Bearer token.")
        secret = credentials.parse(bearer.token)
        if secret is None:
            raise self._unauthorized(
                "This is not a complete key of this server: a character is missing or mistyped. Copy it again.",
                error="invalid_token",
            )
        if call.caller.credential is None:
            self._report_dead_secret(call, secret)
            raise self._unauthorized(INVALID_KEY, error="invalid_token", reason=f"Unknown key {secret.hint}")

    def _unauthorized(
        self, message: str, *, error: str | None = None, status: int = 401, reason: str | None = None
    ) -> Refusal:
        header = self._challenge(error=error, description=message if error else None)
        return Refusal(status, errors.UNAUTHORIZED, message, headers=(("WWW-Authenticate", header),), reason=reason)

    @api.model
    def _challenge(self, *, error: str | None = None, description: str | None = None, scope: str | None = None) -> str:
        """The one Bearer challenge, which tells an AI tool where to learn how to get in (RFC 9728 §5.1)."""
        issuer = self.env["mcp.oauth.server"]._issuer()
        return challenge.bearer_challenge(
            resource_metadata=f"{issuer}/.well-known/oauth-protected-resource/mcp",
            scope=scope or scopes.granted(self.env["mcp.settings"]._get().consent_scope),
            error=error,
            description=description,
        )

    def _report_dead_secret(self, call: Call, secret: credentials.Secret) -> None:
        retired = self.env["mcp.retired.secret"]._find(self.env["mcp.secret"]._digest(secret.text))
        if retired:
            retired.connection_id._raise_alarm("retired_secret", retired.hint, call.exchange.remote_addr)

    def _report_leak(self, call: Call, text: str) -> None:
        secret = credentials.parse(text)
        digest = secret and self.env["mcp.secret"]._digest(secret.text)
        key = digest and self.env["mcp.api.key"].sudo().search([("digest", "=", digest)])
        token = digest and not key and self.env["mcp.oauth.token"]._find_live(secret.text)
        if found := key or token:
            connection = key.connection_id if key else token.family_id.connection_id
            connection._raise_alarm("leaked_secret", found.hint, call.exchange.remote_addr)

    def _rung_connection(self, call: Call) -> None:
        """The connection, and the user it acts as, are in a state to be used."""
        caller = call.caller
        if caller.credential_generation != caller.generation or caller.state == "revoked":
            raise self._unauthorized(INVALID_KEY, error="invalid_token", reason="Connection revoked")
        user = self.env["res.users"].browse(caller.user_id)
        call.user = user.with_user(user)
        if not caller.user_active or not call.user.has_group("mcp_gateway.group_mcp_user"):
            raise self._unauthorized(
                INVALID_KEY, error="invalid_token", reason="The user of the connection is archived or not an MCP User"
            )
        if caller.state != "active":
            raise Refusal(403, errors.FORBIDDEN, "This connection is suspended. Ask your Odoo administrator.")
        if caller.expired:
            raise self._unauthorized("This connection has expired. Ask your Odoo administrator.", error="invalid_token")

    def _rung_rate(self, call: Call) -> None:
        caller = call.caller
        if "admission" not in call.memo:
            call.memo["admission"] = self.env["mcp.connection.usage"]._admit(
                caller,
                call.exchange.remote_addr,
                self._session_key(call),
                self._clock(),
                loggable(getattr(call.message, "client_name", None)),
            )
            self._notice_news(call)
        admission = call.memo["admission"]
        if caller.rate_minute and admission.minute_count > caller.rate_minute:
            self._too_many(caller.rate_minute, "minute", admission.seconds_to_minute)
        if caller.rate_day and admission.day_count > caller.rate_day:
            self._too_many(caller.rate_day, "day", admission.seconds_to_day)

    def _notice_news(self, call: Call) -> None:
        """Raise the alarms of what this connection was not seen with before, if the settings want them."""
        admission = call.memo["admission"]
        if not (admission.is_new_address or admission.is_new_client):
            return
        connection = self.env["mcp.connection"].browse(call.caller.connection_id)
        settings = self.env["mcp.settings"]._get()
        facts = {"hint": call.caller.credential, "ip": call.exchange.remote_addr}
        if admission.is_new_address and settings.alert_new_address:
            connection._raise_alarm("new_address", **facts)
        if admission.is_new_client and settings.alert_new_client:
            connection._raise_alarm("new_client", client=loggable(call.message.client_name), **facts)

    def _too_many(self, limit: int, window: str, seconds: int) -> None:
        raise Refusal(
            429,
            errors.RATE_LIMITED,
            f"This connection may send {limit} requests a {window}. Try again in {seconds} seconds.",
            data={"limit": limit, "window": window, "retryAfter": seconds},
            headers=(("Retry-After", str(seconds)),),
        )

    def _rung_message(self, call: Call) -> None:
        if isinstance(rejection := call.message, messages.Rejection):
            raise Refusal(rejection.status, rejection.code, rejection.message, data=rejection.data)

    def _rung_method(self, call: Call) -> None:
        message = call.message
        if not message.is_notification and not message.is_response and message.method not in self._methods(message.era):
            status = errors.http_status(errors.METHOD_NOT_FOUND, message.era)
            raise Refusal(status, errors.METHOD_NOT_FOUND, "This server has no such method.")


# Taken only by a call that may go on, and by none of a connection without a limit.
_SLOT_OF_FOUND = f"CASE WHEN c.state = 'active' AND c.max_in_flight > 0 THEN {SLOT} END" % {
    "max": "c.max_in_flight",
    "slots": "%(slots)s",
    "connection": "c.id",
}
# Settings first, so that a row comes back without a credential too. PostgreSQL plans this for every call, since Odoo's
# pool resets each connection that it hands out, and it plans a subquery in less time than a join or an aggregate.
_LOOK_UP = """
    SELECT s.enabled, s.call_seconds, s.result_kb * 1000, k.hint, k.generation, c.id, c.name, c.state, c.generation,
           c.scope, c.expires_at <= now() AT TIME ZONE 'UTC', c.usage_id, c.rate_minute, c.rate_day, u.id,
           (SELECT name FROM res_partner WHERE id = u.partner_id), u.active,
           ARRAY(SELECT (SELECT name FROM mcp_tool WHERE id = tool_id)
                 FROM mcp_connection_tool_rel WHERE connection_id = c.id),
           ARRAY(SELECT company_id FROM mcp_connection_company_rel WHERE connection_id = c.id),
           EXISTS (SELECT FROM mcp_connection_model WHERE connection_id = c.id), k.token_scope,
           k.usage_id, c.allowed_ips, c.blocked_ips, c.max_in_flight, %s,
           ARRAY(SELECT (SELECT name FROM mcp_tool WHERE id = tool_id)
                 FROM mcp_connection_approval_tool_rel WHERE connection_id = c.id)
    FROM mcp_settings s
    LEFT JOIN (%s) k ON TRUE
    LEFT JOIN mcp_connection c ON c.id = k.connection_id
    LEFT JOIN res_users u ON u.id = c.user_id
"""
# Each: hint, generation, connection, the scope of a token, and where its use is counted.
_KEY = """
    SELECT hint, generation, connection_id, NULL AS token_scope, usage_id FROM mcp_api_key
    WHERE digest = %(digest)s AND COALESCE(expires_at > now() AT TIME ZONE 'UTC', TRUE)
"""
# A token counts only here (RFC 8707), and only as long as nothing ended its family.
_TOKEN = """
    SELECT t.hint, f.generation, f.connection_id, t.scope AS token_scope, NULL::int AS usage_id
    FROM mcp_oauth_token t JOIN mcp_oauth_family f ON f.id = t.family_id
    WHERE t.digest = %(digest)s AND t.kind = 'access' AND t.expires_at > now() AT TIME ZONE 'UTC'
      AND f.ended_at IS NULL AND f.resource = %(resource)s
"""
