from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.base.models.res_users import check_identity

from ..oauth import scopes
from ..toolsets.tool import SCOPES as ORDER
from .mcp_connection_credentials import MAKING

# What a connection passes on to one that is made at another consent to the same OAuth client.
INHERITED = (
    *("rate_minute", "rate_day", "max_in_flight"),
    *("allowed_ips", "blocked_ips", "approval_hours"),
)


class McpConnection(models.Model):
    """Connections of OAuth clients: one per client and user (DESIGN §5)."""

    _inherit = "mcp.connection"

    oauth_client_id = fields.Many2one(
        "mcp.oauth.client", "OAuth Client", readonly=True, index=True, ondelete="restrict"
    )
    # A consent may widen what a consent set, and nothing that an administrator set.
    is_scope_consented = fields.Boolean(readonly=True, copy=False)
    family_ids = fields.One2many("mcp.oauth.family", "connection_id", "Consents")
    sharing_count = fields.Integer(compute="_compute_sharing_count")
    can_rotate_secret = fields.Boolean(compute="_compute_can")

    _one_per_user = models.UniqueIndex(
        "(oauth_client_id, user_id) WHERE state != 'revoked' AND oauth_client_id IS NOT NULL",
        "This user has a connection of this OAuth client already.",
    )

    @api.depends("oauth_client_id.connection_ids.state")
    @api.depends_context("uid")
    def _compute_sharing_count(self):
        """How many other connections, not revoked, share the OAuth client: of those that the user may see."""
        clients = self.oauth_client_id
        domain = [("oauth_client_id", "in", clients.ids), ("state", "!=", "revoked")]
        counts = dict(self._read_group(domain, ["oauth_client_id"], ["__count"]))
        for connection in self:
            all_of_them = counts.get(connection.oauth_client_id, 0)
            connection.sharing_count = all_of_them - bool(all_of_them and connection.state != "revoked")

    @api.depends("oauth_client_id.auth_method", "oauth_client_id.connection_ids.user_id")
    def _compute_can(self):  # pylint: disable=missing-return
        super()._compute_can()
        for connection in self:
            connection.can_rotate_secret = connection.type == "oauth" and connection._may_make_secret()

    def _has_secrets_of_own(self) -> bool:
        sharing = self.sudo().oauth_client_id.connection_ids
        return super()._has_secrets_of_own() and (self._is_admin() or sharing.user_id <= self.env.user)

    def _may_make_secret(self) -> bool:
        return super()._may_make_secret() if self.type == "api_key" else not self._why_no_secret()

    def _why_no_secret(self) -> str | None:
        """Why the current user can make no Secret Key for this connection, or None if they can.

        A secret is good for every connection of its OAuth client, revoked ones too, which may come back.
        """
        client, name = self.sudo().oauth_client_id, self.display_name
        if client.auth_method != "client_secret":
            return self.env._("%(name)s has no Secret Key.", name=name)
        if self.state != "active":
            return self.env._("%(name)s is not active.", name=name)
        if not self._has_secrets_of_own():
            return self.env._("The Secret Key of %(name)s is not yours alone: ask an MCP Administrator.", name=name)
        if not all(connection._is_within_reach() for connection in client.connection_ids.with_env(self.env)):
            return self.env._(
                "A connection of the OAuth client %(client)s acts as a user with administration rights that you do not "
                "have. Only someone with the same rights can make a Secret Key for it.",
                client=client.name,
            )
        return None

    def _why_not(self, action: str) -> str:
        is_oauth = self.type == "oauth"
        if (action == "rotate_secret" or (is_oauth and action in MAKING)) and (why := self._why_no_secret()):
            return why
        if is_oauth and action == "overlap" and not self.key_hint:
            return self.env._("%(name)s has no Secret Key yet: click Rotate Secret Key.", name=self.display_name)
        return super()._why_not(action)

    # Its secrets are those of its OAuth client

    def _live_secrets(self):
        return self.oauth_client_id.secret_ids._live() if self.type == "oauth" else super()._live_secrets()

    def _mint_secret(self) -> str:
        return self.sudo().oauth_client_id._new_secret() if self.type == "oauth" else super()._mint_secret()

    def _show_secret(self, secret: str) -> dict:
        if self.type == "oauth":
            return self.env["mcp.oauth.secret.show"]._action_show_rotated(self, secret)
        return super()._show_secret(secret)

    # Buttons

    def action_rotate_secret(self):
        self._check_can("rotate_secret")
        return self._show_new_key("_rotate_secret_checked")

    def action_ask_rotate_secret(self):
        """Where others share the OAuth client, the question counts them."""
        self._check_can("rotate_secret")
        return self.env["mcp.oauth.ask"]._action_ask(self, "rotate_secret")

    def action_ask_revoke(self):
        self._check_can("revoke")
        return self.env["mcp.oauth.ask"]._action_ask(self, "revoke")

    def action_view_sharing(self):
        """All connections of the same OAuth client, to end them with Revoke Selected."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("mcp_gateway.mcp_connection_action")
        domain = [("oauth_client_id", "in", self.oauth_client_id.ids), ("state", "!=", "revoked")]
        return {**action, "domain": domain, "context": {}}

    @check_identity
    def _rotate_secret_checked(self):
        return self._rotate_secret()

    def _rotate_secret(self):
        self._check_can("rotate_secret")
        return self._show_secret(self._do_rotate_secret())

    @check_identity
    def _first_secret_checked(self):
        return self._first_secret()

    def _first_secret(self):
        """As Rotate Secret Key, for an application that was not told anything yet."""
        self._check_can("rotate_secret")
        secret = self._do_rotate_secret()
        return self.env["mcp.oauth.secret.show"]._action_show_created(self.oauth_client_id, secret)

    def _do_rotate_secret(self) -> str:
        """Mint a new Secret Key and kill the old one; consents, tokens and sessions stay.

        :return: the plaintext, for this one time
        """
        self.ensure_one()
        client = self.sudo().oauth_client_id
        secret = client._rotate_secret()
        self._on_record_of_secrets(
            "secret_rotated",
            self.env._("Secret Key %(new)s generated. No other works any more.", new=client.secret_hint),
        )
        return secret

    # What a consent does

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        connections._check_server_to_server()
        return connections

    def write(self, vals):
        if "scope" in vals and "is_scope_consented" not in vals:
            vals = {**vals, "is_scope_consented": False}
        done = super().write(vals)
        if "user_id" in vals or "oauth_client_id" in vals:
            self._check_server_to_server()
        return done

    def _check_server_to_server(self) -> None:
        """Put no user behind a secret that somebody below them may hold (DESIGN §2.12).

        Not a constraint: Odoo runs those as superuser, and this asks who is at work.
        """
        for connection in self:
            if connection.sudo().oauth_client_id.allows_client_credentials and not connection._is_within_reach():
                raise UserError(
                    self.env._(
                        "%(user)s has administration rights that you do not have, so no application can act as this "
                        "user by itself unless someone with the same rights sets it up.",
                        user=connection.sudo().user_id.name,
                    )
                )

    def _widened(self, scope: str):
        """This connection, whose scope follows a consent unless an administrator set it.

        :param scope: of OAuth, such as ``mcp:read mcp:write``
        """
        granted = scopes.level_of(scope)
        if self.is_scope_consented and self.scope in ORDER and ORDER.index(granted) > ORDER.index(self.scope):
            self.write({"scope": granted, "is_scope_consented": True})
        return self

    def _has_companies_for(self, user) -> bool:
        """Whether ``user`` may have this connection, or one with its limits, as far as companies go.

        One without a user is taken over whole or not at all: it is also the pattern of all that come later.
        """
        limit, own = self.company_ids, user.sudo().company_ids
        return not limit or bool(limit & own if self.user_id else limit <= own)

    def _inherited(self, client, user, scope: str):
        """A new connection of ``client`` for ``user``, with the limits of this one, if there is one.

        An administrator's limits go on after a revocation: consent makes a new connection, not a freer one.

        :raise ValidationError: if it is limited to companies that ``user`` does not work in: no company means all
        """
        granted = scopes.level_of(scope)
        values = {
            "name": f"{client.name} ({user.name})",
            "type": "oauth",
            "oauth_client_id": client.id,
            "user_id": user.id,
            "scope": granted,
            "is_scope_consented": True,
        }
        if self:
            values |= {name: self[name] for name in INHERITED}
            if end := self._limiting_end():
                values["expires_at"] = end
            values["tool_ids"] = [fields.Command.set(self.tool_ids.ids)]
            values |= self._inherited_approvals(user)
            companies = self.company_ids & user.sudo().company_ids
            if self.company_ids and not companies:
                raise ValidationError(
                    self.env._(
                        "%(client)s is limited to companies that %(user)s does not work in.",
                        client=client.name,
                        user=user.name,
                    )
                )
            values["company_ids"] = [fields.Command.set(companies.ids)]
            if not self.is_scope_consented:
                values |= {"scope": self.scope, "is_scope_consented": False}
        connection = self.create(values)
        self.model_ids.sudo()._copy_to(connection)
        return connection
