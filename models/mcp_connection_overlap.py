from odoo import api, fields, models
from odoo.tools import format_list

from odoo.addons.base.models.res_users import check_identity

from .mcp_connection_credentials import SECRETS


class McpConnection(models.Model):
    """Rotation with overlap (FEATURES K4): the old secret goes on working for a while beside the new one.

    Nothing here asks what kind of secret it is: ``_live_secrets`` and ``_mint_secret`` know, and the rest is in
    ``mcp.live.secret``.
    """

    _inherit = "mcp.connection"

    overlap_until = fields.Datetime("Old Key Works Until", compute="_compute_overlap")
    old_key_hint = fields.Char("Old Key", compute="_compute_overlap")
    old_key_last_used = fields.Datetime(compute="_compute_overlap")
    old_key_last_ip = fields.Char("Old Key Last Address", compute="_compute_overlap")

    @api.depends(*SECRETS)
    def _compute_overlap(self):
        for connection in self:
            old = connection.sudo()._live_secrets()[1:2]
            connection.overlap_until = old.expires_at
            connection.old_key_hint = old.hint
            connection.old_key_last_used = old.last_used
            connection.old_key_last_ip = old.last_ip

    def _live_secrets(self):
        """The secrets that let this connection in, newest first; two during an overlap."""
        return self._live_keys()

    def _mint_secret(self) -> str:
        """Make a secret beside those that live; the plaintext is returned and kept nowhere."""
        return self.env["mcp.api.key"].sudo()._mint(self)

    def _show_secret(self, secret: str) -> dict:
        """The popup that shows a secret of this connection, this one time."""
        return self.env["mcp.secret.show"]._action_show_key(self, secret)

    # Buttons

    def action_rotate_with_overlap(self):
        """Ask for how long; that dialog's button rotates."""
        self._check_can("overlap")
        return self.env["mcp.rotate.overlap"]._action_ask(self)

    def action_end_overlap(self):
        self._check_can("end_overlap")
        self._do_end_overlap()

    def action_cancel_rotation(self):
        self._check_can("cancel_rotation")
        self._do_cancel_rotation()

    @check_identity
    def _start_overlap_checked(self, hours: int):
        return self._start_overlap(hours)

    def _start_overlap(self, hours: int):
        self._check_can("overlap")
        return self._show_secret(self._do_start_overlap(hours))

    # What the buttons do

    def _do_start_overlap(self, hours: int) -> str:
        """Mint a new secret, and give the old one an end.

        :return: the plaintext of the new secret, for this one time
        """
        self.ensure_one()
        self._touch_secrets()
        old = self.sudo()._live_secrets()
        old._end_in(hours)
        secret = self._mint_secret()
        self._on_record_of_secrets(
            "key_overlap_started",
            self.env._(
                "Rotated with overlap: %(new)s is the new key, and the old key %(old)s works until %(until)s UTC.",
                new=self.sudo()._live_secrets()[:1].hint,
                old=old.hint,
                until=fields.Datetime.to_string(old.expires_at),
            ),
        )
        return secret

    def _do_end_overlap(self) -> None:
        """Kill the old secret now instead of at its end."""
        for connection in self.sorted("id"):
            connection._touch_secrets()
            secrets = connection.sudo()._live_secrets()
            if len(secrets) < 2:
                continue  # one before it, which shares them, was first
            new = secrets[:1]
            old_hints = format_list(self.env, (secrets - new).mapped("hint"))
            (secrets - new)._retire("rotated")
            connection._on_record_of_secrets(
                "key_overlap_ended",
                self.env._(
                    "Overlap ended: the old key %(old)s no longer works, %(new)s does.", old=old_hints, new=new.hint
                ),
            )

    def _do_cancel_rotation(self) -> None:
        """Kill the new secret; the old one has no end any more."""
        for connection in self.sorted("id"):
            connection._touch_secrets()
            secrets = connection.sudo()._live_secrets()
            if len(secrets) < 2:
                continue
            new = secrets[:1]
            old, new_hint = secrets - new, new.hint
            new._retire("rotated")
            old.expires_at = False
            connection._on_record_of_secrets(
                "key_rotation_cancelled",
                self.env._(
                    "Rotation cancelled: the new key %(new)s no longer works, the old key %(old)s goes on working.",
                    new=new_hint,
                    old=format_list(self.env, old.mapped("hint")),
                ),
            )

    def _touch_secrets(self) -> None:
        """``_touch_credential`` for every connection that the secrets of this one let in."""
        for connection in self.sudo()._live_secrets()._connections().sorted("id"):
            connection._touch_credential()

    def _on_record_of_secrets(self, event: str, body: str) -> None:
        """``_on_record`` of every connection that the secrets of this one let in, except revoked ones."""
        connections = self.sudo()._live_secrets()._connections().filtered(lambda c: c.state != "revoked")
        for connection in connections.sorted("id").with_env(self.env):
            connection._on_record(event, body)
