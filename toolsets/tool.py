"""How a tool is declared: one decorated method of a toolset (see ``docs/extending.md``)."""

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, get_type_hints

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError, create_model

from .pending import or_pending
from .schema import flat_schema

# Each contains the ones before it (DESIGN §5).
SCOPES = ("read", "write", "execute")


class ToolError(Exception):
    """What went wrong and what would work, in words for the AI; becomes a result with ``isError``."""


class Result(BaseModel):
    """Base of what tools return; unset optional values are left out of the answer."""

    model_config = ConfigDict(extra="forbid")
    # Content blocks that follow the result's own text: a file, a link (protocol/content.py).
    _blocks: list[dict[str, Any]] = PrivateAttr(default_factory=list)

    def with_blocks(self, *blocks: dict[str, Any]) -> "Result":
        self._blocks.extend(blocks)
        return self

    def shortened(self, limit: int) -> "Result | None":
        """The same result in at most ``limit`` bytes of JSON, saying how to go on; None if it cannot be shortened."""
        return None


class Page(Result):
    """Base of results that are one page of a list: too long a page is cut, and the next one begins where it was cut.

    A subclass names its list and makes the cursor of any position in it.
    """

    _list: ClassVar[str]
    _cursor_at: Callable[[int], str] | None = PrivateAttr(default=None)
    next_cursor: str | None = None

    def going_on_with(self, cursor_at: Callable[[int], str], *, more: bool) -> "Page":
        """:param cursor_at: from a number of items of this page to the cursor that goes on after them"""
        self._cursor_at = cursor_at
        if more:
            self.next_cursor = cursor_at(len(getattr(self, self._list)))
        return self

    def shortened(self, limit: int) -> "Page | None":
        items = getattr(self, self._list)
        sizes = [size_of(_plain(item)) + 1 for item in items]
        room = limit - 1000
        fitting = 0
        while fitting < len(items) and sizes[fitting] <= room:
            room -= sizes[fitting]
            fitting += 1
        # One is tried in any case: without it nothing could be read beyond.
        fitting = max(fitting, 1)
        if not items or self._cursor_at is None:
            return None
        values = {self._list: items[:fitting], "next_cursor": self._cursor_at(fitting)}
        if "count" in type(self).model_fields:
            values["count"] = fitting
        return self.model_copy(update=values)


class Content(Result):
    """What a tool without structured output returns: blocks only, ``Content().with_blocks(…)``."""


@dataclass(frozen=True)
class Tool:
    """One tool as the catalogue knows it."""

    name: str
    title: str
    description: str
    scope: str
    annotations: dict[str, Any]
    arguments: type[BaseModel]
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    # Technical names of groups, of which the user must have one; empty means everybody.
    groups: str = ""

    @property
    def read_only(self) -> bool:
        return self.annotations["readOnlyHint"]

    @property
    def is_approvable(self) -> bool:
        """Whether a connection may make this tool wait for a person: what only its own session keeps never waits."""
        return not self.read_only and self.scope != "read"

    @property
    def can_dry_run(self) -> bool:
        return "dry_run" in self.arguments.model_fields

    def definition(self) -> dict[str, Any]:
        """The entry of ``tools/list`` (MCP 2025-11-25 and 2026-07-28, server/tools)."""
        schema = self.output_schema
        output = {"outputSchema": or_pending(schema) if self.is_approvable else schema} if schema else {}
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.input_schema,
            **output,
            "annotations": self.annotations,
        }

    def parse(self, arguments: Any) -> dict[str, Any]:
        """Validated arguments by name.

        :raise ToolError: names each argument that is wrong and why, never its value
        """
        try:
            model = self.arguments.model_validate({} if arguments is None else arguments)
        except ValidationError as error:
            raise ToolError(self._explain(error)) from None
        return {name: getattr(model, name) for name in self.arguments.model_fields}

    def _explain(self, error: ValidationError) -> str:
        lines = []
        for problem in error.errors(include_url=False, include_input=False, include_context=False):
            where = ".".join(str(step)[:60] for step in problem["loc"]) or "arguments"
            lines.append(f"{where}: {problem['msg']}")
        known = ", ".join(self.arguments.model_fields) or "none"
        return "\n".join([f"Wrong arguments for {self.name}.", *lines[:20], f"Arguments of this tool: {known}."])


def tool(
    *,
    title: str,
    scope: str,
    read_only: bool,
    destructive: bool = False,
    idempotent: bool = False,
    open_world: bool = False,
    groups: str = "",
    input_schema: dict[str, Any] | None = None,
) -> Callable:
    """Make a method of a toolset a tool of the same name.

    Parameters become the arguments, their annotations (pydantic's ``Field`` in ``Annotated``) the input schema, the
    docstring the description for the AI, and the returned ``Result`` class the output schema. A tool with a parameter
    ``dry_run: bool`` is rolled back by the gateway whenever it is called with true.

    :param scope: the least scope that a connection needs: ``read``, ``write`` or ``execute``
    :param read_only: the tool runs in a transaction in which PostgreSQL refuses every write
    :param groups: external ids of groups, separated by commas; only users in one of them see the tool
    :param input_schema: shown instead of the one made from the parameters, which still checks the arguments
    """
    if scope not in SCOPES:
        raise ValueError(f"unknown scope {scope!r}")

    def declare(method: Callable) -> Callable:
        arguments = _arguments_of(method)
        returned = get_type_hints(method)["return"]
        method._mcp_tool = Tool(
            name=method.__name__,
            title=title,
            description=inspect.getdoc(method) or title,
            scope=scope,
            annotations={
                "title": title,
                "readOnlyHint": read_only,
                "destructiveHint": destructive,
                "idempotentHint": idempotent,
                "openWorldHint": open_world,
            },
            arguments=arguments,
            input_schema=input_schema or flat_schema(arguments) | {"additionalProperties": False},
            output_schema=None if issubclass(returned, Content) else flat_schema(returned, "serialization"),
            groups=groups,
        )
        # Tools are reached through the gateway, where the ladder stands, and not over RPC.
        method._api_private = True
        method._api_model = True
        return method

    return declare


def _arguments_of(method: Callable) -> type[BaseModel]:
    hints = get_type_hints(method, include_extras=True)
    parameters = list(inspect.signature(method).parameters.values())[1:]
    return create_model(
        f"{method.__name__}_arguments",
        __config__=ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True, protected_namespaces=()),
        **{p.name: (hints[p.name], ... if p.default is p.empty else p.default) for p in parameters},
    )


def _plain(item: Any) -> Any:
    return item.model_dump(mode="json", exclude_none=True) if isinstance(item, BaseModel) else item


def json_of(value: Any) -> str:
    """JSON as it goes over the wire."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def size_of(value: Any) -> int:
    """Bytes of the JSON of ``value``."""
    return len(json_of(value).encode())
