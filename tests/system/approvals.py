"""What the tests of approvals on a real server begin with."""

import itertools

from harness import Person, call_tool

_logins = itertools.count()


def held_connection(server, name: str, *tools: str, **values) -> tuple[int, str, Person]:
    """A connection whose calls of ``tools`` wait, its key, and the person who decides on them."""
    number = next(_logins)
    requester, approver = f"requester{number}", f"approver{number}"
    server.new_user(requester)
    approver_id = server.new_user(approver)
    with server.env() as env:
        held = env["mcp.tool"].search([("name", "in", tools)])
        values = {"approver_id": approver_id, "approval_tool_ids": [(6, 0, held.ids)], **values}
    connection, key = server.new_connection(name, requester, **values)
    return connection, key, Person(server, approver, approver)


def ask(server, key: str, tool: str, arguments: dict) -> int:
    """The id of the approval that the call waits for."""
    answer = call_tool(server, key, tool, arguments).json()
    return answer["result"]["structuredContent"]["pending_approval"]["id"]


def pending(server, connection: int) -> int:
    """What the list of approvals shows as pending, asked as the list asks."""
    with server.env() as env:
        return env["mcp.approval"].search_count([("connection_id", "=", connection), ("status", "=", "pending")])
