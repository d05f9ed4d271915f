import secrets as random

from passlib.context import CryptContext

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..oauth import redirects
from ..protocol import credentials

# As Odoo hashes its own keys: random secrets need no slow hash, but people's habits with secrets may (DESIGN §4).
HASHES = CryptContext(["pbkdf2_sha512"], pbkdf2_sha512__rounds=6000)
KINDS = [("manual", "Made by Hand"), ("dynamic", "Registered by Itself"), ("document", "Metadata Document")]
AUTH_METHODS = [
    ("none", "None (public)"),
    ("client_secret", "Secret Key"),
    ("private_key_jwt", "Signed with its Own Key"),
]

# With these an application can act by itself.
SECRETS_AND_USE = frozenset({"allows_client_credentials", "auth_method", "jwks"})


class McpOauthClient(models.Model):
    """A registered application: made by hand, registered by itself (RFC 7591), or known by its metadata document."""

    _name = "mcp.oauth.client"
    _description = "MCP OAuth Client"
    _order = "id desc"
    _allow_sudo_commands = False

    name = fields.Char(required=True)
    client_id = fields.Char(
        "Client ID", required=True, readonly=True, copy=False, default=lambda self: self._new_client_id()
    )
    kind = fields.Selection(KINDS, required=True, readonly=True, default="manual", index=True)
    auth_method = fields.Selection(AUTH_METHODS, "Authentication", required=True, default="client_secret")
    redirect_uris = fields.Text(
        "Redirect Addresses", help="Where a person is sent back to after consent, one address a line."
    )
    allows_client_credentials = fields.Boolean(
        "Server to Server", help="The application gets tokens by itself, for the user of its connection."
    )
    jwks = fields.Text("Public Keys", help="JSON Web Key Set, for an application that signs with its own key.")
    registered_ip = fields.Char("Registered From", readonly=True)
    document_until = fields.Datetime("Document Good Until", readonly=True)
    secret_ids = fields.One2many("mcp.oauth.secret", "client_ref_id")
    connection_ids = fields.One2many("mcp.connection", "oauth_client_id")
    secret_hint = fields.Char("Secret Key", compute="_compute_secret_hint")
    # Of the secret that died last: read only after another one failed, and it can authenticate nothing (DESIGN §4).
    retired_hash = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)

    _client_id_unique = models.Constraint("UNIQUE (client_id)", "There is an OAuth client of this id already.")

    @api.model
    def _new_client_id(self) -> str:
        # Never an address: those are metadata documents (client-id-metadata-document §3).
        return f"mcp_client_{random.token_hex(16)}"

    @api.depends("secret_ids.expires_at")
    def _compute_secret_hint(self):
        for client in self:
            client.secret_hint = client.sudo().secret_ids._live()[:1].hint

    @api.constrains("allows_client_credentials", "redirect_uris")
    def _check_one_use(self):
        for client in self:
            # Else who consents, and may take it back, would have let it act by itself as well.
            if client.allows_client_credentials and client._redirect_uris():
                raise ValidationError(
                    self.env._(
                        "%(name)s works either by itself, from server to server, or for people who log in: make one "
                        "OAuth client for each.",
                        name=client.name,
                    )
                )

    @api.constrains("redirect_uris")
    def _check_redirect_uris(self):
        for client in self:
            for uri in client._redirect_uris():
                if problem := redirects.problem_with(uri):
                    raise ValidationError(self.env._("%(uri)s: %(problem)s", uri=uri, problem=problem))

    def _redirect_uris(self) -> list[str]:
        return [line.strip() for line in (self.redirect_uris or "").splitlines() if line.strip()]

    @api.model_create_multi
    def create(self, vals_list):
        clients = super().create(vals_list)
        for client in clients.filtered(lambda client: client.kind == "manual"):
            # At once, so that it can be restricted before anyone uses it (DESIGN §5).
            self.env["mcp.connection"].create({"name": client.name, "type": "oauth", "oauth_client_id": client.id})
        return clients

    def write(self, vals):
        done = super().write(vals)
        if not SECRETS_AND_USE.isdisjoint(vals):
            self.connection_ids._check_server_to_server()
        return done

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.connection_ids:
            raise UserError(self.env._("This OAuth client has connections, whose history stays. Revoke them instead."))

    @api.model
    def _find(self, client_id: str):
        """The OAuth client of an id that came over the wire, or none."""
        return self.search([("client_id", "=", client_id)]) if client_id else self.browse()

    # Secrets

    def _new_secret(self) -> str:
        """Mint a secret beside those that live; the plaintext is returned and kept nowhere."""
        self.ensure_one()
        secret = credentials.mint(credentials.Kind.CLIENT_SECRET)
        self.env["mcp.oauth.secret"].sudo().create(
            {
                "client_ref_id": self.id,
                "secret_hash": HASHES.hash(secret),
                "hint": credentials.parse(secret).hint,
            }
        )
        return secret

    def _secret_of(self, secret: str):
        """The one of the secrets that live with this plaintext, or none."""
        live = self.sudo().secret_ids._live() if credentials.parse(secret) else self.env["mcp.oauth.secret"]
        return live.filtered(lambda row: HASHES.verify(secret, row.secret_hash))

    def _notice_retired_secret(self, secret: str, ip: str) -> bool:
        """Raise the alarm if ``secret``, which was refused, is the one that died last (FEATURES K6).

        One connection is told for all that share the OAuth client: its owner, and the administrators.

        :return: whether it is
        """
        client, parsed = self.sudo(), credentials.parse(secret)
        is_retired = bool(parsed and client.retired_hash and HASHES.verify(secret, client.retired_hash))
        if is_retired:
            connections = client.connection_ids.sorted("id")
            told = (connections.filtered(lambda c: c.state != "revoked") or connections)[:1]
            if told:
                told._raise_alarm("retired_secret", parsed.hint, ip)
        return is_retired

    def _rotate_secret(self) -> str:
        """Mint a new secret and kill the others; every connection of this client notices."""
        self.ensure_one()
        client = self.sudo()
        for connection in client.connection_ids.sorted("id"):
            connection._touch_credential()
        client.secret_ids._retire("rotated")
        return client._new_secret()

    # Their connections

    def _connection_of(self, user):
        """The connection of ``user`` that is not revoked, or none."""
        return self.sudo().connection_ids.filtered(lambda c: c.state != "revoked" and c.user_id == user)

    def _pattern_connection(self):
        """The connection whose limits a new one inherits: the one that an administrator could restrict first."""
        return self.sudo().connection_ids.sorted("id")[:1]


