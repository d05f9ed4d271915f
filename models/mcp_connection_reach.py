from contextlib import contextmanager

from odoo import api, models
from odoo.exceptions import UserError

from ..protocol import addresses
from ..toolsets.tool import SCOPES as ORDER
from .mcp_connection import LIFECYCLE_FIELDS

# What may change freely: it decides about nothing. Beside it, all that mail.thread and activities keep.
HARMLESS = frozenset({"name", "note"})


def _is_lower_limit(old: int, new: int) -> bool:
    return new > 0 and (not old or new <= old)


def _is_earlier(old, new) -> bool:
    return bool(new) and (not old or new <= old)


def _is_shorter_list(old, new) -> bool:
    return bool(new) and (not old or new <= old)


def _is_narrower_scope(old: str, new: str) -> bool:
    # Custom means a list, which can be more or less than any of the others.
    return old in ORDER and new in ORDER and ORDER.index(new) <= ORDER.index(old)


def _is_narrower_models(old: dict | None, new: dict | None) -> bool:
    if old is None or new is None:
        return old is None
    return all(
        name in old and limit.operations <= old[name].operations and limit.domain == old[name].domain
        for name, limit in new.items()
    )


def _networks(rules: str | bool) -> set:
    return set(addresses.parse(rules or ""))


# When a change only takes away: empty and 0 mean everything. What does not stand here cannot be changed at all.
NARROWER = {
    "expires_at": _is_earlier,
    "scope": _is_narrower_scope,
    "rate_minute": _is_lower_limit,
    "rate_day": _is_lower_limit,
    "max_in_flight": _is_lower_limit,
    "tool_ids": _is_shorter_list,
    "company_ids": _is_shorter_list,
    "model_ids": _is_narrower_models,
    "approval_tool_ids": lambda old, new: new >= old,
    "allowed_ips": lambda old, new: _is_shorter_list(_networks(old), _networks(new)),
    "blocked_ips": lambda old, new: _networks(new) >= _networks(old),
    # A consent may widen what a consent set; whoever sets the scope ends that.
    "is_scope_consented": lambda _old, new: not new,
}


class McpConnection(models.Model):
    """What someone may write to a connection of a user with more administration rights: what only takes away.

    A later end or a wider scope would let in again, or let do more, whoever has its key; to make a key for it, or to
    reactivate it, needs the same rights (DESIGN §2.12).
    """

    _inherit = "mcp.connection"

    def write(self, vals):
        with self._only_narrowing():
            return super().write(vals)

    @contextmanager
    def _only_narrowing(self):
        """For ``with``: what happens inside may take away from connections out of reach, and give them nothing.

        :raise UserError: names the connection and what was to be changed
        """
        before = [(connection, connection._what_it_may()) for connection in self._out_of_reach()]
        yield
        for connection, old in before:
            new = connection._what_it_may()
            for name in old:
                if old[name] != new[name] and not NARROWER.get(name, _is_never)(old[name], new[name]):
                    raise UserError(
                        self.env._(
                            "%(name)s acts as %(user)s, who has administration rights that you do not have. "
                            "Only someone with the same rights can change %(field)s like this.",
                            name=connection.display_name,
                            user=connection.sudo().user_id.name,
                            field=self._fields[name].get_description(self.env, ["string"])["string"],
                        )
                    )

    def _out_of_reach(self):
        return self.filtered(lambda connection: not connection._is_within_reach())

    def _what_it_may(self) -> dict:
        connection = self.sudo().with_context(active_test=False)
        free = HARMLESS | LIFECYCLE_FIELDS | set(models.MAGIC_COLUMNS)
        free |= self.env["mail.thread"]._fields.keys() | self.env["mail.activity.mixin"]._fields.keys()
        names = [
            name
            for name, field in self._fields.items()
            if field.store and not field.compute and field.type != "one2many" and name not in free
        ]
        limits = self.env["mcp.connection.model"]._limits_of(self.id)
        return {name: connection[name] for name in names} | {"model_ids": limits}


def _is_never(_old, _new) -> bool:
    return False


class McpConnectionModel(models.Model):
    """The lines of a connection are the connection's."""

    _inherit = "mcp.connection.model"

    @api.model_create_multi
    def create(self, vals_list):
        concerned = {vals.get("connection_id") for vals in vals_list}
        with self.env["mcp.connection"].browse(filter(None, concerned))._only_narrowing():
            return super().create(vals_list)

    def write(self, vals):
        target = self.env["mcp.connection"].browse(filter(None, [vals.get("connection_id")]))
        with (self.connection_id | target)._only_narrowing():
            return super().write(vals)

    def unlink(self):
        with self.connection_id._only_narrowing():
            return super().unlink()
