from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.oauth import redirects

# PROTOCOL §6.
OF_HOSTS = {
    "Claude": ["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"],
    "Claude Code": ["http://localhost/callback", "http://127.0.0.1/callback"],
    "ChatGPT": [
        "https://chatgpt.com/connector/oauth/Zx81_abc-9",
        "https://chatgpt.com/connector_platform_oauth_redirect",
    ],
    "Cursor": [
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "https://www.cursor.com/agents/mcp/oauth/callback",
        "http://localhost:8787/callback",
    ],
    "VS Code": [
        "https://vscode.dev/redirect",
        "https://insiders.vscode.dev/redirect",
        "http://127.0.0.1/",
        "http://127.0.0.1:33418/",
    ],
    "Gemini CLI": ["http://localhost:7777/oauth/callback"],
    "Codex": ["http://127.0.0.1:37819/callback/9f3ac1"],
    "Inspector": ["http://localhost:6274/oauth/callback", "http://localhost:6274/oauth/callback/debug"],
    "Cline": ["http://127.0.0.1:1456/mcp/oauth/callback"],
    "n8n": ["https://n8n.example.com/rest/oauth2-credential/callback"],
}
REFUSED = {
    "empty": "",
    "relative": "/callback",
    "no scheme": "//host.example/callback",
    "a scheme that is none": "1http://host.example/",
    "http elsewhere": "http://host.example/callback",
    "http on a name that begins like this machine": "http://localhost.evil.example/",
    "http on a name that ends like this machine": "http://evil.localhost/",
    "http on another address of this machine": "http://127.0.0.2/",
    "http on this machine in another notation": "http://2130706433/",
    "http on all addresses": "http://0.0.0.0/",
    "http by its capitals": "HTTP://host.example/",
    "fragment": "https://host.example/callback#top",
    "empty fragment": "https://host.example/callback#",
    "user": "https://claude.ai@evil.example/callback",
    "user and password": "https://a:b@evil.example/",
    "user on this machine": "http://localhost@evil.example/",
    "user behind a scheme of its own": "cursor://user@host/",
    "no host": "https:///callback",
    "no slashes": "https:callback",
    "host with a percent sign": "https://%65vil.example/",
    "wildcard host": "https://*.example.com/",
    "host and an empty port": "https://host.example:/",
    "port of no number": "https://host.example:http/",
    "port zero": "http://localhost:0/",
    "port beyond the last": "http://localhost:65536/",
    "brackets of nothing": "https://[/",
    "brackets of no address": "https://[x]/",
    "dot segment": "https://host.example/a/../b",
    "dot segment at the end": "https://host.example/a/..",
    "single dot": "https://host.example/./a",
    "encoded dot segment": "https://host.example/a/%2e%2E/b",
    "half encoded dot segment": "https://host.example/a/.%2e/b",
    "dot segment behind an encoded slash": "https://host.example/a%2F..%2Fb",
    "backslash": "https://host.example\\@evil.example/",
    "encoded backslash": "https://host.example/a%5C..%5Cb",
    "blank": "https://host.example/a b",
    "blank around": " https://host.example/",
    "line break": "https://host.example/\r\nSet-Cookie:x",
    "line break at the end": "https://host.example/\n",
    "encoded line break": "https://host.example/%0D%0ASet-Cookie:x",
    "encoded line break in the query": "https://host.example/?a=%0a",
    "encoded NUL": "https://host.example/%00",
    "NUL": "https://host.example/\0",
    "half an escape": "https://host.example/%2",
    "not ASCII": "https://münchen.example/",
    "full-width": "https://host.example／callback",
    "quote": 'https://host.example/"',
    "angle bracket": "https://host.example/<script>",
    "too long": "https://host.example/" + "a" * 2000,
    "out of band": "urn:ietf:wg:oauth:2.0:oob",
    "opaque scheme of its own": "cursor:callback",
    "mail": "mailto:someone@host.example",
    "data": "data:text/html,x",
    "script": "javascript://host/%0Aalert(1)",
    "script in capitals": "JavaScript://host/callback",
    "other script": "vbscript://host/callback",
    "data with slashes": "data://host/callback",
    "file": "file:///etc/passwd",
    "file system": "filesystem://host/callback",
    "blob": "blob://host/callback",
    "page of the browser": "about://host/callback",
    "page of one browser": "chrome://settings/",
    "web socket": "ws://host/callback",
    "secure web socket": "wss://host/callback",
    "file transfer": "ftp://host/callback",
    "source text": "view-source://host/callback",
    "intent": "intent://host/callback",
    "archive": "jar://host/callback",
}


