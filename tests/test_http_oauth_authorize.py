"""Wrong requests to the authorization endpoint: who is told, and that nobody is sent to an unchecked address."""

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .oauth_case import REDIRECT
from .oauth_requests import STATE, OauthRequests, without_none

# Beside the registered https://app.example/callback and http://127.0.0.1/cb.
UNREGISTERED = {
    "another host": "https://evil.example/callback",
    "another path": "https://app.example/callback/more",
    "a slash more": "https://app.example/callback/",
    "a query": "https://app.example/callback?a=1",
    "an empty query": "https://app.example/callback?",
    "another case": "https://APP.example/callback",
    "encoded": "https://app.example/%63allback",
    "encoded twice": "https://app.example/%2563allback",
    "dot segment": "https://app.example/a/../callback",
    "encoded dot segment": "https://app.example/a/%2e%2e/callback",
    "single dot": "https://app.example/./callback",
    "doubled slash": "https://app.example//callback",
    "user": "https://app.example@evil.example/callback",
    "user on the right host": "https://user@app.example/callback",
    "fragment": "https://app.example/callback#x",
    "empty fragment": "https://app.example/callback#",
    "port of the scheme": "https://app.example:443/callback",
    "other port": "https://app.example:8443/callback",
    "http": "http://app.example/callback",
    "script": "javascript://app.example/callback",
    "backslash": "https://app.example\\@evil.example/callback",
    "subdomain": "https://app.example.evil.example/callback",
    "blank behind": "https://app.example/callback ",
    "relative": "/callback",
    "no scheme": "//app.example/callback",
    "other name of this machine": "http://localhost/cb",
    "other path on this machine": "http://127.0.0.1:80/cb2",
    "https on this machine": "https://127.0.0.1/cb",
    "user on this machine": "http://127.0.0.1:80@evil.example/cb",
    "no port on this machine": "http://127.0.0.1:/cb",
    "port beyond the last": "http://127.0.0.1:65536/cb",
    "other address of this machine": "http://127.0.0.2/cb",
    "fragment on this machine": "http://127.0.0.1:5/cb#x",
    "dot segment on this machine": "http://127.0.0.1:5/a/../cb",
    "too long": "https://app.example/" + "a" * 3000,
    "far too long": "https://app.example/" + "a" * 9000,
}
# What the application is told, since where to send it was checked: the changed parameter, its value, the error.
TOLD = (
    ("response_type", None, "invalid_request"),
    ("response_type", "", "invalid_request"),
    ("response_type", "token", "unsupported_response_type"),
    ("response_type", "code token", "unsupported_response_type"),
    ("code_challenge", None, "invalid_request"),
    ("code_challenge", "", "invalid_request"),
    ("code_challenge", "c" * 42, "invalid_request"),
    ("code_challenge", "c" * 129, "invalid_request"),
    ("code_challenge", "c" * 42 + "=", "invalid_request"),
    ("code_challenge_method", None, "invalid_request"),
    ("code_challenge_method", "", "invalid_request"),
    ("code_challenge_method", "plain", "invalid_request"),
    ("code_challenge_method", "s256", "invalid_request"),
    ("code_challenge_method", "S512", "invalid_request"),
    ("resource", "https://evil.example/mcp", "invalid_target"),
    ("resource", "mcp", "invalid_target"),
)
BROKEN_QUERIES = {
    "half an escape": "state=%2",
    "no UTF-8": "state=%ff",
    "NUL": "state=%00",
    "line break": "state=%0d%0aLocation:x",
    "not ASCII": "state=%C3%A9",
    "quote": "scope=%22",
    "too many": "&".join(f"x{n}=1" for n in range(60)),
    "too long": "state=" + "s" * 9000,
    "altogether too long": "&".join(f"x{n}=" + "s" * 8000 for n in range(3)),
}


