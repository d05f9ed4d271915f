"""What Authlib is told of our rows, and what it asks of them."""

import json
from datetime import timedelta
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, InvalidClientError, UnauthorizedClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from odoo import fields

from ..oauth import redirects, scopes

_METHODS = {
    "none": {"none"},
    "client_secret": {"client_secret_basic", "client_secret_post"},
    "private_key_jwt": {JWTBearerClientAssertion.CLIENT_AUTH_METHOD},
}


class Client(ClientMixin):
    """An ``mcp.oauth.client`` as Authlib sees it."""

    def __init__(self, record, store: "Store"):
        self.record, self.store = record, store

    def get_client_id(self):
        return self.record.client_id

    def get_default_redirect_uri(self):
        uris = self.record._redirect_uris()
        return uris[0] if len(uris) == 1 else None

    def get_allowed_scope(self, scope):
        return scopes.narrow(scope, scopes.granted(self.store.settings.consent_scope))

    def check_redirect_uri(self, redirect_uri):
        return redirects.matches(self.record._redirect_uris(), redirect_uri)

    def check_client_secret(self, client_secret):
        if secret := self.record._secret_of(client_secret):
            self.store.authenticated_by(secret)
            return True
        if self.record._notice_retired_secret(client_secret, self.store.remote_addr):
            self.store.was_issued = True
        return False

    def check_endpoint_auth_method(self, method, endpoint):
        return method in _METHODS[self.record.auth_method]

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        if grant_type == "client_credentials":
            return self.record.allows_client_credentials
        return grant_type in ("authorization_code", "refresh_token")

    def public_keys(self):
        try:
            return KeySet.import_key_set(json.loads(self.record.jwks or ""))
        except (ValueError, TypeError, KeyError, JoseError):
            raise InvalidClientError("No public key of this client is known.") from None


class Code(AuthorizationCodeMixin):
    """An ``mcp.oauth.code`` as Authlib sees it."""

    code_challenge_method = "S256"

    def __init__(self, record, sent_redirect_uri: str | None):
        self.record, self.sent = record, sent_redirect_uri
        self.code_challenge = record.challenge

    def get_redirect_uri(self):
        # OAuth 2.1 dropped it at the token endpoint: checked if it is there, not missed if it is not.
        return self.record.redirect_uri if self.sent is not None else None

    def get_scope(self):
        return self.record.family_id.scope


class Token:
    """An ``mcp.oauth.token`` as Authlib sees it."""

    def __init__(self, record):
        self.record = record

    def check_client(self, client):
        return self.record.family_id.client_ref_id == client.record

    def get_scope(self):
        return self.record.family_id.scope


