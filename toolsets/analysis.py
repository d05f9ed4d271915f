# pylint: disable=dangerous-default-value
from datetime import date, datetime
from typing import Annotated, Any, ClassVar

import pytz
from pydantic import Field

from odoo import models
from odoo.fields import Datetime

from .records import Archived, Cursor, DomainList, Limit, ModelName, cursor_after, offset_of
from .tool import Page, ToolError, tool
from .values import MANY, check_path, formatter, localised

GRANULARITIES = ("day", "week", "month", "quarter", "year")
NUMBERS = ("integer", "float", "monetary")
# Which types of fields each function takes; None means any that can be grouped by.
FUNCTIONS = {
    "sum": NUMBERS,
    "avg": NUMBERS,
    "min": (*NUMBERS, "date", "datetime"),
    "max": (*NUMBERS, "date", "datetime"),
    "sum_currency": ("monetary",),
    "count": None,
    "count_distinct": None,
}


class GroupList(Page):
    _list: ClassVar[str] = "groups"
    groups: list[dict[str, Any]]
    count: int


class McpToolsetAnalysis(models.AbstractModel):
    _name = "mcp.toolset.analysis"
    _description = "MCP Tools: Analysis"
    _inherit = ["mcp.toolset"]

    @tool(title="Aggregate records", scope="read", read_only=True, idempotent=True)
    def aggregate_records(
        self,
        model: ModelName,
        domain: DomainList = [],  # noqa: B006 (pydantic copies defaults)
        group_by: Annotated[
            list[str],
            Field(
                description='Fields to group by, for example ["partner_id", "date_order:month"]; dates with day, week, '
                'month, quarter or year; many2one paths such as "partner_id.country_id". Empty: one total.',
                max_length=5,
            ),
        ] = [],  # noqa: B006
        measures: Annotated[
            list[str],
            Field(
                description='"field:function" with sum, avg, min, max, count, count_distinct, or sum_currency (an '
                'amount in your company\'s currency), for example ["amount_total:sum"]. count is always there.',
                max_length=20,
            ),
        ] = [],  # noqa: B006
        order: Annotated[
            str,
            Field(
                description='By groups or measures, for example "amount_total:sum desc" or "count desc".',
                max_length=300,
            ),
        ] = "",
        limit: Limit = 80,
        cursor: Cursor = "",
        include_archived: Archived = False,
    ) -> GroupList:
        """Sum up, average or count records in groups, calculated by the database over all of them.

        Revenue by month: model "account.move", domain [["move_type", "=", "out_invoice"], ["state", "=", "posted"]],
        group_by ["invoice_date:month"], measures ["amount_untaxed_signed:sum"].
        Ten best customers: group_by ["partner_id"], order "amount_total:sum desc", limit 10.
        Relations come as {id, name}, dates as {from, label} (from is the first day or moment, in your time zone).
        Amounts in different currencies cannot be summed: group by "currency_id" too, or use sum_currency.
        describe_model says which fields are groupable and what aggregator they have.
        """
        target, conditions = self.env["mcp.toolset.records"]._selection(model, domain, include_archived)
        groups = list(dict.fromkeys(self._group(target, spec) for spec in group_by))
        asked = list(dict.fromkeys(["__count", *(self._measure(target, spec) for spec in measures)]))
        offset = offset_of(cursor)
        rows = target.formatted_read_group(
            conditions,
            groups,
            asked,
            offset=offset,
            limit=limit + 1,
            order=self._group_order(order, groups, asked) or None,
        )
        page = [self._readable_group(target, row, groups, asked) for row in rows[:limit]]
        return GroupList(groups=page, count=len(page)).going_on_with(cursor_after(offset), more=len(rows) > limit)

    def _group(self, model, spec: str) -> str:
        """What Odoo is to group by.

        :raise ToolError: if the user cannot see the field, or nothing can be grouped by it
        """
        path, _colon, granularity = spec.partition(":")
        holder = check_path(model, path)
        field = holder._fields[path.rpartition(".")[2]]
        self._check_group_path(model, path)
        if not field._description_groupable(self.env) or field.type in ("text", "html", "json", "binary", "properties"):
            raise ToolError(f"Nothing can be grouped by {path}. describe_model says which fields are groupable.")
        if field.type not in ("date", "datetime"):
            if granularity:
                raise ToolError(f"{path} is no date, so it takes no granularity.")
            return path
        if (granularity or "month") not in GRANULARITIES:
            raise ToolError(f"{path}: dates are grouped by {', '.join(GRANULARITIES)}.")
        return f"{path}:{granularity or 'month'}"

    def _check_group_path(self, model, path: str) -> None:
        """:raise ToolError: if Odoo cannot group along the path, or the connection sees only some records on it"""
        *steps, last = path.split(".")
        met = []
        for step in steps:
            field = model._fields[step]
            if field.type != "many2one":
                raise ToolError(
                    f"{step} is no many2one, so nothing is grouped along it. Start from {field.comodel_name}."
                )
            model = self.env[field.comodel_name]
            met.append(model)
        if model._fields[last].type in MANY:
            met.append(self.env[model._fields[last].comodel_name])
        for model in met:
            if not self.env["mcp.guard"]._limit_domain(model).is_true():
                raise ToolError(f"This connection sees only some records of {model._name}: nothing is grouped by them.")

    def _measure(self, model, spec: str) -> str:
        """What Odoo is to calculate.

        :raise ToolError: if the user cannot see the field, or the function does not fit it; says what would
        """
        if spec in ("count", "__count"):
            return "__count"
        name, _colon, function = spec.partition(":")
        self.env["mcp.guard"]._check_field(model, name)
        field = model._fields[name]
        function = function or field.aggregator or ""
        if function not in FUNCTIONS:
            raise ToolError(f"{name}: write {name}:function with one of {', '.join(FUNCTIONS)}.")
        types = FUNCTIONS[function]
        if types and field.type not in types:
            raise ToolError(f"{name} is of type {field.type}, of which there is no {function}; count_distinct may do.")
        if not self._is_calculable(model, f"{name}:{function}"):
            raise ToolError(
                f"{name} is computed, not stored, so the database cannot calculate with it.{self._others(model)}"
            )
        return f"{name}:{function}"

    def _is_calculable(self, model, spec: str) -> bool:
        field = model._fields[spec.partition(":")[0]]
        if field.type in (*MANY, "binary", "html", "json", "properties"):
            return False
        try:
            model._read_group_select(spec, model._as_query(ordered=False))
        except ValueError:
            return False
        return True

    def _others(self, model) -> str:
        fields = self.env["mcp.guard"]._readable_fields(model)
        names = [name for name, field in fields.items() if field.store and field.type in NUMBERS and field.aggregator]
        return f" Of {model._name} it can: {', '.join(names[:20])}." if names else ""

    def _group_order(self, order: str, groups: list[str], measures: list[str]) -> str:
        """``order`` in Odoo's terms; ends so that no page repeats or skips a group."""
        known = {**{spec: spec for spec in (*groups, *measures)}, "count": "__count"}
        known |= {spec.partition(":")[0]: spec for spec in groups}
        terms, used = [], set()
        for term in filter(None, (part.strip() for part in order.split(","))):
            name, _space, direction = term.partition(" ")
            if name not in known or direction.strip().lower() not in ("", "asc", "desc"):
                raise ToolError(f"order takes what you group by or measure: {', '.join(known)}, with asc or desc.")
            terms.append(f"{known[name]} {direction.strip()}".strip())
            used.add(known[name])
        return ", ".join([*terms, *(spec for spec in groups if spec not in used), "id:min"]) if groups else ""

    def _readable_group(self, model, row: dict, groups: list[str], measures: list[str]) -> dict[str, Any]:
        found = {spec: self._group_value(model, spec, row[spec]) for spec in groups}
        for spec in measures:
            found["count" if spec == "__count" else spec] = self._measured(row[spec])
        return found

    def _group_value(self, model, spec: str, value: Any) -> Any:
        path, _colon, granularity = spec.partition(":")
        field = check_path(model, path)._fields[path.rpartition(".")[2]]
        if value is None or (value is False and field.type != "boolean"):
            return None
        if granularity:
            start, label = value
            moment = localised(Datetime.to_datetime(start), self._zone()) if field.type == "datetime" else start
            return {"from": moment, "label": label}
        if isinstance(value, tuple):
            return {"id": value[0], "name": value[1]}
        return formatter(field, self.env)(value)

    def _measured(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return localised(value, self._zone())
        return value.isoformat() if isinstance(value, date) else value

    def _zone(self):
        return pytz.timezone(self.env.context.get("tz") or "UTC")
