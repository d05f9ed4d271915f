import gzip
import os
import socket
import tempfile
import threading
import time
from contextlib import contextmanager
from unittest.mock import patch

from cryptography.hazmat.primitives import serialization

from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.oauth import document, registration

from .tls_host import certificate
from .tls_server import GOOD, TlsServer, answer, pem

HOST = "app.example.com"
LOCAL = ("127.0.0.1",)
SPECIAL = {
    "this network": ("0.0.0.0", "::"),
    "loopback": ("127.0.0.1", "127.255.0.1", "::1"),
    "private": ("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd00:ec2::254", "fec0::1"),
    "link-local": ("169.254.169.254", "fe80::1", "fe80::1%eth0"),
    "carrier": ("100.64.0.1", "100.127.255.255"),
    "protocols": ("192.0.0.1", "192.0.0.9", "2001:2::1", "2001:10::1", "2001:20::1", "100::1", "5f00::1"),
    "documentation": ("192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"),
    "benchmarks": ("198.18.0.1", "198.19.255.255"),
    "multicast": ("224.0.0.1", "233.252.0.1", "239.255.255.255", "ff02::1", "ff0e::1"),
    "reserved": ("240.0.0.1", "255.255.255.255", "4000::1"),
    "IPv4 in IPv6": ("::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8"),
    "NAT64": ("64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1"),
    "6to4": ("192.88.99.1", "2002:7f00:1::1", "2002:808:808::1"),
    "Teredo": ("2001::1", "2001:0:808:808::1"),
}


def resolving(*addresses: str):
    return lambda _host, _port: list(addresses)


