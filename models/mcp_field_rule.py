from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError


class McpFieldRule(models.Model):
    """A field that no AI tool is ever shown, in this database (FEATURES G7), on top of ``data/guards.csv``."""

    _name = "mcp.field.rule"
    _description = "MCP Hidden Field"
    _inherit = ["mcp.recorded"]
    _order = "model, field"
    _rec_name = "field"
    _allow_sudo_commands = False

    model_id = fields.Many2one(
        "ir.model", required=True, index=True, ondelete="cascade", domain=[("transient", "=", False)]
    )
    field_id = fields.Many2one(
        "ir.model.fields", required=True, index=True, ondelete="cascade", domain="[('model_id', '=', model_id)]"
    )
    model = fields.Char("Technical Name of the Model", related="field_id.model", store=True)
    field = fields.Char("Technical Name", related="field_id.name", store=True)
    note = fields.Char("Why")

    _once = models.Constraint("UNIQUE (field_id)", "This field is hidden already.")

    @api.constrains("field_id")
    def _check_not_in_name(self):
        for rule in self:
            model = self.env.get(rule.model)
            if model is not None and rule.field in self._parts_of_name(model):
                raise ValidationError(
                    self.env._(
                        "%(field)s is part of the name of %(model)s, by which AI tools tell records apart. To keep it "
                        "from them, leave the model out of the allowed models of each connection.",
                        field=rule.field_id.field_description,
                        model=rule.model_id.name,
                    )
                )

    @api.model
    def _parts_of_name(self, model) -> set[str]:
        """The fields that are shown wherever a record is mentioned."""
        paths = self.env.registry.field_depends.get(model._fields["display_name"], ())
        return {"id", "display_name", model._rec_name, *(path.partition(".")[0] for path in paths)}

    @api.model
    @tools.ormcache()
    def _hidden(self) -> frozenset[tuple[str, str]]:
        """The model and the name of each; Odoo tells all workers at the commit when that changes."""
        rows = self.sudo().search_fetch([], ["model", "field"])
        return frozenset((row.model, row.field) for row in rows)

    @api.onchange("model_id")
    def _onchange_model_id(self):
        if self.field_id.model_id != self.model_id:
            self.field_id = False

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create([self._of_field(vals) for vals in vals_list])

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(self._of_field(vals))

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.model
    def _of_field(self, vals: dict) -> dict:
        """The model is the field's own: a rule that names another one would hide nothing, and look as if it did."""
        field = self.env["ir.model.fields"].sudo().browse(vals.get("field_id"))
        return {**vals, "model_id": field.model_id.id} if field else vals
