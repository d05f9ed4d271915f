"""An upgrade of the addon and the audit log: rows stay as they are, and so does what guards them."""

import pytest
from harness import call_tool, real_server, succeeded
from trouble import Trouble

# System columns change with every write, whatever it writes.
ROWS = "SELECT id, xmin::text, ctid::text FROM mcp_audit_log ORDER BY id"


def test_an_upgrade_changes_no_row_and_leaves_no_gap_in_the_guard():
    """Ours: no field of the log has a default or is computed and stored, since Odoo would then update all rows."""
    with real_server(workers=1) as server:
        _connection, key = server.new_connection("upgrade")
        assert succeeded(call_tool(server, key, "list_models"))
        with server.env() as env:
            env["mcp.audit.seal"]._seal_all()
        before = server.sql(ROWS)
        assert len(before) >= 2
        server.odoo.upgrade(server.database, "mcp_gateway")
        assert server.sql(ROWS) == before
        for statement in ("UPDATE mcp_audit_log SET tool = 'x'", "DELETE FROM mcp_audit_log", "TRUNCATE mcp_audit_log"):
            with pytest.raises(Trouble, match="append-only"):
                server.sql(statement)
        for statement in ("UPDATE mcp_audit_seal SET number = 7", "DELETE FROM mcp_audit_seal"):
            with pytest.raises(Trouble, match="stay as they are"):
                server.sql(statement)
        assert succeeded(call_tool(server, key, "list_models"))
        with server.env() as env:
            env["mcp.audit.seal"]._seal_all()
            assert env["mcp.audit.seal"]._verify().problem is None
