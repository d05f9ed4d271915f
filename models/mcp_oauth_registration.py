import json
import logging
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models

from ..oauth import document, registration
from ..oauth.server import Answer
from ..protocol import addresses
from ..protocol.credentials import redact
from .oauth_store import _may_be_acted_as
from .side_cursor import side_cursor

_logger = logging.getLogger(__name__)

# A document that names no time is asked for again after this.
DEFAULT_SECONDS = 3600
# One address (of IPv6: one /64) that registers more than this an hour is no AI tool; those of one provider share a few.
PER_HOUR = 60
# Registered, and nobody ever consented.
UNUSED_DAYS = 7
BATCH = 500


class McpOauthServer(models.AbstractModel):
    """How applications become known: by registering (RFC 7591), or by the document that their id is the address of."""

    _inherit = "mcp.oauth.server"

    @api.model
    def _register_client(self, body: bytes, content_type: str, remote_addr: str) -> Answer:
        settings = self.env["mcp.settings"]._get()
        if not settings.enabled or not settings.allow_registration:
            # As if there were no such endpoint, which the metadata does not name either.
            return Answer(403, {"error": "access_denied", "error_description": "Registration is switched off."}, [])
        if content_type.partition(";")[0].strip().lower() != "application/json":
            return _refused(415, "invalid_client_metadata", "Send the metadata as application/json.")
        clients = self.env["mcp.oauth.client"].sudo()
        hour_ago = fields.Datetime.now() - timedelta(hours=1)
        site = addresses.site(remote_addr)
        recent = [("registered_ip", "=", site), ("create_date", ">", hour_ago)]
        if clients.search_count(recent, limit=PER_HOUR) >= PER_HOUR:
            return Answer(429, {"error": "temporarily_unavailable"}, [("Retry-After", "3600")])
        try:
            wanted = registration.from_registration(body)
        except registration.Refused as problem:
            return _refused(400, problem.error, problem.description)
        if wanted.jwks_uri:
            # Nobody has logged in: this server fetches nothing for them.
            return _refused(400, "invalid_client_metadata", "Send the keys themselves, as jwks.")
        client = clients.create(self._values_of(wanted) | {"kind": "dynamic", "registered_ip": site})
        secret = client._new_secret() if client.auth_method == "client_secret" else None
        self.env["mcp.audit.log"]._record_event(
            "oauth_registration", ip=remote_addr, client=client.name, user_ref=None, user_name=None
        )
        issued_at = int(client.create_date.timestamp())
        answer = registration.response(wanted, client_id=client.client_id, issued_at=issued_at, client_secret=secret)
        return Answer(201, answer, [])

    @api.model
    def _needs_document(self, client_id: str) -> bool:
        """Whether a client id is the address of a document that is not known, or too old."""
        if not client_id.startswith("https://"):
            return False
        known = self.env["mcp.oauth.client"].sudo()._find(client_id)
        return not (known and known.document_until and known.document_until > fields.Datetime.now())

    @api.model
    def _why_no_fetch(self, user) -> tuple[str, int] | None:
        """Why nothing is fetched for ``user`` now, and for how many seconds; None if they may have it.

        :return: ``group`` or ``often``; each fetch holds a worker until somebody else's server has answered
        """
        if not _may_be_acted_as(user):
            return "group", 0
        counted = self.env["mcp.throttle"]._count_fetch(user, self.env["mcp.gateway"]._clock())
        return ("often", counted.seconds) if counted.is_over else None

    @api.model
    def _refresh_document(self, client_id: str) -> None:
        """Fetch the document that a client id is the address of.

        For someone who may let applications in only: it makes this server wait for another one. Kept in a transaction
        beside the request's, which cannot see it then: the request has to begin again.

        :raise document.DocumentError, registration.Refused: nothing is kept then
        """
        fetched = self._fetch_document(client_id)
        wanted = registration.from_document(fetched.body, client_id)
        seconds = DEFAULT_SECONDS if fetched.max_age is None else fetched.max_age
        values = self._values_of(wanted) | {"document_until": fields.Datetime.now() + timedelta(seconds=seconds)}
        with side_cursor(self.env.registry) as cr:
            # Two people at once: the second waits, and finds the row of the first.
            cr.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [client_id])
            clients = api.Environment(cr, SUPERUSER_ID, {})["mcp.oauth.client"]
            if client := clients._find(client_id):
                client.write(values)
            else:
                clients.create(values | {"client_id": client_id, "kind": "document"})

    @api.model
    def _values_of(self, wanted: registration.ClientMetadata) -> dict:
        """:raise document.DocumentError, registration.Refused: if its keys lie elsewhere and cannot be had"""
        method = wanted.token_endpoint_auth_method
        keys = wanted.jwks
        if method == "private_key_jwt" and wanted.jwks_uri:
            keys = registration.keys_from(self._fetch_document(wanted.jwks_uri).body)
        return {
            "name": redact(wanted.client_name or self.env._("Unnamed application")),
            "auth_method": "client_secret" if method.startswith("client_secret") else method,
            "redirect_uris": "\n".join(wanted.redirect_uris),
            "jwks": json.dumps(keys) if keys else False,
        }

    @api.model
    def _fetch_document(self, url: str):
        """Apart, so that a test can allow a server of its own."""
        return document.fetch(url)


class McpOauthClient(models.Model):
    _inherit = "mcp.oauth.client"

    @api.autovacuum
    def _gc_unused(self):
        """Forget registrations that never led to a consent; what was used once is kept (PROTOCOL §7.8)."""
        limit = fields.Datetime.now() - timedelta(days=UNUSED_DAYS)
        unused = self.sudo().search(
            [("kind", "!=", "manual"), ("create_date", "<", limit), ("connection_ids", "=", False)], limit=BATCH
        )
        unused.unlink()
        return len(unused), len(unused) == BATCH


def _refused(status: int, error: str, description: str) -> Answer:
    return Answer(status, {"error": error, "error_description": description}, [])
