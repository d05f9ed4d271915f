# pylint: disable=dangerous-default-value
# pydantic copies a default, and the tools change none.
from typing import Annotated, Any

from pydantic import Field

from odoo import models

from ..protocol import pagination
from .tool import Result, ToolError, tool
from .values import OMITTED_TYPES, readable

MAX_LIMIT = 200
MAX_LIST = 500
# Odoo's own bookkeeping: true of every record and rarely what was asked for.
TECHNICAL_FIELDS = frozenset({"create_uid", "create_date", "write_uid", "write_date", "display_name", "id"})
DEFAULT_FIELDS = 12

ModelName = Annotated[str, Field(description='Technical name of the model, for example "res.partner" or "sale.order".')]
DomainList = Annotated[
    list[Any],
    Field(
        description="Conditions that all must hold, for example "
        '[["is_company", "=", true], ["country_id.code", "=", "BE"]]. '
        "Operators: =, !=, <, <=, >, >=, in, not in, like, ilike, =like, child_of, any. "
        'Put "|" before two conditions of which one is enough, "!" before one to negate it. '
        'Dates as "2026-03-31", times in UTC as "2026-03-31 14:00:00". Empty: all records.'
    ),
]
FieldNames = Annotated[
    list[str],
    Field(description="Names of the fields to return; empty returns the most telling ones. describe_model lists them."),
]


class ModelInfo(Result):
    model: str
    name: str


class ModelList(Result):
    models: list[ModelInfo]
    total: int
    truncated: bool


class FieldInfo(Result):
    name: str
    label: str
    type: str
    required: bool
    readonly: bool
    searchable: bool
    relation: str | None = None
    selection: list[str] | None = None
    help: str | None = None


class ModelDescription(Result):
    model: str
    name: str
    can_create: bool
    can_update: bool
    can_delete: bool
    fields: list[FieldInfo]


class RecordList(Result):
    records: list[dict[str, Any]]
    count: int
    next_cursor: str | None = None


class Record(Result):
    record: dict[str, Any]


class Count(Result):
    count: int


