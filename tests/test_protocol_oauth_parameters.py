import base64
from urllib.parse import urlencode

from authlib.oauth2.rfc6749.util import extract_basic_authorization
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.oauth import parameters

repeatable = settings(max_examples=300, derandomize=True, deadline=None, database=None)
FORM = "application/x-www-form-urlencoded"


def basic(text: str | bytes) -> str:
    return "Basic " + base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


class ParametersCase(BaseCase):
    def assertRefused(self, call, *arguments, error="invalid_request", status=400):
        with self.assertRaises(parameters.Refused) as caught:
            call(*arguments)
        problem = caught.exception
        self.assertEqual((problem.error, problem.status), (error, status))
        # RFC 6749 §5.2.
        self.assertRegex(problem.description, r"\A[\x20-\x21\x23-\x5b\x5d-\x7e]+\Z")
        self.assertEqual(bool(problem.headers), status == 401)


class TestReading(ParametersCase):
    def test_parameters_are_decoded(self):
        """RFC 6749 appendix B."""
        found = parameters.from_query(b"client_id=a%20b+c&redirect_uri=https%3A%2F%2Fh%2F%3Fa%3Db%26c&scope=x%2By")
        self.assertEqual(found, {"client_id": "a b c", "redirect_uri": "https://h/?a=b&c", "scope": "x+y"})

    def test_a_parameter_without_a_value_is_absent(self):
        """RFC 6749 §3.1, §3.2."""
        self.assertEqual(parameters.from_query(b"scope=&state&&client_id=x&"), {"client_id": "x"})
        self.assertEqual(parameters.from_query(b""), {})

    def test_unknown_parameters_are_passed_over(self):
        """RFC 6749 §3.1: unrecognised request parameters MUST be ignored; request and request_uri are not ours."""
        query = urlencode({"client_id": "x", "utm": 'ü"\\', "request": "eyJ", "request_uri": "https://evil.example/"})
        self.assertEqual(parameters.from_query(query.encode()), {"client_id": "x"})

    def test_the_state_may_be_any_printable_text(self):
        """RFC 6749 appendix A.5."""
        state = "".join(map(chr, range(0x20, 0x7F)))
        self.assertEqual(parameters.from_query(urlencode({"state": state}).encode()), {"state": state})

    def test_every_doubled_parameter_is_refused(self):
        """RFC 6749 §3.1, §3.2; RFC 8707 §2 for the resource."""
        for name in [*sorted(parameters.KNOWN), "unknown"]:
            for query in (
                f"{name}=a&{name}=a",
                f"{name}=a&x=y&{name}=b",
                f"{name}=&{name}=b",
                f"{name}=a&{name[:-1]}%{ord(name[-1]):02x}=b",
            ):
                with self.subTest(query=query):
                    error = "invalid_target" if name == "resource" else "invalid_request"
                    self.assertRefused(parameters.from_query, query.encode(), error=error)

    def test_what_is_not_properly_encoded_is_refused(self):
        """RFC 3986 §2.1, RFC 6749 appendix B; issue "Bad input"."""
        for query in (
            b"state=%",
            b"state=%4",
            b"state=%zz",
            b"%=x",
            b"unknown=%g0",
            b"state=%ff",
            b"state=\xff",
            b"state=%ed%a0%80",
            b"%ff=x",
            b"unknown=%c0%80",
            b"unknown=%00",
            b"state=%0d%0aSet-Cookie:x",
            b"code=a\x00b",
            b"a%7fb=c",
        ):
            with self.subTest(query=query):
                self.assertRefused(parameters.from_query, query)

    def test_what_authlib_could_not_repeat_is_refused(self):
        """DESIGN §6; RFC 6749 appendix A."""
        for name in sorted(parameters.KNOWN):
            for value in ("é", "…", "\u202e", 'a"b', "a\\b"):
                if name == "state" and value.isascii():
                    continue
                with self.subTest(name=name, value=value):
                    self.assertRefused(parameters.from_query, urlencode({name: value}).encode())

    def test_sizes_have_limits(self):
        """Ours."""
        self.assertEqual(len(parameters.from_query(b"state=" + b"a" * parameters.MAX_VALUE)["state"]), 8192)
        for query in (
            b"state=" + b"a" * (parameters.MAX_VALUE + 1),
            b"a=b&" * parameters.MAX_BYTES,
            "&".join(f"p{number}=x" for number in range(parameters.MAX_COUNT + 1)).encode(),
        ):
            with self.subTest(query=query[:20]):
                self.assertRefused(parameters.from_query, query)

    @repeatable
    @given(
        st.binary(max_size=60) | st.lists(st.sampled_from((b"state", b"=", b"&", b"%", b"20", b"code"))).map(b"".join)
    )
    def test_any_bytes_are_read_or_refused(self, raw):
        """Ours: no other exception, and nothing that Authlib cannot carry."""
        try:
            found = parameters.from_query(raw)
        except parameters.Refused:
            return
        for name, value in found.items():
            self.assertIn(name, parameters.KNOWN)
            self.assertRegex(value, r"\A[\x20-\x7e]+\Z")


