"""How a resource is declared: one decorated method of a toolset (see ``docs/extending.md``)."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

_VARIABLE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Resource:
    """One resource, or one template of resources, as the catalogue knows it."""

    method: str
    uri: str
    name: str
    title: str
    description: str
    mime_type: str
    # The tool that shows the same: whoever may not use it may not read the resource either.
    tool: str | None = None

    @property
    def is_template(self) -> bool:
        return bool(_VARIABLE.search(self.uri))

    @property
    def variables(self) -> list[str]:
        return _VARIABLE.findall(self.uri)

    @cached_property
    def _pattern(self) -> re.Pattern:
        parts = _VARIABLE.split(self.uri)
        return re.compile("".join(f"(?P<{part}>[^/]+)" if n % 2 else re.escape(part) for n, part in enumerate(parts)))

    def match(self, uri: str) -> dict[str, str] | None:
        """The values of the template's variables in ``uri``, or None if it is another resource's (RFC 6570 §3.2.2)."""
        found = self._pattern.fullmatch(uri)
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None

    def definition(self) -> dict[str, Any]:
        """The entry of ``resources/list`` or ``resources/templates/list`` (server/resources)."""
        return {
            "uriTemplate" if self.is_template else "uri": self.uri,
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "mimeType": self.mime_type,
        }


def resource(uri: str, *, title: str, mime_type: str = "application/json", tool: str | None = None) -> Callable:
    """Make a method of a toolset the source of a resource.

    It is given the variables of a template as text, and returns text, bytes, or None for what does not exist.

    :param uri: with ``{name}`` for what varies, which makes it a template
    :param mime_type: of what the method returns
    :param tool: name of the tool that shows the same, with whose permission the resource comes and goes
    """

    def declare(method: Callable) -> Callable:
        method._mcp_resource = Resource(
            method=method.__name__,
            uri=uri,
            name=method.__name__,
            title=title,
            description=inspect.getdoc(method) or title,
            mime_type=mime_type,
            tool=tool,
        )
        method._api_private = True
        method._api_model = True
        return method

    return declare
