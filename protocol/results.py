"""Results and errors as JSON-RPC bodies."""

from typing import Any

from . import content, headers, revisions
from .messages import Message

# Lists follow the credential's rights and change rarely; a client may keep one for a minute, for itself.
TTL_MS = 60_000
_CACHED = {"ttlMs": TTL_MS, "cacheScope": "private"}


def success(message: Message, result: dict[str, Any], server_info: dict[str, str]) -> dict[str, Any]:
    """The body that carries ``result``; modern ones say what they are and who answers (2026-07-28, basic/index).

    :param result: one of those made below; its own ``resultType`` and ``_meta`` are kept
    :param server_info: name and version, as ``Implementation`` in the specification
    """
    if message.era == revisions.MODERN_ERA:
        meta = {**result.get("_meta", {}), headers.META_SERVER: server_info}
        result = {"resultType": "complete", **result, "_meta": meta}
    return {"jsonrpc": "2.0", "id": message.id, "result": result}


def failure(identity: str | int | None, code: int, message: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
    """The body of an error; its id is null where none could be read (JSON-RPC 2.0 §5)."""
    error = {"code": code, "message": message, **({"data": data} if data else {})}
    return {"jsonrpc": "2.0", "id": identity, "error": error}


def discover(capabilities: dict[str, Any], server_info: dict[str, str], instructions: str) -> dict[str, Any]:
    """``server/discover`` (2026-07-28, server/discover).

    The revision has the server's name in ``_meta``, where ``success`` puts it; its drafts, and clients made from them,
    had it here.
    """
    return {
        "supportedVersions": list(revisions.SUPPORTED),
        "capabilities": capabilities,
        "serverInfo": server_info,
        "instructions": instructions,
        **_CACHED,
    }


def initialize(
    message: Message, capabilities: dict[str, Any], server_info: dict[str, str], instructions: str
) -> dict[str, Any]:
    """``initialize`` (2025-11-25, basic/lifecycle); ``message`` knows which revision was agreed."""
    return {
        "protocolVersion": message.revision,
        "capabilities": capabilities,
        "serverInfo": server_info,
        "instructions": instructions,
    }


def page(name: str, items: list[Any], message: Message, next_cursor: str | None = None) -> dict[str, Any]:
    """One page of a list (server/utilities/pagination); modern lists say how long they may be kept.

    :param name: ``tools``, ``prompts``, ``resources``, ``resourceTemplates``
    """
    return {name: items, **({"nextCursor": next_cursor} if next_cursor else {}), **_caching(message)}


def tool_result(
    structured: dict[str, Any] | None, text: str | None, *blocks: dict[str, Any], is_error: bool = False
) -> dict[str, Any]:
    """``tools/call``: the structure for programs, the same as text for the model (server/tools).

    :param structured: an object, as every revision before 2026-07-28 demands; None if the tool has no output schema
    :param is_error: the tool failed, and ``text`` tells the model what to do about it
    """
    texts = [] if text is None else [content.text(text)]
    result: dict[str, Any] = {"content": [*texts, *blocks], "isError": is_error}
    return result if structured is None else {**result, "structuredContent": structured}


def resource(contents: list[dict[str, Any]], message: Message) -> dict[str, Any]:
    """``resources/read`` (server/resources)."""
    return {"contents": contents, **_caching(message)}


def prompt(description: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """``prompts/get`` (server/prompts)."""
    return {"description": description, "messages": messages}


def completion(values: list[str], total: int) -> dict[str, Any]:
    """``completion/complete``: at most a hundred values (server/utilities/completion)."""
    return {"completion": {"values": values[:100], "total": total, "hasMore": total > len(values[:100])}}


def input_required(requests: dict[str, Any], state: str | None) -> dict[str, Any]:
    """What the client has to answer before the call can go on (2026-07-28, basic/patterns/mrtr)."""
    result = {"resultType": "input_required", "inputRequests": requests}
    return {**result, "requestState": state} if state else result


def _caching(message: Message) -> dict[str, Any]:
    return _CACHED if message.era == revisions.MODERN_ERA else {}
