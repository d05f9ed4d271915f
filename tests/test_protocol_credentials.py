import hashlib
import hmac
import json
import string
import time
from urllib.parse import quote

from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.protocol import credentials
from odoo.addons.mcp_gateway.protocol.credentials import Kind

SECRET = credentials.mint(Kind.API_KEY, lambda size: bytes(range(size)))


class TestMint(BaseCase):
    def test_a_secret_is_prefix_random_part_and_checksum(self):
        """DESIGN §4."""
        for kind in Kind:
            with self.subTest(kind=kind):
                self.assertRegex(credentials.mint(kind), rf"\Amcp_{kind.value}_[0-9A-Za-z]{{49}}\Z")

    def test_the_format_never_changes_because_issued_secrets_must_stay_valid(self):
        """DESIGN §4: base62 with digits first, zero padded; CRC-32 over what stands before."""
        for byte, expected in (
            (0x00, "mcp_ak_" + "0" * 43 + "2eEzbZ"),
            (0xFF, "mcp_ak_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp115ASej"),
        ):
            with self.subTest(byte=byte):
                self.assertEqual(credentials.mint(Kind.API_KEY, lambda size, byte=byte: bytes([byte]) * size), expected)

    def test_256_bits_are_asked_for_and_every_one_of_them_is_carried(self):
        """DESIGN §4."""
        asked = []
        credentials.mint(Kind.API_KEY, lambda size: asked.append(size) or bytes(size))
        self.assertEqual(asked, [32])
        made = {
            credentials.mint(Kind.API_KEY, lambda _size, bit=bit: (1 << bit).to_bytes(32, "big")) for bit in range(256)
        }
        self.assertEqual(len({secret[7:50] for secret in made}), 256)

    def test_two_secrets_differ(self):
        """Ours: the default is the operating system's randomness."""
        self.assertNotEqual(credentials.mint(Kind.CODE), credentials.mint(Kind.CODE))


class TestParse(BaseCase):
    def test_what_was_minted_is_recognised_with_its_kind(self):
        """DESIGN §4."""
        for kind in Kind:
            with self.subTest(kind=kind):
                secret = credentials.mint(kind)
                self.assertEqual(credentials.parse(secret), credentials.Secret(secret, kind))

    def test_every_single_wrong_character_is_noticed(self):
        """DESIGN §4: the checksum saves a query."""
        for index, character in enumerate(SECRET):
            with self.subTest(index=index):
                for wrong in set(string.ascii_letters + string.digits + "_-%é ") - {character}:
                    self.assertIsNone(credentials.parse(SECRET[:index] + wrong + SECRET[index + 1 :]), wrong)

    def test_every_cut_and_every_swap_of_neighbours_is_noticed(self):
        """DESIGN §4: the mistakes of a hurried copy."""
        for index in range(len(SECRET)):
            with self.subTest(index=index):
                self.assertIsNone(credentials.parse(SECRET[:index]))
                self.assertIsNone(credentials.parse(SECRET[index + 1 :]))
                self.assertIsNone(credentials.parse(SECRET[:index] + SECRET[index + 1 :]))
                swapped = SECRET[:index] + SECRET[index : index + 2][::-1] + SECRET[index + 2 :]
                self.assertTrue(swapped == SECRET or credentials.parse(swapped) is None)

    def test_what_is_not_exactly_a_secret_is_none(self):
        """DESIGN §4."""
        for text in (
            "",
            "mcp_ak_",
            SECRET[:-1],
            SECRET + "0",
            SECRET + "\n",
            " " + SECRET,
            SECRET.upper(),
            SECRET.replace("_ak_", "_zz_"),
            # The checksum covers the prefix: a token cannot pass as a key.
            SECRET.replace("_ak_", "_at_"),
            SECRET[:-1] + "é",
            SECRET[:-1] + "\u0661",
        ):
            with self.subTest(text=text):
                self.assertIsNone(credentials.parse(text))

    def test_a_secret_shows_only_its_hint(self):
        """DESIGN §2.1: no secret in a log, not even by a careless %r."""
        secret = credentials.parse(SECRET)
        self.assertEqual(secret.hint, f"mcp_ak_…{SECRET[-4:]}")
        self.assertNotIn(SECRET[7:20], repr(secret))
        self.assertNotIn(SECRET[7:20], repr(credentials.bearer(f"Bearer {SECRET}")))


