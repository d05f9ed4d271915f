"""The arguments of a business method, checked against its signature before it is called."""

import difflib
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from .tool import ToolError, json_of

# A context would change who sees what, or skip checks.
_NEVER = frozenset({"context", "env", "cr", "uid", "user", "self"})
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
# What a default tells about the values; False and None tell nothing: they often mean "not given".
_BY_DEFAULT = {bool: bool, int: int | float, float: float, str: str, list: list, dict: dict}


def checked_arguments(method: Callable, arguments: dict[str, Any]) -> dict[str, Any]:
    """``arguments`` for ``method``, by name.

    :raise ToolError: names what is unknown, missing or of the wrong type, and what the method takes
    """
    parameters = list(inspect.signature(method).parameters.values())[1:]
    settable = {p.name: p for p in parameters if p.kind in _NAMED and p.name not in _NEVER and p.name[0] != "_"}
    for name in arguments:
        if name not in settable:
            near = difflib.get_close_matches(name[:64], settable, n=2, cutoff=0.5)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise ToolError(f"{method.__name__} takes no argument {name[:64]!r}.{hint} {_takes(settable)}")
    required = [
        p.name
        for p in parameters
        if p.default is p.empty and p.kind in (*_NAMED, inspect.Parameter.POSITIONAL_ONLY) and p.name not in arguments
    ]
    if required:
        raise ToolError(f"{method.__name__} also needs {', '.join(required)}. {_takes(settable)}")
    return {name: _checked(method, settable[name], value) for name, value in arguments.items()}


def _takes(settable: dict[str, inspect.Parameter]) -> str:
    if not settable:
        return "It takes no arguments."
    return f"Its arguments: {', '.join(str(parameter) for parameter in settable.values())}."


def _checked(method: Callable, parameter: inspect.Parameter, value: Any) -> Any:
    try:
        checked = TypeAdapter(_type_of(method, parameter)).validate_json(json_of(value), strict=True)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]["msg"]
        raise ToolError(f"{method.__name__}: {parameter.name}: {problem}. It is declared as {parameter}.") from None
    except (PydanticUserError, TypeError, NameError):
        raise ToolError(
            f"{method.__name__}: {parameter.name} is declared as {parameter}, which only code in Odoo can give."
        ) from None
    # A date comes as text and goes as a date; all else goes as it came.
    return value if isinstance(value, (dict, list)) else checked


def _type_of(method: Callable, parameter: inspect.Parameter) -> Any:
    if parameter.annotation is not parameter.empty:
        holder = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
        try:
            return typing.get_type_hints(holder, inspect.unwrap(method).__globals__)[parameter.name]
        except (NameError, TypeError, SyntaxError, AttributeError):
            # Imported for type checkers only.
            return Any
    if parameter.default is False:
        return Any
    return _BY_DEFAULT.get(type(parameter.default), Any)
