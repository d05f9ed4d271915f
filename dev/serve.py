"""``bin/serve``: from a bare checkout to a running server that a real client can use."""

import argparse
import json
import shlex
import subprocess

import places
import postgres
from odoo_process import MODULE, Odoo, check_port, odoo_on
from trouble import Trouble, say

DEMO_CONNECTION = "bin/serve"
# Runs inside `odoo shell`; the key leaves it through a marker, because the shell prints more than that.
PREPARE = """
settings = env["mcp.settings"]._get()
settings.enabled = True
parameters = env["ir.config_parameter"]
parameters.set_param("web.base.url", {url!r})
parameters.set_param("web.base.url.freeze", "True")
connection = env["mcp.connection"].search([("name", "=", {name!r}), ("state", "=", "active")], limit=1)
if not connection:
    connection = env["mcp.connection"].create({{"name": {name!r}, "user_id": env.ref("base.user_admin").id}})
key = connection._do_rotate_key() if connection.key_hint else connection._do_generate_key()
env.cr.commit()
print("\\n<<<" + __import__("json").dumps({{"key": key}}) + ">>>")
"""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bin/serve", description="Start Odoo with the MCP server on this machine.")
    parser.add_argument("--port", type=int, default=8069)
    parser.add_argument("--database", default="mcp")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--reset", action="store_true", help="begin with a new database")
    options = parser.parse_args(arguments)
    postgres.checked(options.database)
    check_port(options.port)
    with postgres.running(safe=True) as server:
        odoo = odoo_on(server, "data")
        if options.reset:
            odoo.drop(options.database)
        _make_database(odoo, options.database)
        url = f"http://localhost:{options.port}"
        key = _prepare(odoo, options.database, url)
        with odoo.serving(options.database, port=options.port, workers=options.workers) as process:
            print(_welcome(url, key), flush=True)
            try:
                return process.wait()
            except KeyboardInterrupt:
                say("Stopping")
    return 0


def _make_database(odoo: Odoo, database: str) -> None:
    if odoo.server.has(database):
        rows = odoo.server.run("SELECT 1 FROM pg_class WHERE relname = 'ir_module_module'", database)
        ready = rows and odoo.server.run(
            f"SELECT 1 FROM ir_module_module WHERE name = '{MODULE}' AND state = 'installed'", database
        )
        if ready:
            return
        say(f"The database {database} is unfinished; making it again")
        odoo.drop(database)
    say(f"Making the database {database} (about half a minute)")
    odoo.install(database, [MODULE], demo=True)


def _prepare(odoo: Odoo, database: str, url: str) -> str:
    """Switch the server on and make a fresh key; the one of the last start stops working."""
    script = PREPARE.format(url=url, name=DEMO_CONNECTION)
    command = odoo.command("shell", "-d", database, "--no-http", "--http-interface=127.0.0.1", "--log-level=error")
    done = subprocess.run(command, env=odoo.environment(), input=script, capture_output=True, text=True, check=False)
    if "<<<" not in done.stdout:
        raise Trouble("The database could not be prepared:\n" + "\n".join(done.stderr.strip().splitlines()[-5:]))
    return json.loads(done.stdout.split("<<<")[1].split(">>>")[0])["key"]


def _welcome(url: str, key: str) -> str:
    header = shlex.quote(f"Authorization: Bearer {key}")
    client = places.CHECKOUT / "bin" / "client"
    return f"""
Odoo runs at       {url}          login: admin   password: admin
The MCP address is {url}/mcp

A key for trying it out (each start makes a new one, and the one before stops working):
  {key}

List the tools with the MCP project's own client:
  {shlex.quote(str(client))} --url {url}/mcp --key {key}
Connect Claude Code:
  claude mcp add --transport http odoo {url}/mcp --header {header}

Ctrl-C stops the server and its database.
"""