class TestFetch(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        authority = certificate("Test authority")
        cls.ca_file = cls._file(folder, "ca.pem", authority[0].public_bytes(serialization.Encoding.PEM))
        cls.chain = cls._file(folder, "host.pem", pem(certificate(HOST, authority)))
        cls.chain_of_another = cls._file(folder, "other.pem", pem(certificate("other.example.com", authority)))

    @staticmethod
    def _file(folder: str, name: str, content: bytes) -> str:
        path = os.path.join(folder, name)
        with open(path, "wb") as opened:
            opened.write(content)
        return path

    def serve(self, reply=None, chain=None) -> TlsServer:
        server = TlsServer(chain or self.chain)
        if reply is not None:
            server.reply = reply
        self.addCleanup(server.close)
        return server

    def fetch(self, server: TlsServer, *, path: str = "/client.json", host: str = HOST, **options):
        options = {
            "resolve": resolving("127.0.0.1"),
            "allowed_special": LOCAL,
            "ca_file": self.ca_file,
        } | options
        return document.fetch(f"https://{host}:{server.port}{path}", **options)

    def assertRefused(self, server: TlsServer, text: str | None = None, **options):
        with self.assertRaises(document.DocumentError) as caught:
            self.fetch(server, **options)
        if text:
            self.assertIn(text, str(caught.exception))
        self.assertNotRegex(str(caught.exception), r"127\.0|refused|certificate|resol|time out|Errno")
        return str(caught.exception)

    def assertNotContacted(self, server: TlsServer, **options):
        """All failures look alike from outside, so it is what was not done that counts."""
        with patch.object(document, "_get", side_effect=AssertionError("it was contacted")):
            self.assertRefused(server, document.UNREACHABLE, **options)

    @contextmanager
    def within(self, seconds: float):
        started = time.monotonic()
        yield
        self.assertLess(time.monotonic() - started, seconds)

    def test_a_document_is_fetched_from_the_host_by_its_name(self):
        """CIMD draft §3; the name is in the TLS greeting, in the Host header and in the certificate."""
        server = self.serve()
        found = self.fetch(server, path="/oauth/client%20a.json?b=c")
        self.assertEqual(found, (GOOD, None))
        self.assertEqual(server.names, [HOST])
        head = server.requests[0].lower()
        self.assertTrue(head.startswith("get /oauth/client%20a.json?b=c http/1.1\r\n"), head)
        self.assertIn(f"\r\nhost: {HOST}:{server.port}\r\n", head)
        self.assertNotIn("cookie", head)
        self.assertNotIn("authorization", head)

    def test_only_a_certificate_of_that_name_and_a_known_authority_counts(self):
        """RFC 9110 §4.3.4: the address was pinned, which must not weaken TLS."""
        self.assertRefused(self.serve(chain=self.chain_of_another), document.UNREACHABLE)
        self.assertRefused(self.serve(), document.UNREACHABLE, ca_file=None)
        server = self.serve()
        self.assertRefused(server, document.UNREACHABLE, host="127.0.0.1")
        self.assertEqual(server.requests, [])

    def test_special_addresses_are_refused_unseen(self):
        """MCP 2026-07-28 client-registration: MUST NOT resolve to special-use addresses (RFC 6890)."""
        server = self.serve()
        for case, addresses in SPECIAL.items():
            for address in addresses:
                with self.subTest(case=case, address=address):
                    self.assertNotContacted(server, resolve=resolving(address), allowed_special=())
        for addresses in (["8.8.8.8", "10.0.0.1"], ["127.0.0.1", "::1"], [], ["x"], [""]):
            with self.subTest(addresses=addresses):
                self.assertNotContacted(server, resolve=resolving(*addresses))

    def test_public_addresses_pass(self):
        """Ours: the list must not be one of everything."""
        for address in (
            "8.8.8.8",
            "160.79.104.10",
            "100.128.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "64:ff9b::808:808",
        ):
            with self.subTest(address=address):
                self.assertEqual(document._addresses(HOST, 443, resolving(address), frozenset()), [address])

    def test_a_name_that_does_not_resolve_is_refused_like_any_other(self):
        """DESIGN §2.13 in spirit: what is behind this server cannot be told from outside."""
        for error in (socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")):
            with self.subTest(error=error):

                def resolve(_host, _port, error=error):
                    raise error

                self.assertNotContacted(self.serve(), resolve=resolve)
        server = self.serve()
        for host in (
            "localhost",
            "127.0.0.1",
            "[::1]",
            "127.1",
            "0x7f000001",
            "2130706433",
            "a..b",
            "a" * 64 + ".example",
        ):
            with self.subTest(host=host):
                self.assertNotContacted(server, host=host, resolve=document.resolve, allowed_special=())

    def test_a_name_is_resolved_once_so_a_second_answer_does_not_matter(self):
        """DNS rebinding: first a good address, then another one."""
        server, asked = self.serve(), []

        def resolve(host, port):
            asked.append((host, port))
            return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

        with patch.object(socket, "getaddrinfo", side_effect=self._only_addresses(socket.getaddrinfo)):
            self.assertEqual(self.fetch(server, resolve=resolve).body, GOOD)
        self.assertEqual(asked, [(HOST, server.port)])

    @staticmethod
    def _only_addresses(getaddrinfo):
        def checked(host, *arguments, **options):
            assert host == "127.0.0.1", host
            return getaddrinfo(host, *arguments, **options)

        return checked

    def test_the_next_address_is_tried_when_one_does_not_answer(self):
        """RFC 8305: many machines cannot reach IPv6."""
        server = self.serve()
        options = {"resolve": resolving("127.0.0.2", "127.0.0.1"), "allowed_special": ("127.0.0.1", "127.0.0.2")}
        self.assertEqual(self.fetch(server, **options).body, GOOD)

    def test_the_environment_names_no_proxy_and_no_authority(self):
        """Ours: a proxy would resolve the name again."""
        environment = {"HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
        with patch.dict(os.environ, environment):
            self.assertEqual(self.fetch(self.serve()).body, GOOD)
        with patch.dict(os.environ, {"REQUESTS_CA_BUNDLE": self.ca_file, "CURL_CA_BUNDLE": self.ca_file}):
            self.assertRefused(self.serve(), document.UNREACHABLE, ca_file=None)

    def test_no_redirect_is_followed(self):
        """MCP 2026-07-28 client-registration."""
        target = self.serve()
        for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent", "300 Choices"):
            with self.subTest(status=status):
                location = f"https://{HOST}:{target.port}/client.json"
                self.assertRefused(self.serve(answer(status=status, Location=location)), "leads to another")
        self.assertEqual(target.connections, 0)

    def test_only_200_is_a_document(self):
        """MCP 2026-07-28 client-registration."""
        for status in ("201 Created", "204 No Content", "206 Partial", "401 No", "404 Not Found", "500 Oops"):
            with self.subTest(status=status):
                self.assertRefused(self.serve(answer(status=status)), f"status {status[:3]}")

    def test_only_json_is_a_document(self):
        """CIMD draft §4: application/json or application/…+json."""
        for media in ("application/json; charset=utf-8", "Application/JSON", "application/cimd+json"):
            with self.subTest(media=media):
                self.assertEqual(self.fetch(self.serve(answer(Content_Type=media))).body, GOOD)
        for media in (
            None,
            "",
            "text/html",
            "text/json",
            "application/jsonp",
            "application/x-json",
            "xapplication/json",
        ):
            with self.subTest(media=media):
                self.assertRefused(self.serve(answer(Content_Type=media)), "application/json")

    def test_what_is_not_a_document_of_this_client_is_refused_by_its_reader(self):
        """PROTOCOL §2F: the client ID in it, and JSON."""
        for body in (b'{"client_id":"https://evil.example/client.json"}', b"<html>", b""):
            with self.subTest(body=body):
                server = self.serve(answer(body))
                with self.assertRaises(registration.Refused):
                    registration.from_document(self.fetch(server).body, f"https://{HOST}:{server.port}/client.json")

    def test_5_kb_are_read_and_no_more(self):
        """CIMD draft §6.6."""
        longest, too_long = b"x" * document.MAX_BYTES, b"x" * (document.MAX_BYTES + 1)
        self.assertEqual(self.fetch(self.serve(answer(longest))).body, longest)
        for case, reply in (
            ("announced", answer(too_long)),
            ("not announced", answer(too_long, Content_Length=None)),
            (
                "chunked",
                answer(b"1401\r\n" + too_long + b"\r\n0\r\n\r\n", Content_Length=None, Transfer_Encoding="chunked"),
            ),
            ("packed", answer(gzip.compress(too_long), Content_Encoding="gzip")),
        ):
            with self.subTest(case=case):
                self.assertRefused(self.serve(reply), "longer than")

    def test_an_endless_answer_is_left(self):
        """Ours: what was not read does not matter."""

        def endless():
            yield answer(b"", Content_Length=None)
            while True:
                yield b"x" * 65536

        server = self.serve(endless)
        with self.within(3):
            self.assertRefused(server, "longer than")
        self.assertTrue(server.closed_by_client.wait(3))

    def test_a_bomb_does_not_go_off(self):
        """Ours: 50 MB that fit into 50 kB, once and twice packed."""
        bomb = gzip.compress(b"\0" * 50_000_000)
        self.assertRefused(self.serve(answer(bomb, Content_Encoding="gzip")), "longer than")
        self.assertEqual(self.fetch(self.serve(answer(gzip.compress(GOOD), Content_Encoding="gzip"))).body, GOOD)
        for encoding in ("gzip, gzip", "br", "zstd", "deflate", "x"):
            with self.subTest(encoding=encoding):
                self.assertRefused(self.serve(answer(gzip.compress(bomb), Content_Encoding=encoding)), "packed")
        self.assertRefused(self.serve(answer(b"no gzip", Content_Encoding="gzip")))

    def test_whatever_is_slow_ends_in_time_and_stops(self):
        """5 s in all, not for each packet: a drip never runs into a socket's time limit."""

        def drip(start: bytes):
            def chunks():
                yield start
                while True:
                    time.sleep(0.05)
                    yield b"a"

            return chunks

        for case, reply in (
            ("in the status line", drip(b"HTTP/1.1 ")),
            ("in the headers", drip(b"HTTP/1.1 200 OK\r\nX-A: ")),
            ("in the body", drip(answer(b"", Content_Length="5000"))),
        ):
            with self.subTest(case=case), patch.object(document, "SECONDS", 0.5), self.within(1.5):
                server = self.serve(reply)
                self.assertRefused(server, document.TOO_SLOW)
                self.assertTrue(server.closed_by_client.wait(1), "the connection lives on")

    def test_a_name_server_that_does_not_answer_costs_no_more_time(self):
        """As above; and when the name comes at last, nobody connects any more."""
        server, done = self.serve(), threading.Event()

        def resolve(_host, _port):
            time.sleep(0.6)
            done.set()
            return ["127.0.0.1"]

        with patch.object(document, "SECONDS", 0.2), self.within(0.55):
            self.assertRefused(server, document.TOO_SLOW, resolve=resolve)
        done.wait(2)
        time.sleep(0.1)
        self.assertEqual(server.connections, 0)

    def test_a_broken_answer_is_refused(self):
        """Ours: no other exception leaves."""
        for reply in (
            b"",
            b"\0\xff\r\n\r\n",
            b"HTTP/9.9 abc\r\n\r\n",
            answer(Content_Length="-1"),
            answer(Content_Length="x"),
            answer(Content_Length="500"),
            answer(b"zz\r\n", Content_Length=None, Transfer_Encoding="chunked"),
            b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
            b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70000 + b"\r\n\r\n",
        ):
            with self.subTest(reply=reply[:60]):
                try:
                    self.fetch(self.serve(reply))
                except document.DocumentError as problem:
                    self.assertNotIn("127.0.0.1", str(problem))
        nobody = self.serve()
        nobody.close()
        self.assertRefused(nobody, document.UNREACHABLE)

    def test_how_long_it_may_be_kept(self):
        """CIMD draft §4.4, RFC 9111 §5.2.2; within one minute and one day."""
        for header, seconds in (
            (None, None),
            ("", None),
            ("public", None),
            ("max-age=600", 600),
            ("public, Max-Age=600, must-revalidate", 600),
            ('max-age="600"', 600),
            ("max-age=0", 60),
            ("max-age=59", 60),
            ("max-age=86401", 86400),
            ("max-age=" + "9" * 5000, 86400),
            ("max-age=-1", None),
            ("max-age=٣", None),
            ("max-age", None),
            ("no-store", 60),
            ("no-cache, max-age=600", 60),
            ("s-maxage=600", None),
        ):
            with self.subTest(header=header and header[:40]):
                self.assertEqual(document._max_age(header or ""), seconds)
        self.assertEqual(self.fetch(self.serve(answer(Cache_Control="max-age=600"))).max_age, 600)


class TestAddress(BaseCase):
    def test_what_may_be_the_address_of_a_document(self):
        """CIMD draft §3; PROTOCOL §6."""
        for url in (
            "https://claude.ai/oauth/claude-code-client-metadata",
            "https://vscode.dev/oauth/client-metadata.json",
            "https://chatgpt.com/oauth/Zx81/client.json",
            "https://app.example.com:8443/client.json?v=1",
        ):
            with self.subTest(url=url):
                self.assertIsNone(document.check_url(url))

    def test_what_may_not(self):
        """CIMD draft §3: https, a path, no dot segments, no fragment, no user."""
        for url in (
            "",
            "mcp_client_1",
            "http://app.example.com/client.json",
            "HTTPS://app.example.com/client.json",
            "https://app.example.com",
            "https://app.example.com/",
            "https://app.example.com?x=/a",
            "https:///client.json",
            "https://app.example.com/./client.json",
            "https://app.example.com/a/../client.json",
            "https://app.example.com/%2e%2e/client.json",
            "https://app.example.com/client.json#x",
            "https://app.example.com/client.json#",
            "https://user@app.example.com/client.json",
            "https://user:pass@app.example.com/client.json",
            "https://app.example.com:0/client.json",
            "https://app.example.com:99999/client.json",
            "https://app.example.com:x/client.json",
            "https://app.example.com\\@evil.example/client.json",
            "https://app.example.com/client json",
            "https://app.example.com/client.json\n",
            "https://münchen.example/client.json",
            "https://app.example.com/" + "a" * 2000,
        ):
            with self.subTest(url=url):
                self.assertTrue(document.check_url(url))
                with self.assertRaises(document.DocumentError):
                    document.fetch(url, resolve=lambda *_: self.fail("it was resolved"))
