"""Content blocks, prompt messages and resource contents (server/tools, server/prompts, server/resources)."""

import base64
from typing import Any


def text(value: str) -> dict[str, Any]:
    """A text block."""
    return {"type": "text", "text": value}


def image(data: bytes, mime_type: str) -> dict[str, Any]:
    """An image block."""
    return {"type": "image", "data": _base64(data), "mimeType": mime_type}


def audio(data: bytes, mime_type: str) -> dict[str, Any]:
    """An audio block."""
    return {"type": "audio", "data": _base64(data), "mimeType": mime_type}


def contents(uri: str, value: str | bytes, mime_type: str) -> dict[str, Any]:
    """The contents of a resource: text as it is, bytes as a blob."""
    member = {"text": value} if isinstance(value, str) else {"blob": _base64(value)}
    return {"uri": uri, "mimeType": mime_type, **member}


def embedded(uri: str, value: str | bytes, mime_type: str) -> dict[str, Any]:
    """A block that carries the contents of a resource."""
    return {"type": "resource", "resource": contents(uri, value, mime_type)}


def link(uri: str, name: str, mime_type: str, **members: Any) -> dict[str, Any]:
    """A block that names a resource, to be read with ``resources/read`` (since 2025-06-18)."""
    return {"type": "resource_link", "uri": uri, "name": name, "mimeType": mime_type, **members}


def message(block: dict[str, Any], role: str = "user") -> dict[str, Any]:
    """A message of a prompt."""
    return {"role": role, "content": block}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
