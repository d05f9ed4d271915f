from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.protocol import errors, preflight
from odoo.addons.mcp_gateway.protocol.messages import Exchange

BASE = "https://odoo.example.com"
JSON = ("Content-Type", "application/json")


def exchange(*headers: tuple[str, str], verb: str = "POST", body: bytes = b"{}") -> Exchange:
    return Exchange(verb, headers, "", body, "192.0.2.7")


def host_check(host: str | None, base_url: str = BASE, origin: str | None = None, extra: tuple[str, ...] = ()):
    pairs = (("Host", host), ("Origin", origin))
    return preflight.check_origin(exchange(*(pair for pair in pairs if pair[1] is not None)), base_url, extra)


class TestPreflight(BaseCase):
    def assertRefused(self, rejection, status: int, code: int) -> None:
        self.assertEqual((rejection.status, rejection.code), (status, code))
        self.assertEqual((rejection.id, rejection.method, rejection.data), (None, None, None))

    def test_only_the_endpoints_verbs_pass(self):
        """2025-11-25 basic/transports: GET and DELETE may be refused; PROTOCOL §0.2."""
        for verb in ("POST", "OPTIONS"):
            with self.subTest(verb=verb):
                self.assertIsNone(preflight.check_verb(exchange(verb=verb)))
                self.assertIn(verb, preflight.ALLOW.split(", "))
        for verb in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "post", "", "POST, OPTIONS", "OPT"):
            with self.subTest(verb=verb):
                self.assertRefused(preflight.check_verb(exchange(verb=verb)), 405, errors.METHOD_NOT_ALLOWED)

    def test_the_first_failure_answers(self):
        """DESIGN §3: 405, 403, 413, 415."""
        wrong = [("Host", "evil.example"), ("Content-Length", "99999999"), ("Content-Type", "text/plain")]
        self.assertRefused(preflight.check(exchange(*wrong, verb="GET"), BASE), 405, errors.METHOD_NOT_ALLOWED)
        self.assertRefused(preflight.check(exchange(*wrong), BASE), 403, errors.FORBIDDEN)
        wrong[0] = ("Host", "odoo.example.com")
        self.assertRefused(preflight.check(exchange(*wrong), BASE), 413, errors.TOO_LARGE)
        wrong[1] = ("Content-Length", "2")
        self.assertRefused(preflight.check(exchange(*wrong), BASE), 415, errors.MEDIA_TYPE)
        self.assertIsNone(preflight.check(exchange(*wrong[:2], JSON), BASE))


class TestHost(BaseCase):
    def test_the_servers_own_name_and_this_machine_pass(self):
        """PROTOCOL §7.12; RFC 9110 §7.2; the scheme's own port may be left out (RFC 9110 §4.2.3)."""
        for host, base_url in (
            ("odoo.example.com", BASE),
            ("ODOO.example.COM", BASE),
            ("odoo.example.com:443", BASE),
            ("odoo.example.com", "https://Odoo.Example.com:443/web/"),
            ("odoo.example.com:8069", "http://odoo.example.com:8069"),
            ("odoo.example.com:80", "http://odoo.example.com"),
            ("xn--mnchen-3ya.example", "https://münchen.example"),
            ("[2001:db8::1]:8069", "http://[2001:db8::1]:8069"),
            ("localhost", BASE),
            ("localhost:1", BASE),
            ("127.0.0.1:8069", BASE),
            ("[::1]:8069", BASE),
            ("localhost:8069", ""),
        ):
            with self.subTest(host=host, base_url=base_url):
                self.assertIsNone(host_check(host, base_url))

    def test_any_other_name_is_refused(self):
        """2026-07-28 and 2025-11-25 basic/transports, Security Warning: DNS rebinding shows a foreign name."""
        for host, base_url in (
            (None, BASE),
            ("", BASE),
            ("evil.example", BASE),
            ("odoo.example.com.evil.example", BASE),
            ("evil-odoo.example.com", BASE),
            ("odoo.example.com:8069", BASE),
            ("odoo.example.com:80", BASE),
            ("odoo.example.com", "http://odoo.example.com:8069"),
            ("odoo.example.com,odoo.example.com", BASE),
            ("user@odoo.example.com", BASE),
            ("odoo.example.com/x", BASE),
            ("odoo.example.com#x", BASE),
            ("localhost/x", BASE),
            ("x@localhost", BASE),
            ("localhost.evil.example", BASE),
            ("127.0.0.1.evil.example", BASE),
            ("192.168.0.1", BASE),
            ("0.0.0.0", BASE),
            ("[::]", BASE),
            ("odoo.example.com:", BASE),
            ("odoo.example.com:٤٤٣", BASE),
            ("odoo.example.com:443443443", BASE),
            ("localhost:443443443", BASE),
            ("user:localhost@evil.example", BASE),
            ("localhost:80@evil.example", BASE),
            ("localhost\\evil.example", BASE),
            ("localhost evil.example", BASE),
            ("localhost\n", BASE),
            ("[::1", BASE),
            ("[::1]evil.example", BASE),
            ("::1", BASE),
            ("[localhost]", BASE),
            ("[" * 1_000_000, BASE),
            ("a." * 1_000_000, BASE),
            ("", ""),
            ("odoo.example.com", ""),
            ("odoo.example.com", "odoo.example.com"),
            ("odoo.example.com", "https://odoo.example.com:99999"),
            ("a..b", "https://a..b"),
            # U+212A, whose lower case is the letter k.
            ("\u212aodoo.example", "https://kodoo.example"),
        ):
            with self.subTest(host=host, base_url=base_url):
                rejection = host_check(host, base_url)
                self.assertEqual((rejection.status, rejection.code), (403, errors.FORBIDDEN))
                self.assertNotIn("example", rejection.message)