@tagged("post_install", "-at_install")
class TestHttpOauthAuthorize(OauthRequests, HttpCase):
    def setUp(self):
        super().setUp()
        self.client = self.new_client(redirect_uris=f"{REDIRECT}\nhttp://127.0.0.1/cb")
        self.authenticate(self.user.login, self.user.login)

    def changed(self, **changed):
        return without_none({**self.query(self.client), "state": STATE, **changed})

    def test_a_right_request_reaches_the_consent_page(self):
        for changed in (
            {},
            {"scope": "mcp:read"},
            {"scope": "offline_access"},
            {"scope": ""},
            {"resource": f"{self.issuer}/mcp"},
            {"resource": f"{self.issuer}/mcp/".replace("http", "HTTP")},
            {"resource": ""},
            {"state": None},
            {"unknown": "x"},
        ):
            with self.subTest(changed):
                self.assertPage(self.authorize(self.changed(**changed)), 200)

    def test_an_unregistered_redirect_address_is_a_page_and_no_redirect(self):
        for name, uri in UNREGISTERED.items():
            with self.subTest(name):
                self.assertPage(self.authorize(self.changed(redirect_uri=uri)), 400)
                # Nor with an error of its own, which others would be told of.
                self.assertPage(self.authorize(self.changed(redirect_uri=uri, response_type="token")), 400)

    def test_on_this_machine_any_port_may_be_asked_for(self):
        for uri in ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb"):
            with self.subTest(uri):
                page = self.authorize(self.changed(redirect_uri=uri))
                self.assertPage(page, 200)
                self.assertIn("code", self.assertSent(self.decide(page, "allow"), None, to=uri))

    def test_a_redirect_address_may_be_left_out_only_if_there_is_one(self):
        for value in (None, ""):
            self.assertPage(self.authorize(self.changed(redirect_uri=value)), 400)
        self.client.redirect_uris = REDIRECT
        for value in (None, ""):
            page = self.authorize(self.changed(redirect_uri=value))
            self.assertPage(page, 200)
            self.assertIn("code", self.assertSent(self.decide(page, "allow"), None))

    def test_an_unknown_client_is_a_page_and_no_redirect(self):
        for value in (None, "", "unknown", "mcp_client_0", "x" * 9000, "%", "https://", "https://127.0.0.1/client"):
            with self.subTest(value):
                self.assertPage(self.authorize(self.changed(client_id=value)), 400)

    def test_the_application_is_told_what_is_wrong_with_its_state_and_the_issuer(self):
        for name, value, error in TOLD:
            with self.subTest(name=name, value=value):
                self.assertSent(self.authorize(self.changed(**{name: value})), error)

    def test_without_any_challenge_there_is_no_code(self):
        """OAuth 2.1 §4.1.1, for confidential clients too, whom RFC 7636 would let go without."""
        self.client.auth_method = "client_secret"
        for value in (None, ""):
            answer = self.authorize(self.changed(code_challenge=value, code_challenge_method=value))
            self.assertSent(answer, "invalid_request")

    def test_a_state_that_was_not_sent_is_not_returned(self):
        answer = self.authorize(self.changed(state=None, response_type="token"))
        self.assertNotIn("state=", answer.headers["Location"])

    def test_a_doubled_parameter_is_a_page_and_no_redirect(self):
        for name, value in {**self.changed(), "scope": "mcp:read", "resource": f"{self.issuer}/mcp"}.items():
            with self.subTest(name):
                pairs = [*self.changed(**{name: None}).items(), (name, value), (name, value)]
                self.assertPage(self.authorize(pairs), 400)

    def test_a_broken_query_is_a_page_and_no_redirect(self):
        for name, query in BROKEN_QUERIES.items():
            with self.subTest(name):
                self.assertPage(self.authorize(f"client_id={self.client.client_id}&{query}"), 400)
        self.assertPage(self.authorize(""), 400)

    def test_errors_are_told_to_who_is_logged_out_too_and_else_the_login_comes_first(self):
        self.authenticate(None, None)
        self.assertSent(self.authorize(self.changed(code_challenge=None)), "invalid_request")
        self.assertPage(self.authorize(self.changed(client_id="unknown")), 400)
        login = self.authorize(self.changed())
        self.assertIn("/web/login?redirect=%2Fmcp%2Foauth%2Fauthorize", login.headers["Location"])

    def test_allow_and_deny_return_the_state_and_name_the_issuer(self):
        code = self.assertSent(self.decide(self.authorize(self.changed()), "allow"), None)["code"][0]
        self.assertAnswer(self.post("token", self.form(self.client, code)), 200)
        self.assertSent(self.decide(self.authorize(self.changed()), "deny"), "access_denied")

    @mute_logger("odoo.http")
    def test_a_decision_needs_its_token_and_a_form(self):
        before = self.env["mcp.oauth.family"].search_count([])
        for options in (
            {"data": {"decision": "allow"}},
            {"data": {"decision": "allow", "csrf_token": "x" * 40}},
            {"data": '{"decision": "allow"}', "headers": {"Content-Type": "application/json"}},
            {"data": "decision=allow", "headers": {"Content-Type": "text/plain"}},
        ):
            with self.subTest(options):
                answer = self.authorize(self.changed(), method="POST", **options)
                self.assertIn(answer.status_code, (400, 415))
                self.assertNotIn("Location", answer.headers)
        # By a link, nothing is decided.
        self.assertPage(self.authorize(self.changed(decision="allow")), 200)
        self.assertEqual(self.env["mcp.oauth.family"].search_count([]), before)

    @mute_logger("odoo.http")
    def test_other_verbs_are_refused(self):
        for verb in ("PUT", "DELETE", "PATCH"):
            self.assertEqual(self.authorize(self.changed(), method=verb).status_code, 405)
        self.assertEqual(self.authorize(self.changed(), method="HEAD").text, "")
