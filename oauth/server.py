"""Authlib's authorization server, joined to a store of clients, codes and tokens; no rule of the business is here.

Authlib carries the protocol (RFC 6749, 7636, 7009, 7523, 9207). Added are what it lacks: S256 only, resource
indicators (RFC 8707), a grace time for refresh tokens, 401 for every ``invalid_client``, no repeated parameter.
"""

from typing import Any, NamedTuple, Protocol

from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientMixin,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    OAuth2Payload,
    OAuth2Request,
    UnsupportedResponseTypeError,
    grants,
)
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc7636 import CodeChallenge

from . import scopes
from .assertion import Assertion

TOKEN_METHODS = ["client_secret_basic", "client_secret_post", "none", JWTBearerClientAssertion.CLIENT_AUTH_METHOD]


class InvalidTargetError(OAuth2Error):
    """RFC 8707 §2."""

    error = "invalid_target"


class Answer(NamedTuple):
    """An HTTP answer: a body of JSON, or a redirection in its headers."""

    status: int
    body: dict[str, Any] | str
    headers: list[tuple[str, str]]

    @property
    def location(self) -> str | None:
        return dict(self.headers).get("Location")


class Store(Protocol):
    """What the server asks of the database; the tokens and codes are the store's own objects."""

    resource: str
    issuer: str

    def client(self, client_id: str) -> ClientMixin | None: ...
    def default_scope(self, client) -> str: ...
    def save_code(self, request: OAuth2Request) -> str: ...
    def code(self, text: str, client): ...
    def issue(self, request: OAuth2Request, scope: str, *, refresh: bool) -> dict[str, Any]: ...
    def refresh_token(self, text: str, client): ...
    def find_token(self, text: str): ...
    def end(self, token, reason: str) -> None: ...
    def first_use_of(self, client, jti: str, expires: int) -> bool: ...


class _Payload(OAuth2Payload):
    def __init__(self, parameters: dict[str, str]):
        self._data = parameters
        self._lists = {name: [value] for name, value in parameters.items()}

    @property
    def data(self):
        return self._data

    @property
    def datalist(self):
        return self._lists


class Request(OAuth2Request):
    """One request with parameters that were parsed and checked for doubles before.

    :param parameters: of the query at the authorization endpoint, of the form elsewhere
    """

    def __init__(self, method: str, parameters: dict[str, str], headers: dict[str, str]):
        # Whether the transport is secure is settled at the door: Server Settings say so, a proxy may stand between.
        super().__init__(method, "https://authorization-server/", headers=headers)
        self.payload = _Payload(parameters)

    @property
    def args(self):
        return self.payload.data

    @property
    def form(self):
        return self.payload.data


class Server(AuthorizationServer):
    """One server for one request: it holds nothing that outlives it."""

    def __init__(self, store: Store):
        super().__init__()
        self.store = store
        self.register_grant(_AuthorizationCode, [_S256(required=True)])
        self.register_grant(_RefreshToken)
        self.register_grant(_ClientCredentials)
        self.register_endpoint(_Revocation)
        self.register_client_auth_method(JWTBearerClientAssertion.CLIENT_AUTH_METHOD, Assertion(store))

    def query_client(self, client_id):
        return self.store.client(client_id)

    def create_oauth2_request(self, request):
        return request

    def get_authorization_grant(self, request):
        try:
            return super().get_authorization_grant(request)
        except UnsupportedResponseTypeError as error:
            if request.payload.response_type:
                raise
            raise InvalidRequestError("response_type is missing.", redirect_uri=error.redirect_uri) from None

    def create_token_response(self, request=None):
        if not request.payload.grant_type:
            return self.handle_error_response(request, InvalidRequestError("grant_type is missing."))
        return super().create_token_response(request)

    def send_signal(self, name, *args, **kwargs):
        """Nobody listens."""

    def handle_response(self, status, body, headers):
        return Answer(status, body, list(headers))

    def handle_error_response(self, request, error):
        if error.error == "invalid_client" and not error.redirect_uri:
            # Claude and others register anew on 401 only.
            error.status_code = 401
        return super().handle_error_response(request, error)

    def checked_resource(self, request: OAuth2Request) -> str:
        """The one resource there is, if the client names it or none (RFC 8707 §2).

        :raise InvalidTargetError: if it names another
        """
        named = request.payload.data.get("resource")
        if named and not scopes.is_same_resource(named, self.store.resource):
            raise InvalidTargetError("This server issues tokens for itself only.")
        return self.store.resource


class _S256(CodeChallenge):
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]
    DEFAULT_CODE_CHALLENGE_METHOD = "S256"

    def validate_code_challenge(self, grant, redirect_uri):
        if not grant.request.payload.data.get("code_challenge"):
            raise InvalidRequestError("code_challenge is missing: PKCE with S256 is needed.")
        if grant.request.payload.data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("code_challenge_method must be S256.")
        grant.server.checked_resource(grant.request)
        return super().validate_code_challenge(grant, redirect_uri)


class _AuthorizationCode(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = TOKEN_METHODS

    def generate_authorization_code(self):
        return self.server.store.save_code(self.request)

    def save_authorization_code(self, code, request):
        """Kept already: the store made it."""

    def query_authorization_code(self, code, client):
        found = self.server.store.code(code, client)
        self.server.checked_resource(self.request)
        return found

    def create_token_response(self):
        client, code = self.request.client, self.request.authorization_code
        token = self.server.store.issue(
            self.request, code.get_scope(), refresh=client.check_grant_type("refresh_token")
        )
        return 200, token, self.TOKEN_RESPONSE_HEADER


class _RefreshToken(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = TOKEN_METHODS

    def _validate_request_token(self, client):
        text = self.request.form.get("refresh_token")
        if not text:
            raise InvalidRequestError("refresh_token is missing.")
        token = self.server.store.refresh_token(text, client)
        if token is None:
            raise InvalidGrantError("This refresh token is not valid, or not any more.")
        self.server.checked_resource(self.request)
        return token

    def _validate_token_scope(self, token):
        # Names that are not known, such as offline_access, are passed over as at consent.
        asked = scopes.normalise(self.request.payload.scope)
        if asked and asked != scopes.narrow(asked, token.get_scope()):
            raise InvalidScopeError("A refresh gives no more than was granted.")

    def create_token_response(self):
        held = self.request.refresh_token.get_scope()
        scope = scopes.narrow(self.request.payload.scope, held)
        token = self.server.store.issue(self.request, scope, refresh=True)
        return 200, token, self.TOKEN_RESPONSE_HEADER


class _ClientCredentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = [method for method in TOKEN_METHODS if method != "none"]

    def create_token_response(self):
        self.server.checked_resource(self.request)
        scope = scopes.narrow(self.request.payload.scope, self.server.store.default_scope(self.client))
        token = self.server.store.issue(self.request, scope, refresh=False)
        return 200, token, self.TOKEN_RESPONSE_HEADER


class _Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = TOKEN_METHODS

    def query_token(self, token_string, token_type_hint):
        return self.server.store.find_token(token_string)

    def authenticate_token(self, request, client):
        if not request.form.get("token"):
            raise InvalidRequestError("token is missing.")
        # A hint that is wrong or not known is passed over (RFC 7009 §2.1).
        token = self.query_token(request.form["token"], request.form.get("token_type_hint"))
        # One of somebody else is as good as none (RFC 7009 §2.1 asks for a refusal, §2.2 not to tell).
        return token if token and token.check_client(client) else None

    def revoke_token(self, token, request):
        self.server.store.end(token, "client")
