"""Rules about addresses: IPv4, IPv6, mapped, networks, comments, wrong lines (FEATURES G5)."""

from odoo.tests import BaseCase

from ..protocol import addresses

RULES = """
# the office
192.0.2.0/24
198.51.100.7   # the VPN
2001:db8:1::/48
::ffff:203.0.113.0/120
"""


class TestAddresses(BaseCase):
    def test_only_what_is_allowed_gets_in(self):
        for address, expected in (
            ("192.0.2.1", True),
            ("192.0.3.1", False),
            ("198.51.100.7", True),
            ("198.51.100.8", False),
            ("2001:db8:1:ffff::1", True),
            ("2001:db8:2::1", False),
            ("::ffff:192.0.2.1", True),
            ("::ffff:192.0.3.1", False),
            ("203.0.113.9", True),
            ("203.0.114.9", False),
            ("fe80::1%eth0", False),
        ):
            with self.subTest(address):
                self.assertEqual(addresses.permits(RULES, None, address), expected)

    def test_blocking_wins(self):
        self.assertFalse(addresses.permits("192.0.2.0/24", "192.0.2.66", "192.0.2.66"))
        self.assertFalse(addresses.permits("192.0.2.66", "192.0.2.0/24", "192.0.2.66"))
        self.assertTrue(addresses.permits("192.0.2.0/24", "192.0.2.66", "192.0.2.67"))
        self.assertTrue(addresses.permits(None, "192.0.2.66", "2001:db8::1"))
        self.assertFalse(addresses.permits(None, "192.0.2.66", "::ffff:192.0.2.66"))
        self.assertFalse(addresses.permits("", "::/0", "2001:db8::1"))
        self.assertTrue(addresses.permits("", "::/0", "192.0.2.1"))

    def test_without_rules_everyone_gets_in(self):
        for rules in (None, "", "  \n# nothing but a comment\n"):
            self.assertTrue(addresses.permits(rules, rules, "192.0.2.1"))
            self.assertTrue(addresses.permits(rules, rules, None))

    def test_who_has_no_address_gets_in_nowhere_where_there_are_rules(self):
        for address in (None, "", "unix", "192.0.2.300", "192.0.2.1, 203.0.113.9"):
            with self.subTest(address):
                self.assertFalse(addresses.permits("0.0.0.0/0\n::/0", None, address))
                self.assertFalse(addresses.permits(None, "192.0.2.1", address))

    def test_the_first_wrong_line_is_named(self):
        for line in ("192.0.2.300", "192.0.2.1/24", "office", "192.0.2.1-192.0.2.9", "10.0.0.0/33", "1.2.3", "::1::"):
            with self.subTest(line), self.assertRaises(addresses.InvalidRule) as raised:
                addresses.parse(f"# comment\n\n192.0.2.1\n  {line}  # why\nworse")
            self.assertEqual((raised.exception.number, raised.exception.line), (4, line))

    def test_a_site_of_ipv6_is_its_64(self):
        self.assertEqual(addresses.site("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64")
        self.assertEqual(addresses.site("2001:db8:1:2::"), addresses.site("2001:db8:1:2:ffff::1"))
        self.assertEqual(addresses.site("::ffff:192.0.2.1"), "192.0.2.1")
        self.assertEqual(addresses.site("192.0.2.1"), "192.0.2.1")
        self.assertEqual(addresses.site(None), "unknown")
