# pylint: disable=dangerous-default-value
# pydantic copies a default, and the tools change none.
import re
from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from lxml import etree
from pydantic import Field

from odoo import models
from odoo.fields import Domain

from ..protocol import pagination
from .tool import Page, Result, ToolError, tool
from .values import ALONE, MANY, OMITTED_TYPES, check_path, readable

MAX_LIMIT = 200
# Odoo's own bookkeeping: true of every record and rarely what was asked for.
TECHNICAL_FIELDS = frozenset({"create_uid", "create_date", "write_uid", "write_date", "display_name", "id"})
DEFAULT_FIELDS = 12
FEW_FIELDS = 4
_LONG_TYPES = ("html", "properties", "json", "serialized", "reference")
_HAS_ID = re.compile(r"(^|,)\s*id\b")

ModelName = Annotated[str, Field(description='Technical name of the model, for example "res.partner" or "sale.order".')]
RecordId = Annotated[int, Field(description="Id of the record.", ge=1, le=2**31 - 1)]
RecordIds = Annotated[
    list[Annotated[int, Field(ge=1, le=2**31 - 1)]], Field(description="Ids of the records.", min_length=1)
]
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
    Field(
        description='Names of the fields to return, also through relations as in "partner_id.country_id.code"; empty '
        "returns the most telling ones. describe_model lists them. Files and images are left out.",
        max_length=100,
    ),
]
Limit = Annotated[int, Field(description=f"How many at most, up to {MAX_LIMIT}.", ge=1, le=MAX_LIMIT)]
Cursor = Annotated[str, Field(description="next_cursor of the answer before, to go on where it ended.", max_length=500)]
Archived = Annotated[bool, Field(description="Archived records (active = false) too.")]


class RecordList(Page):
    _list: ClassVar[str] = "records"
    records: list[dict[str, Any]]
    count: int


class Record(Result):
    record: dict[str, Any]


class Count(Result):
    count: int