class Store:
    """One request's view of the database, at READ COMMITTED: a row lock is a queue there (PROTOCOL §7.7)."""

    def __init__(self, env, issuer: str):
        self.env, self.issuer, self.resource = env, issuer, f"{issuer}/mcp"
        self.settings = env["mcp.settings"]._get()
        # The consent whose tokens are issued.
        self.family = env["mcp.oauth.family"].sudo()
        self.remote_addr = ""
        # Whether what came and does not count was a secret, a code or a token of ours once.
        self.was_issued = False
        self._sent_redirect_uri: str | None = None
        # What the application authenticated itself with, if it was a secret.
        self._secret_id: int | None = None

    def knows(self, request) -> bool:
        """Whether a request, which was answered, came with a credential that counts.

        The id of a public client, which authenticates by nothing else, is there for everyone to see.
        """
        return bool(self.family) or request.auth_method not in (None, "none")

    def client(self, client_id: str) -> Client | None:
        record = self.env["mcp.oauth.client"].sudo()._find(client_id)
        return Client(record, self) if record else None

    def authenticated_by(self, secret) -> None:
        """Count a use of the secret; its row is written by nobody else (DESIGN §2.4)."""
        self._secret_id = secret.id
        self.env.cr.execute(
            "UPDATE mcp_secret_usage SET last_used = now() AT TIME ZONE 'UTC', last_ip = %s WHERE id = %s",
            [self.remote_addr, secret.usage_id.id],
        )

    def default_scope(self, client) -> str:
        return scopes.granted(client.record._pattern_connection().scope)

    # Codes

    def save_code(self, request) -> str:
        """The consent was given: ``request.user`` holds the family that it began."""
        data = request.payload.data
        uri = data.get("redirect_uri") or request.client.get_default_redirect_uri()
        return self.env["mcp.oauth.code"]._mint(request.user, uri, data["code_challenge"])

    def code(self, text: str, client) -> Code | None:
        """A code that is good for ``client``, and is now spent.

        A code that comes back ends its family; the answer is an error, and the ending is committed (DESIGN §2.11).
        """
        codes = self.env["mcp.oauth.code"].sudo()
        digest = self.env["mcp.secret"]._digest(text)
        # Queues behind another exchange of the same code.
        self.env.cr.execute("SELECT id FROM mcp_oauth_code WHERE digest = %s FOR UPDATE", [digest])
        row = self.env.cr.fetchone()
        record = codes.browse(row and row[0])
        record.invalidate_recordset()
        self.was_issued = bool(record)
        if not record or record.family_id.client_ref_id != client.record:
            return None
        if record.spent_at:
            record.family_id._end_at_once("reused")
            return None
        record.spent_at = fields.Datetime.now()
        if record.expires_at <= record.spent_at or not self._is_good(record.family_id):
            return None
        self.family = record.family_id
        return Code(record, self._sent_redirect_uri)

    # Tokens

    def refresh_token(self, text: str, client) -> Token | None:
        """A refresh token that is good for ``client``, and is now spent.

        Within the grace time it may come again, since clients lose answers and run in several processes; later it is a
        theft, and ends its family.
        """
        token = self.env["mcp.oauth.token"]._find(text)
        self.was_issued = bool(token)
        if not token or token.kind != "refresh" or token.family_id.client_ref_id != client.record:
            return None
        self.env.cr.execute(
            "UPDATE mcp_oauth_token SET spent_at = COALESCE(spent_at, now() AT TIME ZONE 'UTC') WHERE id = %s "
            "RETURNING spent_at < now() AT TIME ZONE 'UTC' - make_interval(secs => %s)",
            [token.id, self.settings.refresh_grace],
        )
        [is_late] = self.env.cr.fetchone()
        token.invalidate_recordset()
        if is_late:
            self._reused(token)
            return None
        if token.expires_at <= fields.Datetime.now() or not self._is_good(token.family_id):
            return None
        self.family = token.family_id
        return Token(token)

    def _reused(self, token) -> None:
        family = token.family_id
        if not family.ended_at:
            # The alarm first: it has a transaction of its own, which must not wait for this one.
            family.connection_id._raise_alarm("retired_secret", token.hint, self.remote_addr)
            family._end_at_once("reused")

    def _is_good(self, family) -> bool:
        """Whether a family's tokens count, from here to the end of the transaction.

        Whoever kills a credential updates the connection's row first. The lock waits for that, and then makes it wait:
        first the connection, then the family, in the order of a revocation, so that the two never wait for each other.
        """
        self.env.cr.execute(_LOCK_CONNECTION, [family.connection_id.id])
        generation, is_usable = self.env.cr.fetchone()
        self.env.cr.execute(_LOCK_FAMILY, [self._secret_id, self._secret_id, family.id])
        is_alive, is_secret_alive = self.env.cr.fetchone()
        return (
            is_usable
            and is_alive
            and generation == family.generation
            and is_secret_alive
            and _may_be_acted_as(family.user_id)
        )

    def issue(self, request, scope: str, *, refresh: bool) -> dict[str, Any]:
        """The token response (RFC 6749 §5.1): tokens of the family that was found, or of a new one."""
        family = self.family or self._family_of_client(request.client.record, scope)
        tokens, settings = self.env["mcp.oauth.token"], self.settings
        answer = {
            "access_token": tokens._mint(family, "access", scope, timedelta(minutes=settings.access_minutes)),
            "token_type": "Bearer",
            "expires_in": settings.access_minutes * 60,
            "scope": scope,
        }
        if refresh:
            lifetime = timedelta(days=settings.refresh_days)
            answer["refresh_token"] = tokens._mint(family, "refresh", family.scope, lifetime)
        self.family = family
        return answer

    def _family_of_client(self, client, scope: str):
        """An application that acts by itself, for the user that an administrator chose (FEATURES O10)."""
        connection = client._pattern_connection()
        families = self.env["mcp.oauth.family"].sudo()
        # One goes on for good: nothing was consented to anew.
        family = connection.family_ids._alive().filtered(lambda f: f.scope == scope)[:1]
        if family and self._is_good(family):
            return family
        if connection.user_id:
            family = families._begin(connection, client, connection.user_id, scope, self.resource)
            self.env.flush_all()
            if self._is_good(family):
                return family
            # The answer is an error, and is committed.
            family.unlink()
        raise UnauthorizedClientError("The connection of this client has no user, or is not active.")

    def find_token(self, text: str) -> Token | None:
        token = self.env["mcp.oauth.token"]._find(text)
        return Token(token) if token else None

    def end(self, token: Token, reason: str) -> None:
        """An access token ends alone, a refresh token with all of its family (RFC 7009 §2.1)."""
        self.family = family = token.record.family_id
        if token.record.kind == "refresh":
            family._end_at_once(reason)
        else:
            family.connection_id._touch_credential()
            token.record.sudo().unlink()

    def first_use_of(self, client_id: str, jti: str, expires: int) -> bool:
        return self.env["mcp.oauth.assertion"]._remember(client_id, jti, expires)


def _may_be_acted_as(user) -> bool:
    return user.active and user.with_user(user).has_group("mcp_gateway.group_mcp_user")


_LOCK_CONNECTION = """
    SELECT generation, state = 'active' AND COALESCE(expires_at > now() AT TIME ZONE 'UTC', TRUE)
    FROM mcp_connection WHERE id = %s FOR NO KEY UPDATE
"""
_LOCK_FAMILY = """
    SELECT f.ended_at IS NULL, %s IS NULL OR EXISTS (SELECT FROM mcp_oauth_secret WHERE id = %s)
    FROM mcp_oauth_family f WHERE f.id = %s FOR NO KEY UPDATE
"""
