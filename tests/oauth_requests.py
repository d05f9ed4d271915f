"""Requests to the OAuth endpoints over HTTP, each of which is held to what is true of every answer."""

import base64
import html
import json
import re
from urllib.parse import parse_qs, urlencode, urlsplit

from .oauth_case import REDIRECT, VERIFIER, OauthCase

# Different lengths, so that one that is cut is noticed, and all that is printable: it has to come back as it was.
STATE = "st-1~ &=?#%20+\"'<b>\\ $()"
FORM = "application/x-www-form-urlencoded"
REDIRECTS = (REDIRECT, "http://127.0.0.1/cb", "cursor://anysphere.cursor-mcp/oauth/callback")


def basic(name: str, secret: str) -> dict[str, str]:
    token = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


def encode(parameters) -> str:
    """:param parameters: a dict, pairs (some of them twice), or what is encoded already"""
    return parameters if isinstance(parameters, str | bytes) else urlencode(parameters)


class OauthRequests(OauthCase):
    """With an HttpCase."""

    def setUp(self):
        super().setUp()
        self.issuer = self.env["mcp.oauth.server"]._issuer()

    def send(self, method: str, path: str, **options):
        """One request; whatever it was, nobody saw a traceback, and nothing is kept on the way."""
        self.env.flush_all()
        with self.assertNoLogs("odoo.addons.mcp_gateway", "ERROR"), self.assertNoLogs("odoo.http", "ERROR"):
            answer = self.url_open(path, method=method, allow_redirects=False, **options)
        self.env.invalidate_all()
        self.assertNotIn("Traceback", answer.text)
        self.assertTrue(answer.status_code < 500 or answer.status_code == 503, answer.text)
        return answer

    # The endpoints for programs

    def post(self, endpoint: str, form, headers: dict | None = None, *, method: str = "POST", content_type: str = FORM):
        """:param form: as for :func:`encode`"""
        given = {"Content-Type": content_type, **(headers or {})}
        sent = {name: value for name, value in given.items() if value}
        answer = self.send(method, f"/mcp/oauth/{endpoint}", data=encode(form), headers=sent)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
        self.assertNotIn("Set-Cookie", answer.headers)
        self.assertNotIn("Location", answer.headers)
        if answer.status_code == 401:
            self.assertEqual(answer.json()["error"], "invalid_client")
        if answer.text and answer.status_code >= 400:
            self.assertRegex(answer.json().get("error_description", ""), r"\A[\x20-\x21\x23-\x5b\x5d-\x7e]*\Z")
        return answer

    def register(self, body, **options):
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.post("register", content, content_type=options.pop("content_type", "application/json"), **options)

    def form(self, client, good_code: str, **changed) -> dict[str, str]:
        """What exchanges a code; what is changed to None is left out."""
        form = {
            "grant_type": "authorization_code",
            "client_id": client.client_id,
            "code": good_code,
            "code_verifier": VERIFIER,
            "redirect_uri": REDIRECT,
        }
        return without_none(form | changed)

    def assertAnswer(self, answer, status: int, error: str | None = None):
        body = answer.json() if answer.text else {}
        self.assertEqual((answer.status_code, body.get("error")), (status, error), answer.text)

    # The consent page

    def authorize(self, query, *, method: str = "GET", registered=REDIRECTS, **options):
        """:param query: as for :func:`encode`
        :param registered: where anyone may be sent, but for the port on this machine
        """
        answer = self.send(method, f"/mcp/oauth/authorize?{encode(query)}", **options)
        if "Location" in answer.headers:
            self.assertAllowed(answer.headers["Location"], registered)
            self.assertEqual(answer.status_code, 303)
        return answer

    def assertAllowed(self, location: str, registered):
        """Nobody is sent to an address that was not checked, and every application hears who answers."""
        if location.startswith(("/web/login?redirect=", f"{self.base_url()}/web/login?redirect=")):
            return
        address, _mark, query = location.partition("?")
        self.assertIn(any_port(address), map(any_port, registered))
        said = parse_qs(query, keep_blank_values=True, strict_parsing=True)
        self.assertEqual(said["iss"], [self.issuer])
        self.assertEqual(len({"code", "error"} & set(said)), 1)
        self.assertFalse(set(said) - {"code", "error", "error_description", "state", "iss"})

    def assertPage(self, answer, status: int):
        """The person is told, and nobody else."""
        self.assertEqual(answer.status_code, status, answer.text)
        self.assertNotIn("Location", answer.headers)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertIn("frame-ancestors 'none'", answer.headers["Content-Security-Policy"])
        self.assertEqual('name="decision"' in answer.text, status == 200)

    def assertSent(self, answer, error: str | None, *, to: str = REDIRECT):
        """The application is told, with its state and the issuer."""
        self.assertEqual(answer.status_code, 303, answer.text)
        address, _mark, query = answer.headers["Location"].partition("?")
        said = parse_qs(query)
        self.assertEqual((address, said.get("error", [None])), (to, [error]))
        self.assertEqual((said["state"], said["iss"]), ([STATE], [self.issuer]))
        return said

    def decide(self, page, decision: str, **options):
        """Press a button of the consent page, as a browser without JavaScript does."""
        form = {
            "csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1],
            "decision": decision,
        }
        action = html.unescape(re.search(r'<form method="post" action="([^"]+)"', page.text)[1])
        return self.authorize(urlsplit(action).query, method="POST", data=form, **options)

    def call_mcp(self, token: str, name: str = "list_models", arguments: dict | None = None, query: str = ""):
        params = {"name": name, "arguments": arguments or {}}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        return self.send("POST", f"/mcp{query}", data=json.dumps(body), headers=headers)


def any_port(uri: str) -> str:
    return re.sub(r"^(http://(?:127\.0\.0\.1|localhost))(?::\d+)?/", r"\1/", uri)


def without_none(parameters: dict) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if value is not None}
