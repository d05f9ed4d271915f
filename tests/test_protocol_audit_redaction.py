"""What the log keeps of requests and responses (FEATURES L2): never a secret, never a chosen field."""

import json
import timeit
from functools import partial

from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.audit import patterns
from odoo.addons.mcp_gateway.audit.redaction import CUT, Rules, payload
from odoo.addons.mcp_gateway.protocol import credentials
from odoo.addons.mcp_gateway.protocol.credentials import Kind

# Not as literals, so that no scanner takes them for leaked ones.
LONG = "A1b2C3d4E5f6G7h8J9k0"
SECRETS = {
    "an API key of ours": credentials.mint(Kind.API_KEY),
    "an access token of ours": credentials.mint(Kind.ACCESS_TOKEN),
    "a JWT": f"eyJ{LONG}.eyJ{LONG}.{LONG}",
    "a JWT that was cut": f"eyJ{LONG}.eyJ{LONG}",
    "AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub": f"ghp_{LONG}{LONG}",
    "GitHub, fine-grained": f"github_pat_{LONG}_{LONG}",
    "GitLab": f"glpat-{LONG}",
    "Slack": f"xoxb-{LONG}",
    "a Slack address": f"hooks.slack.com/services/T0/B0/{LONG}",
    "Stripe": f"sk_live_{LONG}",
    "a Stripe webhook": f"whsec_{LONG}",
    "OpenAI": f"sk-proj-{LONG}-{LONG}",
    "Anthropic": f"sk-ant-api03-{LONG}",
    "Google": f"AIza{LONG}{LONG}",
    "SendGrid": f"SG.{LONG}.{LONG}",
    "npm": f"npm_{LONG}{LONG}",
    "PyPI": f"pypi-{LONG}{LONG}",
    "a private key": f"-----BEGIN RSA PRIVATE KEY-----\n{LONG}\n{LONG}\n-----END RSA PRIVATE KEY-----",
    "a private key that was cut": f"-----BEGIN PRIVATE KEY-----\n{LONG}\n{LONG}",
    "OpenSSH": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{LONG}\n-----END OPENSSH PRIVATE KEY-----",
}
SENSITIVE_NAMES = (
    "password",
    "new_password",
    "userPassword",
    "Passwd",
    "api_key",
    "apiKey",
    "X-Api-Key",
    "client_secret",
    "accessToken",
    "refresh_token",
    "Authorization",
    "Cookie",
    "private_key",
    "signing_key_id",
    "totp_secret",
    "pin",
    "otp",
    "cvc",
    "card_number",
)
HARMLESS_NAMES = (
    "progressToken",
    "nextPageToken",
    "max_tokens",
    "carbon_footprint",
    "shipping",
    "spin",
    "secretary_id",
    "name",
)


def kept(body, *names: str, length: int = 16_000) -> str:
    raw = body if isinstance(body, (bytes, dict)) else json.dumps(body).encode()
    return payload(raw, Rules(frozenset(names), length))