class McpToolsetRecords(models.AbstractModel):
    _name = "mcp.toolset.records"
    _description = "MCP Tools: Records"
    _inherit = ["mcp.toolset"]

    @tool(title="List models", scope="read", read_only=True, idempotent=True)
    def list_models(
        self,
        query: Annotated[
            str, Field(description='Part of a name, for example "invoice". Empty: all.', max_length=100)
        ] = "",
    ) -> ModelList:
        """List the kinds of records (Odoo models) that you can read, with their technical names.

        Start here when you do not know where something is kept. Then use describe_model to see the fields.
        """
        guard = self.env["mcp.guard"]
        needle = query.strip().lower()
        found = [
            ModelInfo(model=row.model, name=row.name)
            for row in self.env["ir.model"].sudo().search([("transient", "=", False)], order="model")
            if (needle in row.model.lower() or needle in row.name.lower())
            and row.model in self.env
            and not self.env[row.model]._abstract
            and not guard._hides_model(row.model)
            and self.env[row.model].has_access("read")
        ]
        return ModelList(models=found[:MAX_LIST], total=len(found), truncated=len(found) > MAX_LIST)

    @tool(title="Describe a model", scope="read", read_only=True, idempotent=True)
    def describe_model(self, model: ModelName) -> ModelDescription:
        """Describe a model: its fields with type, label, choices and relations, and what you may do with its records.

        Use it before you search by a field or write one.
        """
        guard = self.env["mcp.guard"]
        target = guard._readable_model(model)
        visible = guard._readable_fields(target)
        described = target.fields_get(
            list(visible), ["string", "type", "required", "readonly", "searchable", "relation", "selection", "help"]
        )
        return ModelDescription(
            model=model,
            name=self.env["ir.model"]._get(model).sudo().name,
            can_create=target.has_access("create"),
            can_update=target.has_access("write"),
            can_delete=target.has_access("unlink"),
            fields=[_field_info(name, described[name]) for name in sorted(described)],
        )

    @tool(title="Search records", scope="read", read_only=True, idempotent=True)
    def search_records(
        self,
        model: ModelName,
        domain: DomainList = [],  # noqa: B006 (pydantic copies defaults)
        fields: FieldNames = [],  # noqa: B006
        order: Annotated[
            str, Field(description='For example "date_order desc, id". Empty: the model\'s own order.', max_length=200)
        ] = "",
        limit: Annotated[
            int, Field(description=f"How many records at most, up to {MAX_LIMIT}.", ge=1, le=MAX_LIMIT)
        ] = 20,
        cursor: Annotated[
            str, Field(description="next_cursor of the answer before, to go on where it ended.", max_length=500)
        ] = "",
    ) -> RecordList:
        """Find the records of a model that meet conditions, and return the fields you name.

        Relations come as {id, name}, lists of related records as ids. next_cursor is there when more records follow.
        """
        guard = self.env["mcp.guard"]
        target = guard._readable_model(model)
        conditions = guard._checked_domain(target, domain)
        names = self._field_names(target, fields)
        offset = _offset_of(cursor)
        order = guard._checked_order(target, order) if order else None
        found = target.search_fetch(conditions, names, offset=offset, limit=limit + 1, order=order)
        page = found[:limit]
        return RecordList(
            records=readable(page, names),
            count=len(page),
            next_cursor=pagination.encode({"offset": offset + limit}) if len(found) > limit else None,
        )

    @tool(title="Get a record", scope="read", read_only=True, idempotent=True)
    def get_record(
        self,
        model: ModelName,
        id: Annotated[int, Field(description="Id of the record.", ge=1, le=2**31 - 1)],
        fields: FieldNames = [],  # noqa: B006
    ) -> Record:
        """Return one record by its id, with the fields you name."""
        target = self.env["mcp.guard"]._readable_model(model)
        names = self._field_names(target, fields)
        # Searched, not browsed: a record behind a rule must look like one that is not there.
        found = target.with_context(active_test=False).search_fetch([("id", "=", id)], names)
        if not found:
            raise ToolError(f"There is no record {id} in {model} that you can read.")
        return Record(record=readable(found, names)[0])

    @tool(title="Count records", scope="read", read_only=True, idempotent=True)
    def count_records(self, model: ModelName, domain: DomainList = []) -> Count:  # noqa: B006
        """Count the records of a model that meet conditions, without reading them."""
        guard = self.env["mcp.guard"]
        target = guard._readable_model(model)
        return Count(count=target.search_count(guard._checked_domain(target, domain)))

    def _field_names(self, model, names: list[str]) -> list[str]:
        """What the caller asked for, if all of it is there for the user; otherwise the most telling fields.

        :raise ToolError: names the fields that are not there
        """
        guard = self.env["mcp.guard"]
        unknown = [name for name in names if not guard._shows_field(model, name)]
        if unknown:
            raise ToolError(
                f"{model._name} has no field {', '.join(name[:64] for name in unknown[:10])}. "
                "describe_model tells which there are."
            )
        return names or ["display_name", *_telling_fields(guard._readable_fields(model))]


def _telling_fields(visible: dict) -> list[str]:
    telling = [
        name
        for name, field in visible.items()
        if field.store
        and name not in TECHNICAL_FIELDS
        and field.type
        not in (*OMITTED_TYPES, "one2many", "many2many", "html", "properties", "json", "serialized", "reference")
    ]
    telling.sort(key=lambda name: (name != "name", not visible[name].required))
    return telling[:DEFAULT_FIELDS]


def _field_info(name: str, description: dict) -> FieldInfo:
    return FieldInfo(
        name=name,
        label=description["string"],
        type=description["type"],
        required=bool(description.get("required")),
        readonly=bool(description.get("readonly")),
        searchable=bool(description.get("searchable")),
        relation=description.get("relation"),
        selection=[f"{key} = {label}" for key, label in description.get("selection") or ()] or None,
        help=description.get("help") or None,
    )


def _offset_of(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        offset = pagination.decode(cursor)["offset"]
    except (ValueError, KeyError):
        offset = None
    if not isinstance(offset, int) or not 0 <= offset < 2**31:
        raise ToolError("cursor is not one that search_records returned. Leave it out to start from the beginning.")
    return offset
