import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from odoo import api, models

from ..protocol import credentials

# How long a person may take to answer what a tool asks back.
SEAL_SECONDS = 15 * 60


class McpSecret(models.AbstractModel):
    """How a secret becomes what the database keeps of it (DESIGN §4)."""

    _name = "mcp.secret"
    _description = "MCP Secret"

    @api.model
    def _pepper(self) -> bytes:
        """The key of every digest, 32 bytes, different in each database.

        Derived from Odoo's own ``database.secret``, which Odoo renews when a database is copied: the copy then accepts
        no key of the original.
        """
        return self._derived(b"mcp_gateway credential digest")

    @api.model
    def _derived(self, purpose: bytes) -> bytes:
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return hmac.digest(secret.encode(), purpose, hashlib.sha256)

    @api.model
    def _digest(self, secret: str) -> str:
        return credentials.digest(secret, self._pepper())

    @api.model
    def _fingerprint(self) -> str:
        """Tells two peppers apart without revealing either."""
        return hashlib.sha256(b"mcp_gateway fingerprint" + self._pepper()).hexdigest()[:16]

    @api.model
    def _authenticated(self, purpose: bytes, values: list) -> str:
        """A digest that only this database can make: who changes ``values``, of JSON, cannot make theirs.

        :param purpose: keeps digests for different uses apart
        """
        return hmac.digest(self._derived(purpose), _canonical(values).encode(), hashlib.sha256).hex()

    # What a client carries for us between two rounds of one call (2026-07-28, basic/patterns/mrtr): it can neither read
    # nor change it, and it is worth something only with the request and the connection it was made for.

    @api.model
    def _seal(self, values: dict[str, Any], bound_to: list) -> str:
        """:param bound_to: JSON values that must be the same when the seal is opened"""
        return self._fernet().encrypt(json.dumps([values, _canonical(bound_to)]).encode()).decode()

    @api.model
    def _open_seal(self, sealed: str, bound_to: list) -> dict[str, Any] | None:
        """The values of ``_seal``, or None if it is not ours, too old, or was made for something else."""
        try:
            values, bound = json.loads(self._fernet().decrypt(sealed.encode(), ttl=SEAL_SECONDS))
        except (InvalidToken, UnicodeEncodeError):
            return None
        return values if bound == _canonical(bound_to) else None

    @api.model
    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._derived(b"mcp_gateway request state")))


def _canonical(values: list) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
