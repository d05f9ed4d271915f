"""Two sealing runs do not take turns."""

import secrets

from odoo.addons.mcp_gateway.models import mcp_audit_seal

LINE = "2.6"
FILE = "test_audit_races.py"
TESTS = "several_sealing_runs"


def apply():
    # Every run has a lock of its own.
    mcp_audit_seal.LOCK = _Another()


class _Another(int):
    """A number that is never the same twice when psycopg writes it into a statement."""

    def __conform__(self, _protocol):
        return self

    def getquoted(self) -> bytes:
        return str(secrets.randbelow(2**62)).encode()
