"""Wrong requests to the token and the revocation endpoint: the right error, the right status, never a traceback."""

import base64
from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .oauth_case import CHALLENGE, REDIRECT, VERIFIER
from .oauth_requests import FORM, OauthRequests, basic, without_none

# Of the exchange of a code that is good: the changed parameter, its value, status and error.
EXCHANGE = (
    ("grant_type", None, 400, "invalid_request"),
    ("grant_type", "", 400, "invalid_request"),
    ("grant_type", "password", 400, "unsupported_grant_type"),
    ("grant_type", "x" * 9000, 400, "invalid_request"),
    ("client_id", None, 401, "invalid_client"),
    ("client_id", "", 401, "invalid_client"),
    ("client_id", "unknown", 401, "invalid_client"),
    ("client_id", "x" * 9000, 400, "invalid_request"),
    ("client_secret", "wrong", 401, "invalid_client"),
    ("code", None, 400, "invalid_request"),
    ("code", "", 400, "invalid_request"),
    ("code", "unknown", 400, "invalid_grant"),
    ("code", "x" * 8000, 400, "invalid_grant"),
    ("code", "x" * 9000, 400, "invalid_request"),
    ("code_verifier", None, 400, "invalid_request"),
    ("code_verifier", "", 400, "invalid_request"),
    ("code_verifier", "short", 400, "invalid_request"),
    ("code_verifier", "v" * 129, 400, "invalid_request"),
    ("code_verifier", "w" * 50, 400, "invalid_grant"),
    ("code_verifier", CHALLENGE, 400, "invalid_grant"),  # plain
    ("redirect_uri", "https://evil.example/", 400, "invalid_grant"),
    ("redirect_uri", f"{REDIRECT}/", 400, "invalid_grant"),
    ("resource", "https://evil.example/mcp", 400, "invalid_target"),
)
OTHER_TYPES = {
    "JSON": "application/json",
    "multipart": "multipart/form-data; boundary=x",
    "text": "text/plain",
    "another character set": f"{FORM}; charset=utf-16",
    "none": None,
}
B64 = {
    "no colon": b"name",
    "no name": b":secret",
    "not ASCII": "näme:s".encode(),
    "not UTF-8": b"\xff:s",
    "quotes": b'"name":"secret"',
    "half an escape": b"name%2:s",
    "line break": b"name%0a:s",
    "NUL": b"na\x00me:s",
    "empty": b"",
}
BROKEN_BASIC = {
    **{name: b"Basic " + base64.b64encode(text) for name, text in B64.items()},
    "no token": b"Basic",
    "no Base64": b"Basic ***",
    "Base64 without its end": b"Basic YTp",
    "not ASCII in the header": "Basic ä".encode(),
    "two tokens": b"Basic YTpi YTpi",
    "quotes around": b'Basic "YTpi"',
}


def long_ago():
    # PostgreSQL's clock stands still in a test, since it began: seconds would not be enough.
    return fields.Datetime.now() - timedelta(hours=1)


