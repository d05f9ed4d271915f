from odoo import models

from .records import TECHNICAL_FIELDS, id_of
from .resource import resource
from .tool import ToolError, json_of
from .values import ALONE, MANY, OMITTED_TYPES, readable


class McpToolsetResources(models.AbstractModel):
    """Resources that any record and any model is."""

    _name = "mcp.toolset.resources"
    _description = "MCP Resources"
    _inherit = ["mcp.toolset"]

    @resource("odoo://{model}/{id}", title="Record", tool="get_record")
    def record(self, model: str, id: str) -> str | None:
        """One record with its fields, for example odoo://res.partner/7."""
        if not (number := id_of(id)):
            return None
        guard = self.env["mcp.guard"]
        try:
            found = guard._records(guard._readable_model(model), [number])
        except ToolError:
            return None
        names = [
            name
            for name, field in guard._readable_fields(found).items()
            if field.store and name not in TECHNICAL_FIELDS and field.type not in (*MANY, *OMITTED_TYPES)
        ]
        return json_of(readable(found, ["display_name", *names], ALONE)[0])

    @resource("odoo://{model}/schema", title="Model", tool="describe_model")
    def model_schema(self, model: str) -> str | None:
        """The fields of a model, for example odoo://res.partner/schema."""
        try:
            described = self.env["mcp.toolset.records"].describe_model(model)
        except ToolError:
            return None
        return json_of(described.model_dump(mode="json", exclude_none=True))