class McpOauthSecret(models.Model):
    """A live secret of an OAuth client (two during an overlap): what the database keeps of it."""

    _name = "mcp.oauth.secret"
    _description = "MCP OAuth Client Secret"
    _inherit = ["mcp.connection.dependent", "mcp.live.secret"]
    _order = "id desc"
    _allow_sudo_commands = False

    client_ref_id = fields.Many2one("mcp.oauth.client", "OAuth Client", required=True, index=True, ondelete="cascade")
    secret_hash = fields.Char(required=True, readonly=True, copy=False, groups=fields.NO_ACCESS)
    hint = fields.Char("Secret Key", required=True, readonly=True)

    def _connections(self):
        return self.sudo().client_ref_id.connection_ids

    @api.model
    def _old_of(self, connections):
        """Old ones of an overlap that nobody has a use for once ``connections`` are revoked."""
        clients = connections.sudo().oauth_client_id
        unshared = clients.filtered(lambda c: c.connection_ids.filtered(lambda c: c.state != "revoked") <= connections)
        return unshared.secret_ids.filtered("expires_at")

    @api.model
    def _alive_of(self, connections) -> tuple[str, int]:
        return self.env._("old Secret Keys"), len(self._old_of(connections))

    @api.model
    def _on_connections_revoked(self, connections) -> None:
        # The newest stays, and gets nothing without a new consent: a reactivated connection needs no new one (SPEC).
        self._old_of(connections)._retire("revoked")

    def _retire(self, reason: str) -> None:
        """Delete the secrets; of the newest, its OAuth client keeps what the alarm needs."""
        for client, secrets in self.sudo().grouped("client_ref_id").items():
            client.retired_hash = secrets.sorted("id")[-1:].secret_hash
        self.sudo().unlink()
