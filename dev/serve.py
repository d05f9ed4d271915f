"""``bin/serve``: from a bare checkout to a running server that a real client can use."""

import argparse
import hashlib
import json
import os
import shlex

import places
import postgres
from odoo_process import MODULE, Odoo, check_port, odoo_on
from trouble import say

DEMO_CONNECTION = "bin/serve"
# What makes Odoo's database of an addon: a change in it needs an upgrade.
CODE = ("*.py", "*.xml", "*.csv", "*.sql")
NOT_IN_ODOO = ("dev", "tests", "benchmarks", "docs")
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
print("\\n<<<" + __import__("json").dumps({{"key": key}}) + ">>>")
"""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bin/serve", description="Start Odoo with the MCP server on this machine.")
    parser.add_argument("--port", type=int, default=8069)
    parser.add_argument("--database", default="mcp")
    parser.add_argument("--workers", type=int, default=0, help="processes; 0, the default, is one with threads")
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
        say("Starting the server")
        with odoo.serving(options.database, port=options.port, workers=options.workers) as process:
            print(_welcome(url, key), flush=True)
            try:
                return process.wait()
            except KeyboardInterrupt:
                say("Stopping")
    return 0


def _make_database(odoo: Odoo, database: str) -> None:
    """A database with the addon as it is now in this checkout."""
    installed = odoo.data / f"{database}.code"
    code = _hash_of_code()
    if _has_addon(odoo, database):
        if installed.exists() and installed.read_text() == code:
            return
        say(f"The addon has changed; upgrading the database {database}")
        odoo.upgrade(database, MODULE)
    else:
        if odoo.server.has(database):
            say(f"The database {database} is unfinished; making it again")
            odoo.drop(database)
        say(f"Making the database {database} (about half a minute)")
        odoo.install(database, [MODULE], demo=True)
    installed.write_text(code)


def _has_addon(odoo: Odoo, database: str) -> bool:
    if not odoo.server.has(database):
        return False
    if not odoo.server.run("SELECT 1 FROM pg_class WHERE relname = 'ir_module_module'", database):
        return False
    state = odoo.server.run(f"SELECT state FROM ir_module_module WHERE name = '{MODULE}'", database)
    return state in ([("installed",)], [("to upgrade",)])


def _hash_of_code() -> str:
    code = hashlib.sha256()
    for path in sorted(path for pattern in CODE for path in places.CHECKOUT.glob(f"[!.]*/**/{pattern}")):
        if path.relative_to(places.CHECKOUT).parts[0] not in NOT_IN_ODOO:
            code.update(path.read_bytes())
    code.update((places.CHECKOUT / "__manifest__.py").read_bytes())
    return code.hexdigest()


def _prepare(odoo: Odoo, database: str, url: str) -> str:
    """Switch the server on and make a fresh key; the one of the last start stops working."""
    say("Switching the MCP server on")
    printed = odoo.shell(database, PREPARE.format(url=url, name=DEMO_CONNECTION))
    return json.loads(printed.split("<<<")[1].split(">>>")[0])["key"]


def _welcome(url: str, key: str) -> str:
    header = shlex.quote(f"Authorization: Bearer {key}")
    runtime = f"MCP_RUNTIME={shlex.quote(str(places.RUNTIME))} " if os.environ.get("MCP_RUNTIME") else ""
    client = runtime + shlex.quote(str(places.CHECKOUT / "bin" / "client"))
    call = shlex.quote(json.dumps({"model": "res.partner", "limit": 3}))
    listing = shlex.quote(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}))
    return f"""
Odoo runs at       {url}          login: admin   password: admin
The MCP address is {url}/mcp

A key for trying it out (each start makes a new one, and the one before stops working):
  {key}

With the MCP project's own client, list the tools, and call one:
  {client} --url {url}/mcp --key {key}
  {client} --url {url}/mcp --key {key} --call search_records --arguments {call}
Without any client:
  curl {url}/mcp -H {header} -H 'Content-Type: application/json' -d {listing}
Connect Claude Code:
  claude mcp add --transport http odoo {url}/mcp --header {header}

Ctrl-C stops the server and its database.
"""
