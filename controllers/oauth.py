"""The OAuth endpoints that programs talk to: HTTP in, HTTP out; the rules are in ``mcp.oauth.server``."""

from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..models.call import Reply
from ..oauth import metadata, parameters
from . import responses

MAX_BODY = 64 * 1024
# Any page may ask: there is nothing to be had without a credential or a person (PROTOCOL §7.12).
ANYONE = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "WWW-Authenticate"))
PREFLIGHT = (
    *ANYONE,
    ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, MCP-Protocol-Version"),
    ("Access-Control-Max-Age", "7200"),
)


def _server():
    return request.env(user=SUPERUSER_ID, su=True)["mcp.oauth.server"]


def route(*paths: str):
    """A route for programs: every verb, no session, no CSRF token, the body as it came."""
    return http.route(
        list(paths),
        type="mcp",
        auth="none",
        csrf=False,
        save_session=False,
        readonly=False,
        max_content_length=MAX_BODY,
    )


class McpOauthController(http.Controller):
    @route("/mcp/oauth/token")
    def token(self, **_kwargs):
        return self._form(lambda server, given: server._token(*given))

    @route("/mcp/oauth/revoke")
    def revoke(self, **_kwargs):
        return self._form(lambda server, given: server._revoke(*given))

    @route("/mcp/oauth/register")
    def register(self, **_kwargs):
        refused = self._wrong_verb("POST")
        if refused:
            return refused
        httprequest = request.httprequest
        answer = _server()._register_client(
            httprequest.get_data(cache=False), httprequest.headers.get("Content-Type", ""), httprequest.remote_addr
        )
        return self._respond(answer.status, answer.body, answer.headers)

    @route("/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp")
    def protected_resource(self, **_kwargs):
        return self._document(metadata.protected_resource)

    @route(
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration",
    )
    def authorization_server(self, **_kwargs):
        registration = request.env["mcp.settings"]._get().allow_registration
        return self._document(lambda issuer: metadata.authorization_server(issuer, registration=registration))

    def _document(self, build):
        refused = self._wrong_verb("GET", "HEAD")
        return refused or self._respond(200, build(_server()._issuer()))

    def _form(self, serve):
        """One form request (RFC 6749 §3.2), whose parameters come once each."""
        refused = self._wrong_verb("POST")
        if refused:
            return refused
        httprequest = request.httprequest
        headers = dict(httprequest.headers.items())
        try:
            given = parameters.from_form(
                httprequest.get_data(cache=False), httprequest.headers.get("Content-Type", ""), headers
            )
        except parameters.Refused as problem:
            body = {"error": problem.error, "error_description": problem.description}
            return self._respond(problem.status, body, problem.headers)
        if not request.env["mcp.settings"]._get().enabled:
            return self._respond(503, {"error": "temporarily_unavailable"})
        answer = serve(_server(), (given, headers, httprequest.remote_addr))
        return self._respond(answer.status, answer.body, answer.headers)

    def _wrong_verb(self, *allowed: str):
        verb = request.httprequest.method
        if verb == "OPTIONS":
            return responses.build(Reply(204, None), PREFLIGHT)
        if verb not in allowed:
            return responses.build(Reply(405, None, (("Allow", ", ".join((*allowed, "OPTIONS"))),)), ANYONE)
        return None

    def _respond(self, status: int, body, headers=()):
        kept = tuple((name, value) for name, value in headers if name in ("WWW-Authenticate", "Retry-After"))
        return responses.build(Reply(status, body, kept), ANYONE)
