"""How a prompt is declared: one decorated method of a toolset (see ``docs/extending.md``)."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PromptArgument:
    """One argument of a prompt; its value is always text."""

    name: str
    description: str = ""
    required: bool = True
    # Completion offers the names of this model's records.
    model: str | None = None

    def definition(self) -> dict[str, Any]:
        return {"name": self.name, "description": self.description, "required": self.required}


@dataclass(frozen=True)
class Prompt:
    """One prompt as the catalogue knows it."""

    name: str
    title: str
    description: str
    arguments: tuple[PromptArgument, ...] = ()

    def definition(self) -> dict[str, Any]:
        """The entry of ``prompts/list`` (server/prompts)."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "arguments": [argument.definition() for argument in self.arguments],
        }


def prompt(*, title: str, **descriptions: str) -> Callable:
    """Make a method of a toolset a prompt of the same name.

    Its parameters, which are text, are the arguments (one with a default is optional); it returns messages
    (``protocol/content.py``), and the docstring is the description.

    :param descriptions: what each argument is, by its name
    """

    def declare(method: Callable) -> Callable:
        parameters = list(inspect.signature(method).parameters.values())[1:]
        method._mcp_prompt = Prompt(
            name=method.__name__,
            title=title,
            description=inspect.getdoc(method) or title,
            arguments=tuple(
                PromptArgument(p.name, descriptions.get(p.name, ""), p.default is p.empty) for p in parameters
            ),
        )
        method._api_private = True
        method._api_model = True
        return method

    return declare
