# pylint: disable=dangerous-default-value
# pydantic copies a default, and the tools change none.
from typing import Annotated, Any

from pydantic import Field

from odoo import models

from .changes import Changes, Observation
from .deletion import Deletion, deleted
from .failures import naming
from .incoming import Incoming
from .parsing import INT_MAX
from .records import ModelName, RecordId, RecordIds
from .tool import ToolError, tool
from .traces import leave_trace

MAX_BATCH = 200

Values = Annotated[
    dict[str, Any],
    Field(
        description='Values by field name, for example {"name": "Azure", "country_id": "Belgium", '
        '"date_deadline": "2026-03-31", "child_ids": {"create": [{"name": "Anna"}]}}.'
    ),
]
Rows = Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_BATCH)]
DryRun = Annotated[
    bool, Field(description="True: only show what would change; everything is undone and nothing is sent.")
]


class McpToolsetWriting(models.AbstractModel):
    _name = "mcp.toolset.writing"
    _description = "MCP Tools: Writing Records"
    _inherit = ["mcp.toolset"]

    @tool(title="Create a record", scope="write", read_only=False)
    def create_record(self, model: ModelName, values: Values, dry_run: DryRun = False) -> Changes:
        """Create a record and return it with everything that Odoo filled in.

        Set what matters and leave the rest out: Odoo computes defaults, prices, taxes, accounts and descriptions as its
        forms do. describe_model lists the fields.
        - many2one: id or name ("Belgium"); an ambiguous name is refused with the candidates. null empties a field.
        - date "2026-03-31"; datetime with offset "2026-03-31T14:00:00+02:00" (without an offset: UTC).
        - selection: value or label; HTML fields take HTML or plain text; amounts are numbers without quotes.
        - Lines and lists: a list of ids or names replaces what is there; an object changes it, for example an order
          with lines {"order_line": {"create": [{"product_id": "Desk", "product_uom_qty": 2}]}}. Others:
          {"add": [id], "remove": [id], "update": [{"id": id, "field": value}], "delete": [id]}.
        In another company, set company_id. A status is changed by transition_state, files by upload_attachment.
        """
        return self._create(model, [values], dry_run)

    @tool(title="Update a record", scope="write", read_only=False, destructive=True)
    def update_record(self, model: ModelName, id: RecordId, values: Values, dry_run: DryRun = False) -> Changes:
        """Change fields of a record and return them before and after, with what changed as a consequence (totals).

        Values as in create_record; only the fields that you name are written. To change lines, go through their record:
        {"order_line": {"update": [{"id": 7, "product_uom_qty": 3}], "create": [{…}], "delete": [8]}}; lines that must
        balance are changed in one call. {"active": false} archives a record, which is safer than to delete it.
        Not sure? dry_run shows the same answer and undoes it.
        """
        if not values:
            raise ToolError("There is nothing to change: values is empty.")
        return self._update(model, [id], [values], dry_run)

    @tool(title="Delete a record", scope="write", read_only=False, destructive=True, idempotent=True)
    def delete_record(self, model: ModelName, id: RecordId, dry_run: DryRun = False) -> Deletion:
        """Delete a record for good. There is no undo: call it with dry_run first and show the user what would go.

        To archive it instead, use update_record with {"active": false}.
        """
        return self._delete(model, [id], dry_run)

    @tool(title="Create records", scope="write", read_only=False)
    def create_records(
        self,
        model: ModelName,
        records: Annotated[Rows, Field(description='Values of each, as in create_record: [{"name": "A"}].')],
        dry_run: DryRun = False,
    ) -> Changes:
        """Create up to 200 records of one model: all of them, or none and an error that says which one and why.

        Values as in create_record. records[0] is the first.
        """
        return self._create(model, records, dry_run)

    @tool(title="Update records", scope="write", read_only=False, destructive=True)
    def update_records(
        self,
        model: ModelName,
        records: Annotated[
            Rows,
            Field(description='For each its id and what to change in it: [{"id": 7, "price_unit": 9.5}, {"id": 8}].'),
        ],
        common_values: Annotated[
            dict[str, Any], Field(description='Set on all of them besides: {"user_id": "Anna"}.')
        ] = {},  # noqa: B006
        dry_run: DryRun = False,
    ) -> Changes:
        """Change up to 200 records of one model: all of them, or none and an error that says which one and why.

        Values as in update_record, different ones for each record, the same for all in common_values, or both.
        """
        return self._update(model, *self._split(records, common_values), dry_run)

    @tool(title="Delete records", scope="write", read_only=False, destructive=True, idempotent=True)
    def delete_records(
        self, model: ModelName, ids: Annotated[RecordIds, Field(max_length=MAX_BATCH)], dry_run: DryRun = False
    ) -> Deletion:
        """Delete up to 200 records of one model for good: all of them, or none and an error that says which and why.

        There is no undo: call it with dry_run first and show the user what would go.
        """
        return self._delete(model, ids, dry_run)

    def _create(self, model: str, rows: list[dict[str, Any]], dry_run: bool) -> Changes:
        target = self.env["mcp.guard"]._usable_model(model, "create")
        names = [f"records[{number}]" for number in range(len(rows))] if len(rows) > 1 else [""]
        incoming = Incoming(self.env)
        converted = [
            incoming.values(target, row, at=name and f"{name}.") for row, name in zip(rows, names, strict=True)
        ]
        incoming.check()
        observation = Observation(target, target.browse(), converted)
        created = target.browse()
        for row, name in zip(converted, names, strict=True):
            with naming(self.env, name):
                # Odoo's models add to the values that they are given.
                record = target.create(dict(row))
                self.env.flush_all()
                self._check_limits(record, observation.reached(record, row), {})
            created |= record
        incoming.check_limits()
        changes = observation.changes(created, dry_run)
        leave_trace(created, self.env._("Created"))
        self._trace_related(changes)
        return changes

    def _update(self, model: str, ids: list[int], rows: list[dict[str, Any]], dry_run: bool) -> Changes:
        guard = self.env["mcp.guard"]
        target = guard._usable_model(model, "write")
        records = guard._records(target, ids, "write")
        incoming = Incoming(self.env)
        is_batch = len(rows) > 1
        converted = [
            incoming.values(target, row, record, f"id {record.id}: " if is_batch else "")
            for record, row in zip(records, rows, strict=True)
        ]
        incoming.check()
        observation = Observation(target, records, converted)
        for record, row in zip(records, converted, strict=True):
            with naming(self.env, f"id {record.id}" if is_batch else ""):
                before = observation.reached(record, row)
                record.write(dict(row))
                self.env.flush_all()
                self._check_limits(record, observation.reached(record, row), before)
        incoming.check_limits()
        changes = observation.changes(records, dry_run)
        changed = {change.id for change in changes.records if change.before != change.after}
        leave_trace(records.filtered(lambda record: record.id in changed))
        self._trace_related(changes)
        return changes

    def _delete(self, model: str, ids: list[int], dry_run: bool) -> Deletion:
        guard = self.env["mcp.guard"]
        target = guard._usable_model(model, "unlink")
        return deleted(guard._records(target, ids, "unlink"), dry_run)

    def _check_limits(self, record, reached: dict, before: dict) -> None:
        """:raise ToolError: if the record, or one it did not reach before, is none that the connection may write"""
        guard = self.env["mcp.guard"]
        guard._check_within_limit(record)
        for name, related in reached.items():
            guard._check_within_limit(related - before.get(name, related.browse()))

    def _trace_related(self, changes: Changes) -> None:
        """An order says so too when only its lines were written."""
        for change in changes.related:
            if change.before and change.after:
                leave_trace(self.env[change.model].browse(change.id))

    def _split(self, rows: list[dict[str, Any]], common: dict[str, Any]) -> tuple[list[int], list[dict[str, Any]]]:
        """The ids in ``rows``, and for each of them what to write."""
        ids = [row.get("id") for row in rows]
        values = [{**common, **{name: value for name, value in row.items() if name != "id"}} for row in rows]
        for number, (id, row) in enumerate(zip(ids, values, strict=True)):
            if not isinstance(id, int) or isinstance(id, bool) or not 0 < id <= INT_MAX:
                raise ToolError(f'records[{number}] needs the "id" of a record, a whole number.')
            if id in ids[:number]:
                raise ToolError(f"records[{number}]: record {id} is there twice.")
            if not row:
                raise ToolError(f"records[{number}] has nothing to change in record {id}: give values.")
        return ids, values
