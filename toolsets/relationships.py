# pylint: disable=dangerous-default-value
from typing import Annotated, Any, ClassVar

from pydantic import Field

from odoo import models

from .records import Cursor, FieldNames, Limit, ModelName, RecordIds, cursor_after, offset_of
from .tool import Page, ToolError, tool
from .values import check_path, follow, readable

MAX_REACHED = 10_000
MAX_ORIGINS = 50


class ReachedList(Page):
    _list: ClassVar[str] = "records"
    model: str
    records: list[dict[str, Any]]
    count: int
    total: int


class McpToolsetAnalysis(models.AbstractModel):
    _inherit = "mcp.toolset.analysis"

    @tool(title="Follow relationships", scope="read", read_only=True, idempotent=True)
    def traverse_relationships(
        self,
        model: ModelName,
        ids: RecordIds,
        path: Annotated[
            str,
            Field(
                description='Relation fields, for example "order_line.product_id.categ_id".',
                min_length=1,
                max_length=300,
            ),
        ],
        fields: FieldNames = [],  # noqa: B006
        limit: Limit = 80,
        cursor: Cursor = "",
    ) -> ReachedList:
        """Follow relations from records to the records they lead to, over several steps in one call.

        Which product categories were ordered: model "sale.order", ids [12, 13], path "order_line.product_id.categ_id".
        Each record comes once, with the fields you name and start_ids: the ids that it was reached from.
        """
        start = self.env["mcp.guard"]._records(self.env["mcp.guard"]._readable_model(model), ids)
        steps = path.split(".")
        end_model = check_path(start, f"{path}.id")
        names = self.env["mcp.toolset.records"]._field_names(end_model, fields)
        reached, ends = follow(start, steps)
        if len(ends) > MAX_REACHED:
            raise ToolError(f"This leads to {len(ends)} records. Start from fewer, or use aggregate_records.")
        offset = offset_of(cursor)
        page = ends[offset : offset + limit]
        rows = [{**row, "start_ids": []} for row in readable(page, names)]
        by_id = {row["id"]: row["start_ids"] for row in rows}
        for origin, found in reached.items():
            for end in found:
                if end in by_id and len(by_id[end]) < MAX_ORIGINS:
                    by_id[end].append(origin)
        result = ReachedList(model=end_model._name, records=rows, count=len(rows), total=len(ends))
        return result.going_on_with(cursor_after(offset), more=len(ends) > offset + limit)