class TestForm(ParametersCase):
    def test_a_form_is_read_whatever_its_header_says_of_utf8(self):
        """RFC 6749 §3.2."""
        for content_type in (FORM, f"{FORM};charset=UTF-8", f'{FORM} ; charset="utf-8"', FORM.upper(), f"{FORM};"):
            with self.subTest(content_type=content_type):
                found = parameters.from_form(b"grant_type=refresh_token", content_type, {})
                self.assertEqual(found, {"grant_type": "refresh_token"})

    def test_another_content_type_is_refused(self):
        """RFC 6749 §3.2; issue "Bad input"."""
        for content_type in (
            "",
            "application/json",
            "multipart/form-data; boundary=x",
            f"{FORM}; charset=latin-1",
            "x" + FORM,
        ):
            with self.subTest(content_type=content_type):
                self.assertRefused(parameters.from_form, b"grant_type=x", content_type, {}, status=415)

    def test_the_client_may_be_named_in_header_and_form_if_it_is_one(self):
        """RFC 6749 §2.3: not two ways to authenticate; the ID may stand in the form too (§4.1.3)."""
        headers = {"Authorization": basic("mcp_client_1:secret")}
        for body in (b"", b"client_id=mcp_client_1", b"client_id=mcp_client_1&client_secret=secret"):
            with self.subTest(body=body):
                parameters.from_form(body, FORM, headers)
        for body in (b"client_id=other", b"client_id=mcp_client_1&client_secret=other"):
            with self.subTest(body=body):
                self.assertRefused(parameters.from_form, body, FORM, headers)

    def test_a_broken_basic_header_is_refused_before_authlib_sees_it(self):
        """RFC 6749 §5.2: 401 with the scheme that was used."""
        self.assertRefused(
            parameters.from_form, b"", FORM, {"Authorization": "Basic ?"}, error="invalid_client", status=401
        )


class TestBasic(ParametersCase):
    def test_what_is_no_basic_header_is_none(self):
        """RFC 9110 §11.4."""
        for header in (None, "", "Bearer abc", "Basically abc", "abc"):
            with self.subTest(header=header):
                self.assertIsNone(parameters.basic(header))

    def test_id_and_secret_are_decoded_as_in_a_form(self):
        """RFC 6749 §2.3.1."""
        for header, expected in (
            (basic("a:b"), ("a", "b")),
            (basic("a:b").replace("Basic", "bAsIc  "), ("a", "b")),
            (basic("a%3Ab:c%25"), ("a:b", "c%")),
            (basic("a:b:c"), ("a", "b:c")),
            (basic("a:"), ("a", "")),
            (basic("a:b") + " ", ("a", "b")),
        ):
            with self.subTest(header=header):
                self.assertEqual(parameters.basic(header), expected)

    def test_broken_headers_are_refused(self):
        """DESIGN §6."""
        for header in (
            "Basic",
            "Basic ",
            "Basic !",
            "Basic YTpiY",
            " ",
            "Bearer ",
            "Basic YTpi YTpi",
            "Basic YTpi, Basic YTpi",
            "Basic YTp\u00e9",
            "Basic\u00a0YTpi x",
            "Basic\tYTp x",
            basic("ab"),
            basic(":b"),
            basic(b"\xff:\xff"),
            basic("é:b"),
            basic("a:%C3%A9"),
            basic("a:%"),
            basic("a:%zz"),
            basic("a:b\n"),
            basic("a:%00"),
            basic('a":b'),
        ):
            with self.subTest(header=header):
                self.assertRefused(parameters.basic, header, error="invalid_client", status=401)

    @repeatable
    @given(
        st.sampled_from(("Basic ", "basic\t", "\u00a0Basic ", "Basic\u00a0", "Bearer", "")),
        st.text(max_size=20) | st.binary(max_size=20).map(base64.b64encode).map(bytes.decode),
        st.sampled_from(("", " ", " x")),
    )
    def test_what_passes_does_not_make_authlib_raise(self, scheme, token, rest):
        """DESIGN §6."""
        header = scheme + token + rest
        try:
            parameters.basic(header)
        except parameters.Refused:
            return
        extract_basic_authorization({"Authorization": header})
