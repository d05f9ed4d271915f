"""Installing, upgrading, uninstalling and reinstalling in a database that is in use."""

import os
import subprocess

import postgres
import pytest
from harness import call_tool, real_server
from odoo_process import MODULE, TEST_MODULE, bad_lines, odoo_on

UNINSTALL = f"""
modules = env["ir.module.module"].search([("name", "in", ["{MODULE}", "{TEST_MODULE}"])])
modules.button_immediate_uninstall()
env.cr.commit()
"""


@pytest.fixture
def used():
    """A database of a server that was used: connections, keys, log rows; the server has ended."""
    with real_server(workers=1) as server:
        connection, key = server.new_connection("life cycle")
        assert call_tool(server, key, "list_models").status_code == 200
        assert call_tool(server, "nonsense", "list_models").status_code == 401
        name = f"mcp_life_{os.getpid()}"
        with server.env() as env:
            env["mcp.connection"].browse(connection)._do_rotate_key()
            env["mcp.connection"].browse(connection)._do_suspend("idle")  # which puts something on people's lists
        server.odoo.clone_running(server.database, name)
    with postgres.running(safe=False) as pg:
        odoo = odoo_on(pg, "data-test", with_test_addons=True)
        try:
            yield odoo, name
        finally:
            odoo.drop(name)


def _odoo(odoo, name: str, *arguments: str, script: str | None = None) -> None:
    """Run a command of Odoo; a warning or an error in its log fails."""
    log = odoo.data / f"{name}.log"
    log.unlink(missing_ok=True)
    command = odoo.command(*arguments, "-d", name, "--no-http", "--http-interface=127.0.0.1", f"--logfile={log}")
    done = subprocess.run(
        command, env=odoo.environment(), input=script, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Traceback" not in done.stderr + done.stdout
    assert not bad_lines(log)


def _left_behind(odoo, name: str) -> list[tuple]:
    return odoo.server.run(
        f"""
        SELECT 'relation', relname FROM pg_class WHERE relname ~ '^(x_)?mcp_'
        UNION ALL SELECT 'function', proname FROM pg_proc WHERE proname ~ '^mcp_'
        UNION ALL SELECT 'column', table_name || '.' || column_name FROM information_schema.columns
            WHERE column_name ~ 'mcp_'
        UNION ALL SELECT 'model', model FROM ir_model WHERE model ~ '^(x\\.)?mcp\\.'
        UNION ALL SELECT 'field', model || '.' || name FROM ir_model_fields WHERE name ~ 'mcp_' OR model ~ '^mcp\\.'
        UNION ALL SELECT 'xml id', name FROM ir_model_data
            WHERE module IN ('{MODULE}', '{TEST_MODULE}') AND model != 'ir.module.module'
        UNION ALL SELECT 'parameter', key FROM ir_config_parameter WHERE key ~ 'mcp'
        UNION ALL SELECT 'group', name->>'en_US' FROM res_groups WHERE name->>'en_US' ~ 'MCP'
        UNION ALL SELECT 'message', model FROM mail_message WHERE model ~ '^(x\\.)?mcp\\.'
        """,
        name,
    )


def test_upgrading_uninstalling_and_reinstalling_leaves_nothing_behind(used):
    """Issue: no error, no warning, and after uninstalling nothing left."""
    odoo, name = used
    rows = odoo.server.run("SELECT count(*) FROM mcp_audit_log", name)
    assert rows[0][0] > 3
    _odoo(odoo, name, "server", "-u", MODULE, "--stop-after-init")
    assert odoo.server.run("SELECT count(*) FROM mcp_audit_log", name) == rows
    assert {kind for kind, _what in _left_behind(odoo, name)} >= {"relation", "function", "model", "xml id", "message"}
    _odoo(odoo, name, "shell", script=UNINSTALL)
    assert _left_behind(odoo, name) == []
    _odoo(odoo, name, "server", "-i", f"{MODULE},{TEST_MODULE}", "--stop-after-init")
    assert odoo.server.run("SELECT enabled FROM mcp_settings", name) in ([(False,)], [(None,)])
    assert odoo.server.run("SELECT count(*) FROM mcp_audit_log", name) == [(0,)]