class TestRedaction(BaseCase):
    def test_secrets_are_recognised_by_their_look(self):
        """FEATURES L2: in a value, a name, a sentence, a text that is JSON itself, and what is no JSON at all."""
        for what, secret in SECRETS.items():
            bodies = {
                "value": {"note": secret},
                "sentence": {"note": f"use {secret}, please"},
                "list": {"notes": [{"x": [secret]}]},
                "name": {secret: 1},
                "inner JSON": {"content": [{"type": "text", "text": json.dumps({"note": [secret]})}]},
                "no JSON": f"not json {secret}".encode(),
            }
            for where, body in bodies.items():
                with self.subTest(what, where=where):
                    text = kept(body)
                    for part in secret.replace("-----", "\n").splitlines():
                        if LONG in part or "mcp_" in part:
                            self.assertNotIn(part, text)
                    self.assertNotIn(secret, text)
                    self.assertNotIn(LONG, text)
                    self.assertIn("[redacted]", text)

    def test_headers_and_addresses_lose_their_credentials(self):
        """FEATURES L2, RFC 9110 §11.6.2, RFC 3986 §3.2.1."""
        for text in (
            "Authorization: Bearer hunter2hunter2",
            "bearer  hunter2hunter2",
            "Basic aHVudGVyMmh1bnRlcjI=hunter2",
            "postgres://odoo:hunter2@db/x",
            "https://me:hunter2@example.com",
            "password=hunter2",
            "password: 'hunter2 hunter2'",
            '{"password": "hunter2',
            r"{\"password\": \"hunter2 x\"}",
            "the api_key is api-key= hunter2",
            "curl -d secret=hunter2&x=1",
        ):
            with self.subTest(text):
                self.assertNotIn("hunter2", patterns.redact(text))
                self.assertNotIn("hunter2", kept({"text": text}))
                self.assertNotIn("hunter2", kept(text.encode()))

    def test_values_under_a_name_that_speaks_of_secrets_are_left_out(self):
        """FEATURES L2: whatever they are, and wherever the name stands."""
        for name in SENSITIVE_NAMES:
            for body in (
                {name: "hunter2"},
                {name: ["hunter2", {"x": "hunter2"}]},
                {"params": {"arguments": {"values": {name: {"deep": "hunter2"}}}}},
                {"domain": [[name, "=", "hunter2"]]},
                {"domain": ["|", [f"user_id.{name}", "in", ["hunter2"]]]},
                {"field": name, "before": "hunter2", "after": "hunter2"},
                {"name": name, "value": "hunter2"},
            ):
                with self.subTest(name, body=body):
                    text = kept(body)
                    self.assertNotIn("hunter2", text)
                    self.assertIn("[redacted]", text)

    def test_a_number_under_such_a_name_is_left_out_too(self):
        """FEATURES L2: a PIN is one."""
        self.assertNotIn("4711", kept({"pin": 4711}))

    def test_whether_a_secret_is_set_stays(self):
        """Ours: it is worth knowing, and no secret."""
        body = {"password": None, "has_token": True, "secret": ""}
        self.assertEqual(json.loads(kept(body)), body)

    def test_chosen_fields_are_left_out(self):
        """FEATURES L2: by the last or any part of a path, and a text that cannot be taken apart goes as a whole."""
        for body in (
            {"acc_number": "DE02"},
            {"values": {"Acc_Number": "DE02"}},
            {"domain": [["bank_ids.acc_number", "=", "DE02"]]},
            {"field": "acc_number", "value": "DE02"},
            {"content": [{"text": '{"records": [{"acc_number": "DE02"}]}'}]},
            b'{"acc_number": "DE02"',
        ):
            with self.subTest(body):
                self.assertIn("DE02", kept(body))
                self.assertNotIn("DE02", kept(body, "acc_number"))

    def test_everything_else_stays(self):
        """Ours: a log that hides everything tells nothing."""
        body = {
            "jsonrpc": "2.0",
            "id": 7,
            "params": {
                "name": "search_records",
                "arguments": {"model": "res.partner", "domain": [["name", "ilike", "x"]]},
            },
            "text": "A password is needed. The basic information is here; the token was wrong.",
            **dict.fromkeys(HARMLESS_NAMES, "kept"),
        }
        self.assertEqual(json.loads(kept(body)), body)

    def test_the_hint_of_a_key_stays(self):
        """DESIGN §4: people tell their keys apart by it."""
        self.assertEqual(patterns.redact("Unknown key mcp_ak_…abcd"), "Unknown key mcp_ak_…abcd")

    def test_it_is_cut_after_it_was_redacted(self):
        """FEATURES L2: whatever the place of the cut, no half of a secret is left."""
        secret = SECRETS["a JWT"]
        for length in range(1, 200):
            with self.subTest(length=length):
                for body in ({"a": "x" * 50, "note": f"x {secret} y"}, f"xxx {secret} not json".encode()):
                    text = kept(body, length=length)
                    self.assertLessEqual(len(text), length + len(CUT))
                    self.assertNotIn("eyJ" + LONG[:1], text)

    def test_a_secret_at_the_end_of_what_is_searched_is_not_halved(self):
        """Ours: of a long text only the beginning is searched."""
        for before in range(8900, 9100):
            text = kept({"note": "x" * before + " " + SECRETS["GitHub"] + "y" * 9000}, length=1000)
            self.assertNotIn("ghp_", text)
        short = " ".join(["password=" + "p" * 400] * 100)
        self.assertNotIn("ppp", kept({"note": short}, length=1000))

    def test_anything_at_all_becomes_a_text_that_postgresql_keeps(self):
        """Ours."""
        for body in (b"", b"\xff\xfe\x00", b"null", b"7", b'"\\ud800\\u0000"', b"[" * 100_000, b'{"a": "\\u0000"}'):
            with self.subTest(body[:20]):
                text = kept(body)
                self.assertNotIn("\x00", text)
                text.encode()

    def test_the_time_grows_as_the_text_does(self):
        """Ours: of what the patterns like best, eight times as much takes about eight times as long, not 64."""
        for piece in (
            "a",
            "secret",
            "://",
            "eyJ",
            "eyJ-",
            "SG.",
            "bearer ",
            "basic-",
            "-----BEGIN ",
            '"pin": "',
            "sk-",
        ):
            with self.subTest(piece):
                short, long = (piece * (size // len(piece)) for size in (20_000, 160_000))
                few, many = (min(timeit.repeat(partial(patterns.redact, text), number=1)) for text in (short, long))
                self.assertLess(many / few, 30)

    def test_the_largest_body_is_kept_in_any_form(self):
        """Ours: 4 MiB."""
        text = "eyJ" * (4 * 1024 * 1024 // 3)
        for body in ({"note": text}, {"notes": [text[i : i + 100] for i in range(0, len(text), 100)]}, text.encode()):
            self.assertLess(len(kept(body)), len(text))