class TestRegistration(BaseCase):
    def test_the_addresses_of_every_popular_host_may_be_registered(self):
        """PROTOCOL §6."""
        for host, uris in OF_HOSTS.items():
            for uri in uris:
                with self.subTest(host=host, uri=uri):
                    self.assertIsNone(redirects.problem_with(uri))
                    self.assertTrue(redirects.matches(uris, uri))

    def test_what_else_may_be_registered(self):
        """RFC 8252 §7, RFC 6749 §3.1.2: a query is allowed."""
        for uri in (
            "https://host.example",
            "https://host.example:8443/a?b=c&d=%20",
            "https://[2001:db8::1]/a",
            "http://[::1]:99/a",
            "http://localhost",
            "com.example.app:/callback",
            "com.example.app:///callback",
            "https://host.example/.well-known/...",
            "https://host.example/" + "a" * 1979,
        ):
            with self.subTest(uri=uri):
                self.assertIsNone(redirects.problem_with(uri))

    def test_what_may_not_be_registered(self):
        """OAuth 2.1 §2.3, RFC 9700 §4.1, issue "Bad input"."""
        for case, uri in REFUSED.items():
            with self.subTest(case=case):
                problem = redirects.problem_with(uri)
                self.assertTrue(problem)
                self.assertTrue(problem.isascii())
                self.assertEqual("user" in case, "user name" in problem)

    @settings(max_examples=200, derandomize=True, deadline=None, database=None)
    @given(st.sampled_from(("", "https://", "http://localhost", "x://", "https://h/")), st.text(max_size=30))
    def test_any_text_is_judged(self, start, text):
        """Ours: no exception leaves, and what is good is printable ASCII without blanks."""
        uri = start + text
        if redirects.problem_with(uri) is None:
            self.assertRegex(uri, r"\A[\x21-\x7e]+\Z")
            redirects.host_of(uri)
        self.assertFalse(redirects.matches([], uri))


class TestMatching(BaseCase):
    def test_only_the_same_string_matches(self):
        """OAuth 2.1 §2.3.1: simple string comparison; no encoding, case or slash is forgiven."""
        registered = ["https://claude.ai/api/mcp/auth_callback", "cursor://anysphere.cursor-mcp/oauth/callback"]
        for uri in registered:
            self.assertTrue(redirects.matches(registered, uri))
        for uri in (
            "https://claude.ai/api/mcp/auth_callback/",
            "https://claude.ai/api/mcp/auth_callback?x=1",
            "https://claude.ai/api/mcp/auth_callback#",
            "https://claude.ai/api/mcp/auth%5Fcallback",
            "https://claude.ai/api/mcp/x/../auth_callback",
            "https://claude.ai/API/mcp/auth_callback",
            "https://CLAUDE.ai/api/mcp/auth_callback",
            "https://claude.ai:443/api/mcp/auth_callback",
            "http://claude.ai/api/mcp/auth_callback",
            "https://claude.ai.evil.example/api/mcp/auth_callback",
            "https://x@claude.ai/api/mcp/auth_callback",
            "https://claude.ai/api/mcp/auth_callback\n",
            "cursor://anysphere.cursor-mcp:99/oauth/callback",
            "",
        ):
            with self.subTest(uri=uri):
                self.assertFalse(redirects.matches(registered, uri))

    def test_on_this_machine_any_port_matches(self):
        """OAuth 2.1 §8.4.2, RFC 8252 §7.3; Claude Code's document names no port (PROTOCOL §6)."""
        for registered, uri in (
            ("http://localhost/callback", "http://localhost:3118/callback"),
            ("http://localhost:3118/callback", "http://localhost/callback"),
            ("http://127.0.0.1:33418/", "http://127.0.0.1:50001/"),
            ("http://[::1]/a?b=c", "http://[::1]:1/a?b=c"),
            ("http://localhost", "http://localhost:80"),
        ):
            with self.subTest(registered=registered, uri=uri):
                self.assertTrue(redirects.matches(["https://other.example/", registered], uri))

    def test_on_this_machine_all_but_the_port_has_to_be_the_same(self):
        """OAuth 2.1 §8.4.2."""
        for uri in (
            "http://127.0.0.1:1/callback",
            "http://localhost:1/callback/",
            "http://localhost:1/callback?x=1",
            "http://localhost:1/Callback",
            "http://localhost:1/x/../callback",
            "http://localhost:1/%63allback",
            "https://localhost:1/callback",
            "http://localhost:65536/callback",
            "http://localhost:0/callback",
            "http://localhost:/callback",
            "http://localhost:1:2/callback",
            "http://localhost:1@evil.example/callback",
            "http://LOCALHOST:1/callback",
            "http://localhost.evil.example:1/callback",
            "http://localhost:1/callback#",
        ):
            with self.subTest(uri=uri):
                self.assertFalse(redirects.matches(["http://localhost/callback"], uri))

    def test_elsewhere_the_port_counts(self):
        """OAuth 2.1 §8.4.2 speaks of this machine only."""
        self.assertFalse(redirects.matches(["https://host.example/a"], "https://host.example:444/a"))


class TestDisplay(BaseCase):
    def test_people_see_the_host_and_of_a_scheme_the_scheme_too(self):
        """MCP 2026-07-28 security-considerations: the host is displayed; any host may stand behind a scheme."""
        for uri, shown in (
            ("https://Claude.AI/api/mcp/auth_callback", "claude.ai"),
            ("https://host.example:8443/", "host.example"),
            ("http://localhost:3118/callback", "localhost"),
            ("http://[::1]:1/", "::1"),
            ("evil://claude.ai/callback", "evil://claude.ai"),
            ("com.example.app:/callback", "com.example.app://"),
        ):
            with self.subTest(uri=uri):
                self.assertEqual(redirects.host_of(uri), shown)

    def test_an_application_is_on_this_machine_only_if_all_its_addresses_are(self):
        """MCP 2026-07-28 security-considerations, Localhost Redirect URI Risks."""
        for uris, expected in (
            (["http://localhost/a", "http://127.0.0.1:1/b", "http://[::1]/"], True),
            (["http://localhost/a", "https://host.example/"], False),
            (["http://localhost/a", "cursor://x/y"], False),
            (["http://localhost.evil.example/"], False),
            ([], False),
        ):
            with self.subTest(uris=uris):
                self.assertIs(redirects.is_loopback_only(uris), expected)