@tagged("post_install", "-at_install")
class TestHttpOauthToken(OauthRequests, HttpCase):
    def setUp(self):
        super().setUp()
        self.client = self.new_client()

    def exchange_changed(self, **changed):
        return self.post("token", self.form(self.client, self.code(self.client, self.user), **changed))

    def test_a_right_exchange_is_answered_with_a_pair(self):
        for changed in (
            {},
            {"redirect_uri": None},  # OAuth 2.1 has it no more
            {"resource": f"{self.issuer}/mcp"},
            {"resource": ""},
            {"unknown": "x"},
        ):
            with self.subTest(changed):
                answer = self.exchange_changed(**changed)
                self.assertAnswer(answer, 200)
                pair = answer.json()
                self.assertEqual((pair["token_type"], pair["scope"]), ("Bearer", "mcp:read mcp:write"))
                self.assertEqual(self.call_mcp(pair["access_token"]).status_code, 200)

    def test_a_wrong_exchange_has_its_error(self):
        for name, value, status, error in EXCHANGE:
            with self.subTest(name=name, value=value and value[:60]):
                answer = self.exchange_changed(**{name: value})
                self.assertAnswer(answer, status, error)
                self.assertNotIn("access_token", answer.text)

    def test_a_doubled_parameter_is_refused_at_both_endpoints(self):
        form = self.form(self.client, self.code(self.client, self.user), resource=f"{self.issuer}/mcp", state="s")
        for endpoint, sent in (("token", form), ("revoke", {"client_id": self.client.client_id, "token": "t"})):
            for name, value in sent.items():
                with self.subTest(endpoint=endpoint, name=name):
                    error = "invalid_target" if name == "resource" else "invalid_request"
                    self.assertAnswer(self.post(endpoint, [*sent.items(), (name, value)]), 400, error)
        # None of it spent the code.
        self.assertAnswer(self.post("token", form), 200)

    def test_a_code_is_good_once_in_time_and_for_its_own_client(self):
        code = self.code(self.client, self.user)
        self.assertAnswer(self.post("token", self.form(self.new_client(), code)), 400, "invalid_grant")
        pair = self.post("token", self.form(self.client, code)).json()
        self.assertAnswer(self.post("token", self.form(self.client, code)), 400, "invalid_grant")
        # What came back may have been stolen: all that follows from it ends.
        self.assertEqual(self.call_mcp(pair["access_token"]).status_code, 401)
        late = self.code(self.client, self.user)
        self.env["mcp.oauth.code"].search([], limit=1).expires_at = long_ago()
        self.assertAnswer(self.post("token", self.form(self.client, late)), 400, "invalid_grant")

    def test_a_wrong_verifier_spends_the_code(self):
        code = self.code(self.client, self.user)
        self.assertAnswer(
            self.post("token", self.form(self.client, code, code_verifier="w" * 50)), 400, "invalid_grant"
        )
        self.assertAnswer(self.post("token", self.form(self.client, code)), 400, "invalid_grant")

    def refresh_with(self, token, client=None, **changed):
        form = {"grant_type": "refresh_token", "client_id": (client or self.client).client_id, "refresh_token": token}
        return self.post("token", without_none(form | changed))

    def test_a_wrong_refresh_has_its_error(self):
        pair = self.pair(self.client, self.user)
        good = pair["refresh_token"]
        for token, changed, status, error in (
            (None, {}, 400, "invalid_request"),
            ("", {}, 400, "invalid_request"),
            ("unknown", {}, 400, "invalid_grant"),
            (good[:-1], {}, 400, "invalid_grant"),
            ("x" * 9000, {}, 400, "invalid_request"),
            (pair["access_token"], {}, 400, "invalid_grant"),
            (good, {"client": self.new_client()}, 400, "invalid_grant"),
            (good, {"client_id": None}, 401, "invalid_client"),
            (good, {"client_id": "unknown"}, 401, "invalid_client"),
            (good, {"resource": "https://evil.example/mcp"}, 400, "invalid_target"),
            (good, {}, 200, None),
        ):
            with self.subTest(token=token and token[:20], changed=changed):
                self.assertAnswer(self.refresh_with(token, **changed), status, error)

    def test_a_refresh_never_widens_and_an_expired_token_is_refused(self):
        pair = self.pair(self.client, self.user, granted="mcp:read")
        self.assertAnswer(self.refresh_with(pair["refresh_token"], scope="mcp:read mcp:write"), 400, "invalid_scope")
        for scope in (None, "", "mcp:read", "mcp:read offline_access", "offline_access"):
            fresh = self.refresh_with(pair["refresh_token"], scope=scope)
            self.assertEqual((fresh.status_code, fresh.json().get("scope")), (200, "mcp:read"))
        tokens = self.env["mcp.oauth.token"].search([])
        tokens.expires_at = long_ago()
        self.assertAnswer(self.refresh_with(fresh.json()["refresh_token"]), 400, "invalid_grant")
        self.assertEqual(self.call_mcp(pair["access_token"]).status_code, 401)

    def test_a_spent_refresh_token_is_good_for_the_grace_time_and_then_ends_everything(self):
        pair = self.pair(self.client, self.user)
        for _ in range(2):
            self.assertAnswer(self.refresh_with(pair["refresh_token"]), 200)
        last = self.refresh_with(pair["refresh_token"]).json()
        spent = self.env["mcp.oauth.token"].search([("spent_at", "!=", False)])
        spent.spent_at = long_ago()
        self.assertAnswer(self.refresh_with(pair["refresh_token"]), 400, "invalid_grant")
        self.assertEqual(self.call_mcp(last["access_token"]).status_code, 401)
        self.assertAnswer(self.refresh_with(last["refresh_token"]), 400, "invalid_grant")

    def test_nothing_in_the_address_counts(self):
        code = self.code(self.client, self.user)
        query = "&".join(f"{name}={value}" for name, value in self.form(self.client, code).items())
        answer = self.send("POST", f"/mcp/oauth/token?{query}", data="", headers={"Content-Type": FORM})
        self.assertAnswer(answer, 400, "invalid_request")
        self.assertAnswer(self.post("token", self.form(self.client, code)), 200)

    def test_a_broken_basic_header_is_401_at_both_endpoints(self):
        for name, header in BROKEN_BASIC.items():
            for endpoint in ("token", "revoke"):
                with self.subTest(name, endpoint=endpoint):
                    answer = self.post(endpoint, {"grant_type": "x", "token": "t"}, {"Authorization": header})
                    self.assertAnswer(answer, 401, "invalid_client")
                    self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Basic "))

    def test_a_secret_counts_in_the_header_and_in_the_form(self):
        client = self.new_client(auth_method="client_secret")
        name, secret = client.client_id, client._new_secret()
        for headers, changed, status, error in (
            (basic(name, secret), {"client_id": None}, 200, None),
            (basic(name, secret), {}, 200, None),
            ({}, {"client_secret": secret}, 200, None),
            ({}, {}, 401, "invalid_client"),
            ({}, {"client_secret": "wrong"}, 401, "invalid_client"),
            ({}, {"client_secret": secret, "client_id": self.client.client_id}, 401, "invalid_client"),
            (basic(name, "wrong"), {"client_id": None}, 401, "invalid_client"),
            (basic("unknown", secret), {"client_id": None}, 401, "invalid_client"),
            (basic(name, secret), {"client_secret": "other"}, 400, "invalid_request"),
            (basic(name, secret), {"client_id": self.client.client_id}, 400, "invalid_request"),
            (basic(name, secret), {"code_verifier": None}, 400, "invalid_request"),
        ):
            with self.subTest(headers=bool(headers), changed=list(changed), status=status):
                code = self.code(client, self.user)
                answer = self.post("token", self.form(client, code, **changed), headers)
                self.assertAnswer(answer, status, error)
                if status == 401 and headers:
                    self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Basic "))

    def test_other_verbs_and_content_types_are_refused(self):
        form = self.form(self.client, self.code(self.client, self.user))
        for endpoint in ("token", "revoke"):
            for verb in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
                with self.subTest(endpoint, verb=verb):
                    answer = self.post(endpoint, form, method=verb)
                    self.assertEqual((answer.status_code, answer.headers["Allow"]), (405, "POST, OPTIONS"))
            for name, content_type in OTHER_TYPES.items():
                with self.subTest(endpoint, content_type=name):
                    # Bytes, to which nobody adds a content type.
                    raw = "&".join(f"{key}={value}" for key, value in form.items()).encode()
                    answer = self.post(endpoint, raw, content_type=content_type)
                    self.assertAnswer(answer, 415, "invalid_request")
            self.assertEqual(self.post(endpoint, {}, method="OPTIONS").status_code, 204)
        self.assertAnswer(self.post("token", form), 200)

    def test_revocation_is_200_for_what_is_unknown_and_an_error_for_what_is_wrong(self):
        confidential = self.new_client(auth_method="client_secret")
        own = self.client.client_id
        for form, status, error in (
            ({"client_id": own, "token": "unknown"}, 200, None),
            ({"client_id": own, "token": "unknown", "token_type_hint": "refresh_token"}, 200, None),
            ({"client_id": own, "token": "unknown", "token_type_hint": "pat"}, 200, None),
            ({"client_id": own, "token": "x" * 8000}, 200, None),
            ({"client_id": own, "token": "x" * 9000}, 400, "invalid_request"),
            ({"client_id": own, "token": ""}, 400, "invalid_request"),
            ({"client_id": own}, 400, "invalid_request"),
            ({"token": "unknown"}, 401, "invalid_client"),
            ({"client_id": "", "token": "unknown"}, 401, "invalid_client"),
            ({"client_id": "unknown", "token": "unknown"}, 401, "invalid_client"),
            ({"client_id": confidential.client_id, "token": "unknown"}, 401, "invalid_client"),
            ({"client_id": confidential.client_id, "client_secret": VERIFIER, "token": "u"}, 401, "invalid_client"),
        ):
            with self.subTest({name: value[:30] for name, value in form.items()}):
                self.assertAnswer(self.post("revoke", form), status, error)