class TestDigest(BaseCase):
    def test_the_digest_is_hmac_sha_256_in_hexadecimal(self):
        """DESIGN §4."""
        expected = hmac.new(b"pepper", SECRET.encode(), hashlib.sha256).hexdigest()
        self.assertEqual(credentials.digest(SECRET, b"pepper"), expected)

    def test_another_pepper_makes_another_digest(self):
        """DESIGN §4: a copy of the database accepts no production key."""
        self.assertNotEqual(credentials.digest(SECRET, b"one"), credentials.digest(SECRET, b"two"))


class TestRedact(BaseCase):
    def test_no_secret_is_left_whatever_stands_around_it(self):
        """DESIGN §2.1 and §4: addresses, JSON and tracebacks are where a secret leaks to."""
        for text in (
            SECRET,
            f"Bearer {SECRET}",
            f"POST /mcp?key={SECRET}&x=1 HTTP/1.1",
            quote(f"?key={SECRET}&x=1", safe=""),
            f"a%3D{SECRET}%20b",
            json.dumps({"key": f"{SECRET}\n"}),
            f"x{SECRET}_y",
            f"{SECRET}{SECRET}",
            SECRET.replace("_", "%5F"),
            SECRET.replace("_", "%5f"),
        ):
            with self.subTest(text=text):
                redacted = credentials.redact(text)
                self.assertIn("mcp_ak_…[redacted]", redacted)
                for start in range(7, len(SECRET) - 5):
                    self.assertNotIn(SECRET[start : start + 6], redacted)

    def test_what_is_nearly_a_secret_goes_too(self):
        """Ours: a cut or mistyped key is still most of a key."""
        for kind in Kind:
            secret = credentials.mint(kind)
            for text in (secret[:-1], secret[:23], secret + "0", secret[:-1] + "?"):
                with self.subTest(text=text):
                    self.assertTrue(credentials.redact(text).startswith(f"mcp_{kind.value}_…[redacted]"))
                    self.assertNotIn(secret[7:23], credentials.redact(text))

    def test_a_wrong_character_anywhere_leaves_nothing_that_could_be_guessed(self):
        """DESIGN §2.1: who knows all but one character knows the secret."""
        for wrong in ("-", "?", " ", "\n", "é", "%20", "%C3%A9", "x"):
            for index in range(7, len(SECRET)):
                with self.subTest(wrong=wrong, index=index):
                    redacted = credentials.redact(SECRET[:index] + wrong + SECRET[index + 1 :])
                    self.assertTrue(redacted.startswith("mcp_ak_…[redacted]"))
                    # No more than what follows 16 hidden characters, which are 95 bits.
                    self.assertLess(len(redacted.removeprefix("mcp_ak_…[redacted]")), len(SECRET) - 7 - 16 + 6)
                    self.assertNotIn(SECRET[7:23], redacted)

    def test_the_mark_of_a_secret_is_known_in_disguise(self):
        """Ours: keyboards capitalise, and an address within an address is encoded twice."""
        for text in (f"Mcp_{SECRET[4:]}", SECRET.replace("_", "%255F"), SECRET.replace("_", "%25255f", 1)):
            with self.subTest(text=text):
                self.assertEqual(credentials.redact(text), "mcp_ak_…[redacted]")

    def test_each_of_several_secrets_goes_and_the_text_between_stays(self):
        """DESIGN §2.1."""
        text = " and ".join(credentials.mint(kind) for kind in Kind)
        expected = " and ".join(f"mcp_{kind.value}_…[redacted]" for kind in Kind)
        self.assertEqual(credentials.redact(text), expected)
        self.assertEqual(credentials.redact(f"mcp_cs_, mcp_ak_ {SECRET},"), "mcp_cs_, mcp_ak_ mcp_ak_…[redacted],")
        self.assertEqual(credentials.redact(f"%22{SECRET}%22"), "%22mcp_ak_…[redacted]%22")

    def test_the_time_grows_with_the_length_only(self):
        """Ours: every line of the log passes here."""
        for part in ("mcp_ak_", "mcp_ak_" + "a" * 15, "mcp_ak_" + "a" * 15 + "-", "mcp_ak_" + "-a" * 20, "a", "%25"):
            with self.subTest(part=part):
                started = time.process_time()
                credentials.redact(part * (2**20 // len(part)))
                self.assertLess(time.process_time() - started, 1)

    def test_innocent_text_stays(self):
        """Ours."""
        for text in ("", "mcp_ak_", "mcp_gateway", "mcp_ak_…9xYz", "mcp_zz_" + "a" * 49, f"mcp_ak_{'a' * 15}"):
            with self.subTest(text=text):
                self.assertEqual(credentials.redact(text), text)
        self.assertEqual(credentials.redact(f"a {SECRET} b"), "a mcp_ak_…[redacted] b")

    def test_redacting_twice_is_redacting_once(self):
        """Ours: a record passes the log filter more than once."""
        for text in (f"?key={SECRET}", f"{SECRET} {'a' * 64}", f"{SECRET}-{'a' * 64}", SECRET + SECRET):
            with self.subTest(text=text):
                once = credentials.redact(text)
                self.assertEqual(credentials.redact(once), once)

    def test_the_pattern_finds_a_secret_in_an_address(self):
        """DESIGN §4: such a secret is reported to its owner as leaked, so it must be found exactly."""
        for text in (f"key={SECRET}&x=1", f"a%3D{SECRET}%26", f"x{SECRET}", f'"{SECRET}"', f"{SECRET}_", SECRET):
            with self.subTest(text=text):
                self.assertEqual(credentials.PATTERN.search(text)[0], SECRET)
        self.assertIsNone(credentials.PATTERN.search(SECRET + "0"))


class TestBearer(BaseCase):
    def test_one_token_after_the_scheme_is_the_token(self):
        """RFC 6750 §2.1; the scheme in any case and any spaces after it, RFC 9110 §11.1, §11.4."""
        for header in ("Bearer a-._~+/1==", "bearer a-._~+/1==", "BEARER   a-._~+/1==", " \tBearer a-._~+/1== "):
            with self.subTest(header=header):
                self.assertEqual(credentials.bearer(header), credentials.Bearer("a-._~+/1=="))

    def test_without_a_bearer_credential_there_is_none(self):
        """Ours: another scheme is no attempt at this one, so the answer is the bare challenge."""
        for header in (None, "", " ", "Basic YTpi", "Digest a=b, c=d", "Bearers token", SECRET, "é"):
            with self.subTest(header=header):
                self.assertEqual(credentials.bearer(header), credentials.Bearer())

    def test_anything_but_one_token_is_malformed(self):
        """RFC 6750 §2.1 and §3.1; RFC 9110 §5.2: two headers arrive joined by a comma."""
        for header in (
            "Bearer",
            "Bearer ",
            "bearer    ",
            "Bearer a b",
            "Bearer a,b",
            "Bearer a, Bearer a",
            "Bearer a,Bearer b",
            "Basic YTpi, Bearer a",
            "Basic YTpi,bearer a",
            "Bearer\ta",
            "Bearer,a",
            'Bearer "a"',
            "Bearer =a",
            "Bearer é",
            "Bearer a\n",
            "Bearer a\x00",
        ):
            with self.subTest(header=header):
                self.assertEqual(credentials.bearer(header), credentials.Bearer(malformed=True))
