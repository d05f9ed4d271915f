from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.protocol import errors
from odoo.addons.mcp_gateway.protocol.revisions import LEGACY_ERA, MODERN_ERA

CODES = {name: value for name, value in vars(errors).items() if name.isupper() and isinstance(value, int)}


class TestErrors(BaseCase):
    def test_each_code_has_the_http_status_of_its_era(self):
        """PROTOCOL §2A last row (modern) and §2B last row (legacy)."""
        for code, modern, legacy in (
            (-32700, 400, 400),
            (-32600, 400, 400),
            (-32601, 404, 200),
            (-32602, 400, 200),
            (-32603, 200, 200),
            (-32020, 400, 200),
            (-32021, 400, 200),
            (-32022, 400, 400),
            (errors.UNAUTHORIZED, 401, 401),
            (errors.FORBIDDEN, 403, 403),
            (errors.SESSION_GONE, 404, 404),
            (errors.METHOD_NOT_ALLOWED, 405, 405),
            (errors.TOO_LARGE, 413, 413),
            (errors.MEDIA_TYPE, 415, 415),
            (errors.RATE_LIMITED, 429, 429),
            (errors.SWITCHED_OFF, 503, 503),
            (errors.BUSY, 503, 503),
        ):
            with self.subTest(code=code):
                self.assertEqual(errors.http_status(code, MODERN_ERA), modern)
                self.assertEqual(errors.http_status(code, LEGACY_ERA), legacy)

    def test_every_code_has_a_status_and_no_two_are_equal(self):
        """Ours."""
        self.assertEqual(len(set(CODES.values())), len(CODES))
        for name, code in CODES.items():
            for era in (LEGACY_ERA,) if code == errors.LEGACY_RESOURCE_NOT_FOUND else (MODERN_ERA, LEGACY_ERA):
                with self.subTest(name=name, era=era):
                    self.assertIn(errors.http_status(code, era) // 100, (2, 4, 5))

    def test_only_defined_codes_lie_in_the_reserved_range(self):
        """2026-07-28 basic/index, Error Codes: nothing else of -32020…-32099, -32002 in the legacy era only."""
        reserved = {code for code in CODES.values() if -32768 <= code <= -32000 and code != -32002}
        self.assertEqual(reserved, {-32700, -32600, -32601, -32602, -32603, -32020, -32021, -32022})
        with self.assertRaises(KeyError):
            errors.http_status(-32002, MODERN_ERA)
