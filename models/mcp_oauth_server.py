from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.rfc6749 import OAuth2Error

from odoo import SUPERUSER_ID, api, fields, models

from ..oauth import redirects, scopes
from ..oauth.server import Answer, Request, Server
from .final_lock import final_lock
from .mcp_throttle import Count
from .oauth_store import Store, _may_be_acted_as
from .side_cursor import side_cursor


class Consent(NamedTuple):
    """What the consent page shows, and what Allow then does."""

    grant: Any
    client: Any
    redirect_uri: str
    scope: str


class McpOauthServer(models.AbstractModel):
    """The authorization server: from facts about a request to an answer. Codes and tokens come from here alone."""

    _name = "mcp.oauth.server"
    _description = "MCP Authorization Server"

    @api.model
    def _issuer(self) -> str:
        """The one constant that is the issuer in every document and answer (PROTOCOL §0.4)."""
        parts = urlsplit(self.env["ir.config_parameter"].sudo().get_param("web.base.url") or "")
        return f"{parts.scheme}://{parts.netloc}".lower()

    # Token, revocation

    @api.model
    def _token(self, parameters: dict[str, str], headers: dict[str, str], remote_addr: str) -> Answer:
        return self._serve("token", parameters, headers, remote_addr)

    @api.model
    def _revoke(self, parameters: dict[str, str], headers: dict[str, str], remote_addr: str) -> Answer:
        return self._serve("revocation", parameters, headers, remote_addr)

    @api.model
    def _serve(self, endpoint: str, parameters: dict[str, str], headers: dict[str, str], remote_addr: str) -> Answer:
        """One request in one short transaction of its own, at READ COMMITTED, with its row of the log.

        An error is an answer too, and what it ended is committed with it (DESIGN §2.11).
        """
        with side_cursor(self.env.registry) as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            store = Store(env, self._issuer())
            store.remote_addr = remote_addr
            store._sent_redirect_uri = parameters.get("redirect_uri")
            server, request = Server(store), Request("POST", parameters, headers)
            if endpoint == "token":
                answer = server.create_token_response(request)
            else:
                answer = server.create_endpoint_response(endpoint, request)
            counted = None if store.knows(request) else self._count_stranger(remote_addr)
            if counted is None or not counted.is_over:
                env["mcp.oauth.server"]._log(f"oauth_{endpoint}", request, store, answer, remote_addr)
            env.flush_all()
        if counted and counted.is_over and _has_guessed(request, store, answer):
            text = f"Too many invalid credentials came from your address. Try again in {counted.seconds} seconds."
            body = {"error": "temporarily_unavailable", "error_description": text}
            return Answer(429, body, [("Retry-After", str(counted.seconds))])
        return answer

    @api.model
    def _count_stranger(self, remote_addr: str) -> Count:
        """As the MCP endpoint does (DESIGN §2.6). A valid credential never comes here, so it is never kept out."""
        return self.env["mcp.throttle"]._count(remote_addr, self.env["mcp.gateway"]._clock())

    @api.model
    def _log(self, event: str, request: Request, store: Store, answer: Answer, remote_addr: str) -> None:
        family, client = store.family, getattr(request.client, "record", None)
        body = answer.body if isinstance(answer.body, dict) else {}
        self.env["mcp.audit.log"]._record_event(
            event,
            family.connection_id or (client and client._pattern_connection()),
            user_ref=family.user_id.id or None,
            user_name=family.user_id.name or None,
            client=client and client.name,
            ip=remote_addr,
            http_status=answer.status,
            outcome="success" if answer.status < 400 else "refused",
            error=body.get("error_description") or body.get("error"),
        )

    # Authorization

    @api.model
    def _check_authorization(self, parameters: dict[str, str], user) -> Consent | Answer:
        """What a person is to be asked, or what the application is told at once.

        :raise OAuth2Error: without ``redirect_uri`` if there is nowhere that anyone may be sent (OAuth 2.1 §4.1.2.1)
        """
        request = Request("GET", parameters, {})
        server = Server(Store(self.sudo().env, self._issuer()))
        try:
            grant = server.get_consent_grant(request, user)
        except OAuth2Error as error:
            if error.redirect_uri:
                return self._redirected(server.handle_error_response(request, error))
            raise
        return Consent(grant, request.client.record, grant.redirect_uri, request.scope)

    @api.model
    def _redirected(self, answer: Answer) -> Answer:
        """Every redirection names the issuer, errors too (RFC 9207 §2)."""
        location = f"{answer.location}{'&' if '?' in answer.location else '?'}{urlencode({'iss': self._issuer()})}"
        return Answer(303, "", [("Location", location)])

    @api.model
    def _deny(self, consent: Consent) -> Answer:
        server = consent.grant.server
        return self._redirected(server.create_authorization_response(consent.grant.request, None, consent.grant))

    @api.model
    def _allow(self, consent: Consent, user, scope: str, remote_addr: str) -> Answer:
        """Begin a family for the connection of this client and user, and hand out its code.

        :param scope: what the person granted, not more than was asked for
        :raise ConcurrencyError: if the connection changed meanwhile; Odoo runs the request again
        """
        consent.grant.request.scope = scope = scopes.narrow(scope, consent.scope)
        connection = self._connection_for(consent.client, user, scope)
        family = self.env["mcp.oauth.family"]._begin(connection, consent.client, user, scope, f"{self._issuer()}/mcp")
        request = consent.grant.request
        answer = consent.grant.server.create_authorization_response(request, family, consent.grant)
        self.env["mcp.audit.log"]._record_event(
            "oauth_consent",
            connection,
            ip=remote_addr,
            client=consent.client.name,
            user_ref=user.id,
            user_name=user.name,
        )
        self.env.cr.flush()
        final_lock(self.env.cr, connection.id, connection.state, connection.generation)
        return self._redirected(answer)

    @api.model
    def _connection_for(self, client, user, scope: str):
        """The connection of ``client`` and ``user`` that consent is given for, made if there is none (DESIGN §5)."""
        if connection := client._connection_of(user):
            return connection.sudo()._widened(scope)
        waiting = client.sudo().connection_ids.filtered(lambda c: c.state == "active" and not c.user_id)[:1]
        if waiting:
            waiting.write({"user_id": user.id})
            return waiting
        return client.sudo()._pattern_connection()._inherited(client, user, scope)

    @api.model
    def _may_consent(self, client, user) -> str | None:
        """Why ``user`` cannot let ``client`` in, or None if they can.

        :return: ``group``, ``suspended``, ``expired``, ``administrator`` or ``companies``
        """
        if not _may_be_acted_as(user):
            return "group"
        # One without a user is there for whoever consents first, and so is what was decided about it.
        theirs = client.sudo().connection_ids.filtered(lambda c: c.user_id == user or not c.user_id)
        connection = client._connection_of(user) or theirs.filtered(lambda c: c.state != "revoked")
        if connection:
            if connection.state == "suspended":
                return "suspended"
        elif theirs and self.env["mcp.settings"]._get().reconnect_needs_admin:
            return "administrator"
        # A new connection gets the limits of the first one, its end too.
        end = connection.expires_at if connection else client._pattern_connection()._limiting_end()
        if end and end <= fields.Datetime.now():
            return "expired"
        return None if (connection or client._pattern_connection())._has_companies_for(user) else "companies"

    @api.model
    def _is_for_this_machine_only(self, client) -> bool:
        return redirects.is_loopback_only(client._redirect_uris())


def _has_guessed(request: Request, store: Store, answer: Answer) -> bool:
    """Whether a refused request tried a secret, a code or a token that never was one.

    A client id is none, and an application that is not known any more has to learn it: it registers anew.
    """
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    if store.was_issued:
        return False
    given = request.payload.data
    has_secret = "Authorization" in request.headers or "client_secret" in given or "client_assertion" in given
    return error == "invalid_grant" or (error == "invalid_client" and has_secret)
