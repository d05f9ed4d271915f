"""The last statement of every transaction that writes or mints for a connection (DESIGN §2.3)."""

from odoo.exceptions import ConcurrencyError


def final_lock(cr, connection_id: int, state: str, generation: int) -> None:
    """Let the transaction commit only while the connection is what it was when it began.

    Whoever kills a credential updates the connection's row. If that committed since this transaction's snapshot,
    PostgreSQL refuses the lock; if it comes later, it waits for this transaction to end. Nobody waits for what the
    transaction did before.

    :raise ConcurrencyError: if it is not; Odoo rolls back, and runs the request again
    """
    cr.execute(
        "SELECT state, generation FROM mcp_connection WHERE id = %s FOR NO KEY UPDATE",
        [connection_id],
        log_exceptions=False,
    )
    if cr.fetchone() != (state, generation):
        raise ConcurrencyError("The connection changed meanwhile")
