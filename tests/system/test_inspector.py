"""The Inspector's command line against a real server, for both eras."""

import json
import os
import subprocess
from pathlib import Path

import node
import pytest

TIMEOUT = 120


@pytest.fixture(scope="module")
def key(server):
    _connection, key = server.new_connection("inspector", scope="execute")
    return key


@pytest.fixture(params=["legacy", "modern"])
def inspect(request, server, key, tmp_path):
    """Ask the server through the Inspector, in one era."""
    common = ("--server-url", server.mcp, "--transport", "http", "--header", f"Authorization: Bearer {key}")
    options = (*common, "--protocol-era", request.param, "--format", "json")
    return lambda *arguments: _printed(node.inspector(*options, *arguments), tmp_path)


def _printed(command: list[str], home: Path) -> dict:
    """The ``result`` of a request, and the ``schemaFindings`` by tool if the Inspector's lint has any.

    It exits with 0 only if the request succeeded and no finding is an error.
    """
    # It keeps a folder in the home folder.
    environment = os.environ | {"HOME": str(home)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, f"Exit code {done.returncode}:\n{done.stderr[-4000:]}"
    return json.loads(done.stdout)


def test_its_lint_finds_no_error_in_any_schema(inspect):
    printed = inspect("--method", "tools/list", "--strict")
    assert {"list_models", "search_records"} <= {tool["name"] for tool in printed["result"]["tools"]}
    findings = [finding for tool in printed.get("schemaFindings", []) for finding in tool["findings"]]
    assert not [finding for finding in findings if finding["severity"] == "error"]


def test_it_calls_a_tool(server, inspect):
    arguments = json.dumps({"model": "res.partner", "fields": ["name"], "limit": 3})
    printed = inspect("--method", "tools/call", "--tool-name", "search_records", "--tool-args-json", arguments)
    records = printed["result"]["structuredContent"]["records"]
    names = {row[0] for row in server.sql("SELECT name FROM res_partner WHERE active")}
    assert records
    assert {record["name"] for record in records} <= names