class McpToolsetRecords(models.AbstractModel):
    _name = "mcp.toolset.records"
    _description = "MCP Tools: Records"
    _inherit = ["mcp.toolset"]

    @tool(title="Search records", scope="read", read_only=True, idempotent=True)
    def search_records(
        self,
        model: ModelName,
        domain: DomainList = [],  # noqa: B006 (pydantic copies defaults)
        fields: FieldNames = [],  # noqa: B006
        order: Annotated[
            str, Field(description='For example "date_order desc, id". Empty: the model\'s own order.', max_length=200)
        ] = "",
        limit: Limit = 20,
        cursor: Cursor = "",
        include_archived: Archived = False,
    ) -> RecordList:
        """Find the records of a model that meet conditions, and return the fields you name.

        Open invoices of one customer, by name: model "account.move", domain [["partner_id", "ilike", "azure"],
        ["move_type", "=", "out_invoice"], ["payment_state", "in", ["not_paid", "partial"]]].
        This quarter's orders: [["date_order", ">=", "2026-01-01"], ["date_order", "<", "2026-04-01"]]. With several
        companies, add ["company_id", "=", id].
        Relations come as {id, name}, selections as {value, label} (search by the value), texts cut at 2,000 characters
        and HTML as plain text; get_record gives the rest. Archived records are left out unless you ask for them.
        next_cursor is there when more records follow. For totals use aggregate_records, not many pages.
        """
        target, conditions = self._selection(model, domain, include_archived)
        names = self._field_names(target, fields)
        offset = offset_of(cursor)
        found = target.search_fetch(
            conditions,
            list(dict.fromkeys(name.partition(".")[0] for name in names)),
            offset=offset,
            limit=limit + 1,
            order=self._stable_order(target, order),
        )
        page = found[:limit]
        result = RecordList(records=readable(page, names), count=len(page))
        return result.going_on_with(cursor_after(offset), more=len(found) > limit)

    @tool(title="Get a record", scope="read", read_only=True, idempotent=True)
    def get_record(self, model: ModelName, id: RecordId, fields: FieldNames = []) -> Record:  # noqa: B006
        """Return one record by its id, archived or not, with the fields you name.

        Long texts come up to 50,000 characters, HTML as it is stored, lists of related records up to 200.
        """
        guard = self.env["mcp.guard"]
        target = guard._readable_model(model)
        names = self._field_names(target, fields)
        return Record(record=readable(guard._records(target, [id]), names, ALONE)[0])

    @tool(title="Count records", scope="read", read_only=True, idempotent=True)
    def count_records(
        self,
        model: ModelName,
        domain: DomainList = [],  # noqa: B006
        include_archived: Archived = False,
    ) -> Count:
        """Count the records of a model that meet conditions, without reading them."""
        target, conditions = self._selection(model, domain, include_archived)
        return Count(count=target.search_count(conditions))

    def _selection(self, model: str, domain: list, include_archived: bool):
        """The model, and the domain within the limits.

        As everywhere in Odoo, a domain that names the field of archived records decides about them itself. The guard
        may simplify such a condition away, so it is looked for here.
        """
        guard = self.env["mcp.guard"]
        target = guard._readable_model(model)
        conditions = guard._checked_domain(target, domain)
        if include_archived or any(
            condition.field_expr == target._active_name for condition in Domain(domain).iter_conditions()
        ):
            target = target.with_context(active_test=False)
        return target, conditions

    def _stable_order(self, model, order: str) -> str:
        """``order``, or the model's own, ending with the id, so that no page repeats or skips a record.

        :raise ToolError: if the records cannot be sorted so
        """
        for term in order and self.env["mcp.guard"]._checked_order(model, order).split(","):
            field = model._fields.get(term.split()[0])
            if field is None or not field._description_sortable(self.env):
                raise ToolError(f"{model._name} cannot be sorted by {term.split()[0][:64]}: it is computed, or a path.")
        order = order or model._order or "id"
        return order if _HAS_ID.search(order) else f"{order}, id"

    def _field_names(self, model, names: list[str]) -> list[str]:
        """What the caller asked for, if all of it is there for the user; otherwise the most telling fields.

        :raise ToolError: names the first field that is not there, and those that look like it
        """
        for name in names:
            check_path(model, name)
        return names or ["display_name", *telling_fields(model)]


def telling_fields(model, limit: int = DEFAULT_FIELDS) -> list[str]:
    """Names of the stored fields that say most about a record: what Odoo's own list shows, or the required ones."""
    telling = {
        name: field
        for name, field in model.env["mcp.guard"]._readable_fields(model).items()
        if field.store and name not in TECHNICAL_FIELDS and field.type not in (*OMITTED_TYPES, *MANY, *_LONG_TYPES)
    }
    # Lists may leave out the state, since they colour the rows by it.
    listed = [name for name in (*_listed_fields(model), "state", "stage_id") if name in telling]
    if len(listed) < FEW_FIELDS:
        listed += sorted(telling, key=lambda name: (name != "name", not telling[name].required))
    return list(dict.fromkeys(listed))[:limit]


def _listed_fields(model) -> list[str]:
    columns = etree.fromstring(model.get_view(view_type="list")["arch"]).findall("field")
    return [
        column.get("name")
        for column in columns
        if column.get("optional") != "hide" and column.get("column_invisible") not in ("1", "True")
    ]


def cursor_after(offset: int) -> Callable[[int], str]:
    """What makes the cursors of a page that began at ``offset``."""
    return lambda items: pagination.encode({"offset": offset + items})


def id_of(text: str) -> int | None:
    """The id that a URI names, if it can be one of a record."""
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,9}", text) and int(text) < 2**31 else None


def offset_of(cursor: str) -> int:
    """:raise ToolError: if it is not a cursor that ``cursor_after`` made"""
    if not cursor:
        return 0
    try:
        offset = pagination.decode(cursor)["offset"]
    except (ValueError, KeyError):
        offset = None
    # bool is an int to Python, and a forged cursor may hold one.
    if type(offset) is not int or not 0 <= offset < 2**31:
        raise ToolError("cursor is not one that this tool returned. Leave it out to start from the beginning.")
    return offset