class TestOrigin(BaseCase):
    def test_own_listed_and_loopback_origins_pass_and_so_does_none(self):
        """2026-07-28 and 2025-11-25 basic/transports, Security Warning; PROTOCOL §2A."""
        local = "http://localhost:8069"
        for origin, host, base_url, extra in (
            (None, "odoo.example.com", BASE, ()),
            ("https://odoo.example.com", "odoo.example.com", BASE, ()),
            ("https://ODOO.example.com:443", "odoo.example.com", BASE, ()),
            ("https://tool.example", "odoo.example.com", BASE, ("https://Tool.example",)),
            ("vscode-webview://abc", "odoo.example.com", BASE, ("vscode-webview://abc",)),
            ("http://localhost:6274", "localhost:8069", local, ()),
            ("http://127.0.0.1:6274", "localhost:8069", local, ()),
            ("http://[::1]:6274", "127.0.0.1:8069", local, ()),
            ("https://localhost", "localhost", BASE, ()),
            ("https://odoo.example.com", "localhost", BASE, ()),
        ):
            with self.subTest(origin=origin, host=host):
                self.assertIsNone(host_check(host, base_url, origin, extra))

    def test_any_other_origin_is_refused(self):
        """2026-07-28 and 2025-11-25 basic/transports: present and invalid is 403."""
        for origin, host, base_url in (
            ("", "odoo.example.com", BASE),
            ("null", "odoo.example.com", BASE),
            ("null", "localhost:8069", "http://localhost:8069"),
            ("null", "localhost:8069", ""),
            ("https://evil.example", "odoo.example.com", BASE),
            ("http://odoo.example.com", "odoo.example.com", BASE),
            ("https://odoo.example.com:8443", "odoo.example.com", BASE),
            ("https://odoo.example.com.evil.example", "odoo.example.com", BASE),
            ("https://odoo.example.com/x", "odoo.example.com", BASE),
            ("https://user@odoo.example.com", "odoo.example.com", BASE),
            ("https://odoo.example.com, https://evil.example", "odoo.example.com", BASE),
            ("odoo.example.com", "odoo.example.com", BASE),
            ("//odoo.example.com", "odoo.example.com", BASE),
            ("https://\u212aodoo.example", "kodoo.example", "https://kodoo.example"),
            # A page on the user's own machine has no business with a server elsewhere.
            ("http://localhost:6274", "odoo.example.com", BASE),
            ("https://evil.example", "localhost:8069", "http://localhost:8069"),
            ("http://localhost.evil.example", "localhost:8069", "http://localhost:8069"),
            ("file://localhost", "localhost:8069", "http://localhost:8069"),
        ):
            with self.subTest(origin=origin, host=host):
                rejection = host_check(host, base_url, origin)
                self.assertEqual((rejection.status, rejection.code), (403, errors.FORBIDDEN))
                self.assertNotIn("example", rejection.message)


class TestBody(BaseCase):
    def test_a_body_within_the_limit_passes(self):
        """Ours: 4 MiB, as the official SDKs have it."""
        self.assertEqual(preflight.MAX_BODY, 4 * 1024 * 1024)
        full = bytes(preflight.MAX_BODY)
        for sent in (
            exchange(),
            exchange(body=full),
            exchange(("Content-Length", str(preflight.MAX_BODY)), body=full),
            exchange(("Content-Length", "nonsense")),
            exchange(("Content-Length", "٩٩٩٩٩٩٩٩٩")),
            exchange(("Content-Length", "")),
        ):
            self.assertIsNone(preflight.check_size(sent))

    def test_a_body_that_is_or_says_it_is_longer_is_refused(self):
        """RFC 9110 §15.5.14."""
        for sent in (
            exchange(body=bytes(preflight.MAX_BODY + 1)),
            exchange(("Content-Length", "2"), body=bytes(preflight.MAX_BODY + 1)),
            exchange(("Content-Length", str(preflight.MAX_BODY + 1))),
            exchange(("Content-Length", "9" * 9999)),
        ):
            rejection = preflight.check_size(sent)
            self.assertEqual((rejection.status, rejection.code), (413, errors.TOO_LARGE))
            self.assertIn("4 MiB", rejection.message)

    def test_json_in_utf_8_passes(self):
        """RFC 8259 §11, RFC 9110 §8.3."""
        for value in (
            "application/json",
            "Application/JSON",
            " application/json ",
            "application/json; charset=utf-8",
            'application/json;charset="UTF-8"',
            "application/json;",
        ):
            with self.subTest(value=value):
                self.assertIsNone(preflight.check_media_type(exchange(("Content-Type", value))))

    def test_any_other_media_type_is_refused(self):
        """DESIGN §3: what a foreign web page can send without asking is never JSON."""
        for value in (
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "application/json-rpc",
            "text/plain; application/json",
            "application/json; charset=latin-1",
            "application/json; charset=utf-8; x=y",
            "application/json, application/json",
        ):
            with self.subTest(value=value):
                rejection = preflight.check_media_type(exchange(("Content-Type", value)))
                self.assertEqual((rejection.status, rejection.code), (415, errors.MEDIA_TYPE))
        self.assertEqual(preflight.check_media_type(exchange()).status, 415)


class TestIsLoopback(BaseCase):
    def test_only_this_machine_is_loopback(self):
        """RFC 8252 §7.3, and localhost, which the tools use."""
        for host, expected in (
            ("localhost", True),
            ("127.0.0.1", True),
            ("127.1.2.3", True),
            ("::1", True),
            ("0.0.0.0", False),
            ("10.0.0.1", False),
            ("localhost.example", False),
            ("", False),
            (None, False),
        ):
            with self.subTest(host=host):
                self.assertIs(preflight.is_loopback(host), expected)
