"""Pydantic models to JSON Schemas that every known host accepts: flat, one type each, nothing referenced.

Hosts drop or misread ``$ref``, ``anyOf``, ``const`` and lists of types without saying so, so a tool that would need
them is refused when it is declared.
"""

from typing import Any

from pydantic import BaseModel

_NOISE = ("title", "discriminator")


def flat_schema(model: type[BaseModel], mode: str = "validation") -> dict[str, Any]:
    """The JSON Schema of ``model``.

    :param mode: ``validation`` for arguments, ``serialization`` for results
    :raise TypeError: for a union of two types or a model that contains itself
    """
    schema = model.model_json_schema(mode=mode)
    return _flatten(schema, schema.pop("$defs", {}), ())


def _flatten(node: Any, definitions: dict[str, Any], above: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_flatten(item, definitions, above) for item in node]
    if not isinstance(node, dict):
        return node
    node = dict(node)
    if reference := node.pop("$ref", None):
        name = reference.rpartition("/")[2]
        if name in above:
            raise TypeError(f"{name} contains itself: hosts cannot read a recursive schema")
        return _flatten({**definitions[name], **node}, definitions, (*above, name))
    if options := node.pop("anyOf", None):
        inner = [option for option in options if option.get("type") != "null"]
        if len(inner) != 1:
            raise TypeError("hosts cannot read a union of types")
        return _flatten({**inner[0], **node}, definitions, above)
    if "const" in node:
        node["enum"] = [node.pop("const")]
    if node.get("default", ...) is None:
        del node["default"]
    return {
        key: {name: _flatten(field, definitions, above) for name, field in value.items()}
        if key == "properties"
        else _flatten(value, definitions, above)
        for key, value in node.items()
        if key not in _NOISE
    }
