from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.protocol import revisions
from odoo.addons.mcp_gateway.protocol.revisions import LEGACY_ERA, MODERN_ERA


class TestRevisions(BaseCase):
    def test_the_era_follows_from_the_header_and_meta(self):
        """PROTOCOL §2B, Era selection."""
        for header, meta_version, era in (
            (None, None, LEGACY_ERA),
            ("2025-11-25", None, LEGACY_ERA),
            ("2025-06-18", None, LEGACY_ERA),
            ("2025-03-26", None, LEGACY_ERA),
            ("2024-11-05", None, LEGACY_ERA),
            ("2025-11-25", "2026-07-28", LEGACY_ERA),
            ("2026-07-28", None, MODERN_ERA),
            ("2026-07-28", "2026-07-28", MODERN_ERA),
            ("2025-01-01", None, MODERN_ERA),
            ("v999.0.0", None, MODERN_ERA),
            ("", None, MODERN_ERA),
            ("2025-11-25,2025-11-25", None, MODERN_ERA),
            (None, "2026-07-28", MODERN_ERA),
            (None, "2025-11-25", MODERN_ERA),
            (None, 5, MODERN_ERA),
        ):
            with self.subTest(header=header, meta_version=meta_version):
                self.assertEqual(revisions.era_of(header, meta_version), era)

    def test_initialize_gets_what_it_asked_for_or_the_newest_that_has_initialize(self):
        """2025-11-25 basic/lifecycle, Version Negotiation; never 2026-07-28, which has no initialize."""
        for requested in revisions.LEGACY:
            with self.subTest(requested=requested):
                self.assertEqual(revisions.negotiate(requested), requested)
        for requested in ("2026-07-28", "1999-01-01", "", None, 5, ["2025-06-18"], {}):
            with self.subTest(requested=requested):
                self.assertEqual(revisions.negotiate(requested), "2025-11-25")

    def test_all_revisions_are_listed_newest_first(self):
        """2026-07-28 basic/versioning."""
        self.assertEqual(revisions.SUPPORTED, ("2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"))
