import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_list

from odoo.addons.base.models.res_users import check_identity

_logger = logging.getLogger(__name__)

# Whoever holds a key of a user in one of these groups can give themself any right, so only an equal may make one.
POWERFUL_GROUPS = ("base.group_system", "base.group_erp_manager")
# What makes a secret, or lets one live that was to die.
MAKING = ("generate", "rotate", "overlap", "cancel_rotation")
# On these it depends which secrets live.
SECRETS = ("generation", "api_key_ids.generation", "api_key_ids.expires_at", "oauth_client_id.secret_ids.expires_at")


class McpConnection(models.Model):
    """The life of a connection's credential: Generate, Rotate, Revoke, Reactivate.

    Button = ``action_x`` → ``_check_can`` → ``_do_x``. ``can_x`` is computed once, for the view and for the guard.
    """

    _inherit = "mcp.connection"

    can_generate = fields.Boolean(compute="_compute_can")
    can_rotate = fields.Boolean(compute="_compute_can")
    can_overlap = fields.Boolean(compute="_compute_can")
    can_end_overlap = fields.Boolean(compute="_compute_can")
    can_cancel_rotation = fields.Boolean(compute="_compute_can")
    can_revoke = fields.Boolean(compute="_compute_can")
    can_reactivate = fields.Boolean(compute="_compute_can")
    is_out_of_reach = fields.Boolean(compute="_compute_can")
    key_hint = fields.Char("Key", compute="_compute_key")
    key_created_at = fields.Datetime("Key Created On", compute="_compute_key")

    @api.depends(*SECRETS)
    def _compute_key(self):
        for connection in self:
            key = connection.sudo()._live_secrets()[:1]
            connection.key_hint = key.hint
            connection.key_created_at = key.create_date

    @api.depends("state", "type", "user_id", *SECRETS)
    @api.depends_context("uid")
    def _compute_can(self):
        is_admin = self._is_admin()
        for connection in self:
            may_act = is_admin or connection.user_id == self.env.user
            may_make, is_key = connection._may_make_secret(), connection.type == "api_key"
            secrets = connection.sudo()._live_secrets()
            connection.is_out_of_reach = may_act and not connection._is_within_reach()
            connection.can_generate = may_make and is_key and not secrets
            connection.can_rotate = may_make and is_key and bool(secrets)
            connection.can_overlap = may_make and len(secrets) == 1
            connection.can_end_overlap = len(secrets) > 1 and connection._has_secrets_of_own()
            # It prolongs the life of a secret, which is more than taking away.
            connection.can_cancel_rotation = may_make and len(secrets) > 1
            connection.can_revoke = may_act and bool(connection.id) and connection.state != "revoked"
            # It lets in again whoever has the Secret Key of a server-to-server application, and is no way round Resume.
            may_return = connection._is_within_reach() and not connection._what_user_lacks()
            connection.can_reactivate = is_admin and connection.state == "revoked" and may_return

    def _is_admin(self) -> bool:
        return self.env.su or self.env.user.has_group("mcp_gateway.group_mcp_admin")

    def _has_secrets_of_own(self) -> bool:
        """Whether the secrets of this connection are the current user's to end."""
        return self._is_admin() or self.user_id == self.env.user

    def _may_make_secret(self) -> bool:
        """Whether the current user may hold a secret of this connection."""
        is_live = bool(self.id) and self.state == "active" and not self._what_user_lacks()
        return self.type == "api_key" and is_live and self._has_secrets_of_own() and self._is_within_reach()

    def _is_within_reach(self) -> bool:
        """Whether the current user may hold a secret of the connection's user (DESIGN §2.12)."""
        owner = self.user_id.sudo()
        return (
            self.env.su
            or not owner
            or all(self.env.user.has_group(group) for group in POWERFUL_GROUPS if owner.has_group(group))
        )

    def _what_user_lacks(self) -> str | None:
        """Why no AI tool may act as the connection's user now, and what to do; None if one may."""
        owner = self.sudo().user_id
        if owner and not owner.active:
            return self.env._("%(user)s is archived. Unarchive this user first.", user=owner.name)
        if owner and not owner.has_group("mcp_gateway.group_mcp_user"):
            return self.env._(
                "%(user)s is not in the group MCP User. Add the group in Settings ‣ Users first.", user=owner.name
            )
        return None

    def _live_keys(self):
        """The keys that count: made under the connection's present generation, not at their end, newest first."""
        return self.api_key_ids.filtered(lambda key: key.generation == self.generation)._live()

    # Buttons

    def action_generate_key(self):
        self._check_can("generate")
        return self._show_new_key("_generate_key_checked")

    def action_rotate_key(self):
        self._check_can("rotate")
        return self._show_new_key("_rotate_key_checked")

    def action_revoke(self):
        self._check_can("revoke")
        self._do_revoke()

    def action_revoke_selected(self):
        """From the list: one dialog that says in numbers what will end."""
        return self.env["mcp.connection.revoke"]._action_ask(self.filtered("can_revoke"))

    def action_reactivate(self):
        self._check_can("reactivate")
        self._do_reactivate()

    def _show_new_key(self, method: str, *arguments):
        if not self.env["mcp.settings"]._get().check_identity:
            method = method.removesuffix("_checked")
        return getattr(self, method)(*arguments)

    @check_identity
    def _generate_key_checked(self):
        return self._generate_key()

    @check_identity
    def _rotate_key_checked(self):
        return self._rotate_key()

    def _generate_key(self):
        self._check_can("generate")
        return self.env["mcp.secret.show"]._action_show_key(self, self._do_generate_key())

    def _rotate_key(self):
        self._check_can("rotate")
        return self.env["mcp.secret.show"]._action_show_key(self, self._do_rotate_key())

    # Guards

    def _check_can(self, action: str) -> None:
        """:raise UserError: names each connection for which ``action`` is not possible, and why"""
        self.check_access("read")
        if not self:
            raise UserError(self.env._("Select a connection first."))
        refused = self.filtered(lambda connection: not connection[f"can_{action}"])
        if refused:
            raise UserError("\n".join(refused.mapped(lambda connection: connection._why_not(action))))

    def _why_not(self, action: str) -> str:
        name = self.display_name
        if self.is_out_of_reach and action in MAKING:
            return self.env._(
                "%(name)s acts as %(user)s, who has administration rights that you do not have. "
                "Only someone with the same rights can make a key for it.",
                name=name,
                user=self.sudo().user_id.name,
            )
        if self.is_out_of_reach and action == "reactivate":
            return self.env._(
                "%(name)s acts as %(user)s, who has administration rights that you do not have. "
                "Only someone with the same rights can reactivate it.",
                name=name,
                user=self.sudo().user_id.name,
            )
        if self.state == "revoked" and action != "reactivate":
            return self.env._("%(name)s is revoked. Reactivate it first.", name=name)
        if self.state == "suspended" and action in MAKING:
            return self.env._("%(name)s is suspended.", name=name)
        if action in (*MAKING, "reactivate") and (why := self._what_user_lacks()):
            return self.env._("%(name)s: %(why)s", name=name, why=why)
        if action == "generate" and self.key_hint and self.type == "api_key":
            return self.env._("%(name)s already has a key. Rotate it instead.", name=name)
        if action == "overlap" and self.key_hint:
            return self.env._("%(name)s has two keys: end the overlap or cancel the rotation first.", name=name)
        if action in ("end_overlap", "cancel_rotation"):
            return self.env._("%(name)s has no old key beside the new one any more.", name=name)
        if action in ("rotate", "overlap") and self.type == "api_key":
            return self.env._("%(name)s has no key. Generate one first.", name=name)
        return self.env._("You cannot do this with %(name)s.", name=name)

    # What the buttons do

    def _do_generate_key(self) -> str:
        """Mint the key of a connection that has none.

        :return: the plaintext, for this one time
        """
        self.ensure_one()
        self._touch_credential()
        key = self.env["mcp.api.key"].sudo()._mint(self)
        self._on_record("key_generated", self.env._("API key %(hint)s generated.", hint=self.sudo()._live_keys().hint))
        return key

    def _do_rotate_key(self) -> str:
        """Mint a new key and kill the old one, in one transaction; sessions, approvals and rate windows stay.

        During an overlap there are two others, and both die.

        :return: the plaintext of the new key, for this one time
        """
        self.ensure_one()
        self._touch_credential()
        old = self.sudo()._live_keys()
        old_hints = format_list(self.env, old.mapped("hint"))
        old._retire("rotated")
        key = self.env["mcp.api.key"].sudo()._mint(self)
        self._on_record(
            "key_rotated",
            self.env._(
                "API key rotated: %(new)s is the new one. Stopped working: %(old)s.",
                old=old_hints,
                new=self.sudo()._live_keys().hint,
            ),
        )
        return key

    def _do_revoke(self) -> None:
        """Raise the generation, which ends everything made under it, and let each dependent model mark its rows."""
        dependent = self.env["mcp.connection.dependent"]
        for connection in self.sorted("id"):
            alive = dependent._tell_alive_of(connection)
            connection._touch_credential(by_revoke=True)
            for model in dependent._dependents():
                model._on_connections_revoked(connection)
            connection._on_record("revoked", self.env._("Connection revoked. Ended: %(what)s.", what=alive))

    def _do_reactivate(self) -> None:
        """Only the state changes: no secret comes back."""
        self.sudo().write({"state": "active", "revoked_at": False, "revoked_by_id": False})
        for connection in self:
            connection._on_record("reactivated", self.env._("Connection reactivated."))

    def _touch_credential(self, by_revoke: bool = False) -> None:
        """Update the connection row, first of all: calls in flight collide with it and two buttons queue on it."""
        now = fields.Datetime.now()
        values = {"credential_changed_at": now}
        if by_revoke:
            values |= {
                "state": "revoked",
                "generation": self.generation + 1,
                "revoked_at": now,
                "revoked_by_id": self.env.uid,
            }
        self.sudo().write(values)
        self.sudo().flush_recordset()

    def _on_record(self, event: str, body: str, told=None) -> None:
        """Say it in the chatter, in the audit log and in the server's log; never with a secret in it.

        :param told: users who get it as a message, if the settings want such messages
        """
        partners = self._partners_told(told) if told else self.env["res.partner"]
        chatter = self.sudo().with_context(mail_notify_force_send=False)
        chatter.message_post(body=body, author_id=self.env.user.partner_id.id, partner_ids=partners.ids)
        self.env["mcp.audit.log"]._record_event(event, self)
        _logger.info("%s: connection #%s by %s (#%s)", event, self.id, self.env.user.login, self.env.uid)
