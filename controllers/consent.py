"""The consent page: a person, logged in to Odoo, lets an application in or not."""

from urllib.parse import quote

from authlib.oauth2.rfc6749 import OAuth2Error

from odoo import http
from odoo.http import request

from ..oauth import document, parameters, redirects, registration, scopes

# Nothing of the page may be framed, and nothing on it comes from elsewhere.
HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'",
    ),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
)


class McpConsentController(http.Controller):
    @http.route(
        "/mcp/oauth/authorize", type="http", auth="public", methods=["GET", "POST"], sitemap=False, readonly=False
    )
    def authorize(self, **posted):
        server = request.env["mcp.oauth.server"].sudo()
        if not request.env["mcp.settings"]._get().enabled:
            return self._problem("off", 503)
        try:
            return self._answer(server, posted)
        # Told to the person alone: where to send it may be part of what is broken.
        except parameters.Refused as problem:
            return self._problem("request", 400, problem.description)
        except (document.DocumentError, registration.Refused) as problem:
            return self._problem("client", 400, str(problem))
        except OAuth2Error as problem:
            return self._problem("client" if problem.error == "invalid_client" else "request", 400, problem.description)

    def _answer(self, server, posted):
        user, given = request.env.user, parameters.from_query(request.httprequest.query_string)
        if server._needs_document(given.get("client_id", "")):
            return self._log_in() if user._is_public() else self._fetch(server, user, given["client_id"])
        consent = server._check_authorization(given, user)
        if hasattr(consent, "location"):
            return self._leave(consent)
        if user._is_public():
            return self._log_in()
        if reason := server._may_consent(consent.client, user):
            return self._problem(reason, 403)
        if request.httprequest.method == "POST" and posted.get("decision") in ("allow", "deny"):
            return self._decide(server, consent, posted)
        return self._ask(server, consent)

    def _fetch(self, server, user, client_id: str):
        if refused := server._why_no_fetch(user):
            reason, seconds = refused
            page = self._problem(reason, 429 if seconds else 403)
            if seconds:
                page.headers["Retry-After"] = str(seconds)
            return page
        server._refresh_document(client_id)
        return request.redirect(request.httprequest.full_path, code=303)

    def _log_in(self):
        """Odoo's own login, second factor included, and back."""
        return request.redirect(f"/web/login?redirect={quote(request.httprequest.full_path, safe='')}", code=303)

    def _decide(self, server, consent, posted):
        """A decision, which Odoo took only with its CSRF token; nothing is ever granted by a GET (DESIGN §2.10)."""
        if posted["decision"] == "deny":
            return self._leave(server._deny(consent))
        scope = scopes.granted("read") if posted.get("read_only") else consent.scope
        return self._leave(server._allow(consent, request.env.user, scope, request.httprequest.remote_addr))

    def _leave(self, answer):
        # Checked against the client's own addresses before (DESIGN §2.10); 303 sends no form on (RFC 9700 §4.12).
        response = request.redirect(answer.location, code=303, local=False)
        response.headers.update(dict(HEADERS))
        return response

    def _ask(self, server, consent):
        client, user = consent.client, request.env.user
        values = {
            "client": client,
            "client_host": redirects.host_of(client.client_id) if client.kind == "document" else None,
            "redirect_host": redirects.host_of(consent.redirect_uri),
            "only_this_machine": server._is_for_this_machine_only(client),
            "scopes": consent.scope.split(),
            "can_narrow": consent.scope != scopes.granted("read"),
            "user": user,
            "company": user.company_id,
            "action": request.httprequest.full_path,
        }
        return self._page("mcp_gateway.oauth_consent", values, 200)

    def _problem(self, reason: str, status: int, detail: str = ""):
        admins = request.env.ref("mcp_gateway.group_mcp_admin").sudo().all_user_ids.filtered("active")
        # Names of colleagues are for colleagues only.
        names = admins[:5].mapped("name") if request.env.user._is_internal() else []
        return self._page("mcp_gateway.oauth_problem", {"reason": reason, "detail": detail, "admins": names}, status)

    def _page(self, template: str, values: dict, status: int):
        response = request.render(template, values)
        response.flatten()
        response.status_code = status
        for name, value in HEADERS:
            response.headers[name] = value
        return response
