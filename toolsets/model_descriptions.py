# pylint: disable=dangerous-default-value
import difflib
from typing import Annotated, ClassVar

from pydantic import Field

from odoo import models

from .records import Cursor, ModelName, cursor_after, offset_of
from .tool import Page, Result, ToolError, tool

MAX_MODELS = 200
MAX_CHOICES = 100
MAX_HELP = 300
OPERATIONS = ("read", "create", "write", "unlink")
_ATTRIBUTES = [
    *("string", "type", "required", "readonly", "searchable", "sortable", "groupable", "aggregator"),
    *("relation", "relation_field", "selection", "help"),
]


class ModelInfo(Result):
    model: str
    name: str
    operations: list[str]


class ModelList(Page):
    _list: ClassVar[str] = "models"
    models: list[ModelInfo]
    total: int


class FieldInfo(Result):
    """Of the flags, only those that are true are sent."""

    name: str
    label: str
    type: str
    required: bool | None = None
    readonly: bool | None = None
    searchable: bool | None = None
    sortable: bool | None = None
    groupable: bool | None = None
    aggregator: str | None = None
    relation: str | None = None
    relation_field: str | None = None
    selection: list[str] | None = None
    help: str | None = None


class ModelDescription(Page):
    _list: ClassVar[str] = "fields"
    model: str
    name: str
    can_create: bool
    can_update: bool
    can_delete: bool
    fields: list[FieldInfo]


class McpToolsetRecords(models.AbstractModel):
    _inherit = "mcp.toolset.records"

    @tool(title="List models", scope="read", read_only=True, idempotent=True)
    def list_models(
        self,
        query: Annotated[
            str, Field(description='Part of a name, for example "invoice". Empty: all.', max_length=100)
        ] = "",
        cursor: Cursor = "",
    ) -> ModelList:
        """List the kinds of records (Odoo models) that you can read, with their technical names.

        Start here when you do not know where something is kept. operations says what you may do with the records of
        each: read, create, write (change), unlink (delete). Then use describe_model to see the fields.
        """
        needle, offset = query.strip().lower(), offset_of(cursor)
        # Names of models are no secret, and few users may read this table; what they may not see is left out.
        found = [
            row
            for row in self.env["ir.model"].sudo().search([("transient", "=", False)], order="model")
            if (needle in row.model.lower() or needle in row.name.lower())
            and self.env["mcp.guard"]._sees_model(self.env.get(row.model))
        ]
        page = found[offset : offset + MAX_MODELS]
        result = ModelList(
            models=[ModelInfo(model=row.model, name=row.name, operations=self._operations(row.model)) for row in page],
            total=len(found),
        )
        return result.going_on_with(cursor_after(offset), more=len(found) > offset + MAX_MODELS)

    @tool(title="Describe a model", scope="read", read_only=True, idempotent=True)
    def describe_model(
        self,
        model: ModelName,
        query: Annotated[
            str, Field(description="Part of a field's name or label; empty: all fields.", max_length=100)
        ] = "",
        cursor: Cursor = "",
    ) -> ModelDescription:
        """Describe a model: its fields with type, label, choices and relations, and what you may do with its records.

        Use it before you search by a field or write one. Of required, readonly, searchable, sortable and groupable,
        what is not there is false. aggregator is how aggregate_records sums a field up. selection lists
        "value = label"; search and write with the value. relation is the model that a field leads to. Fields of type
        binary are files and images, which read_attachment shows.
        """
        guard, offset = self.env["mcp.guard"], offset_of(cursor)
        try:
            target = guard._readable_model(model)
        except ToolError as error:
            raise ToolError(f"{error}{self._near_models(model)}") from None
        needle = query.strip().lower()
        described = target.fields_get(list(guard._readable_fields(target)), _ATTRIBUTES)
        found = [
            self._field_info(model, name, described[name])
            for name in sorted(described)
            if needle in name or needle in described[name]["string"].lower()
        ]
        operations = self._operations(model)
        result = ModelDescription(
            model=model,
            name=self.env["ir.model"]._get(model).sudo().name,
            can_create="create" in operations,
            can_update="write" in operations,
            can_delete="unlink" in operations,
            fields=found[offset:],
        )
        return result.going_on_with(cursor_after(offset), more=False)

    def _operations(self, name: str) -> list[str]:
        """What the user, the connection and the guards permit with records of a model."""
        guard = self.env["mcp.guard"]
        return [
            operation
            for operation in OPERATIONS
            if (operation == "read" or not guard._forbids("model", name, "write"))
            and self.env[name].has_access(operation)
            and guard._is_within_limits(name, operation)
        ]

    def _near_models(self, name: str) -> str:
        """Models of which the caller may have mistaken the name, never one that the user cannot read."""
        guard = self.env["mcp.guard"]
        seen = [known for known in self.env.registry if guard._sees_model(self.env[known])]
        wanted = name[:64].lower()
        near = difflib.get_close_matches(wanted, seen, n=4, cutoff=0.6)
        near += [known for known in seen if wanted and wanted in known][:4]
        return f" Did you mean {' or '.join(dict.fromkeys(near))}?" if near else ""

    def _field_info(self, model: str, name: str, description: dict) -> FieldInfo:
        readonly = description.get("readonly") or self.env["mcp.guard"]._forbids("field", f"{model}:{name}", "write")
        choices = [f"{value} = {label}" for value, label in description.get("selection") or ()]
        if len(choices) > MAX_CHOICES:
            choices = [*choices[:MAX_CHOICES], f"… and {len(choices) - MAX_CHOICES} more"]
        return FieldInfo(
            name=name,
            label=description["string"],
            type=description["type"],
            readonly=True if readonly else None,
            selection=choices or None,
            help=(description.get("help") or "")[:MAX_HELP] or None,
            **{flag: True for flag in ("required", "searchable", "sortable", "groupable") if description.get(flag)},
            **{key: description.get(key) or None for key in ("aggregator", "relation", "relation_field")},
        )
