from odoo import api, models


class McpConnectionDependent(models.AbstractModel):
    """What hangs on a connection and dies with it: keys today; tokens, sessions and approvals join by inheriting this.

    Each such model says itself what it does when its connections are revoked. Rows carry the ``generation`` of the
    connection they were made under and count only while the two are equal, so a row that another transaction commits
    beside the revocation is harmless although the revocation could not see it.
    """

    _name = "mcp.connection.dependent"
    _description = "Depends on an MCP Connection"

    @api.model
    def _alive_of(self, connections) -> tuple[str, int]:
        """What a revocation of ``connections`` would end: a word for people, and how many."""
        raise NotImplementedError

    @api.model
    def _on_connections_revoked(self, connections) -> None:
        """Mark or delete the rows of ``connections``."""
        raise NotImplementedError

    @api.model
    def _on_connections_suspended(self, connections) -> None:
        """What a suspension ends for good; what only rests meanwhile need not say anything."""

    @api.model
    def _on_connections_resumed(self, connections) -> None:
        """Called before ``connections`` let calls through again: what their suspension ended stays ended."""

    @api.model
    def _dependents(self):
        """Every model that hangs on a connection, in sudo."""
        names = self.env.registry.descendants(["mcp.connection.dependent"], "_inherit")
        return [self.env[name].sudo() for name in names if not self.env[name]._abstract]

    @api.model
    def _tell_alive_of(self, connections) -> str:
        """In numbers what a revocation of ``connections`` would end, for dialogs and for the chatter."""
        counts = [model._alive_of(connections) for model in self._dependents()]
        alive = [f"{word}: {count}" for word, count in counts if count]
        return ", ".join(alive) or self.env._("nothing")
