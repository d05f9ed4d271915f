from odoo import api, models
from odoo.exceptions import ValidationError

# The longest time that a setting counts: PostgreSQL and Python can still add a hundred years to any date of today.
DAYS = 36_500
# More than any server answers, and far from what a column of integers can hold.
RATE = 1_000_000
# Each of a connection's calls at once has a place of its own, all of which are looked at.
SLOTS = 1_000


class McpBounded(models.AbstractModel):
    """Base of models with numbers that people set: a field says ``bounds=(lowest, highest)``, and holds no other.

    A number that is only absurd breaks what adds it to a date or multiplies it: a list, a form, a scheduled action.
    """

    _name = "mcp.bounded"
    _description = "MCP Rows With Bounded Numbers"

    def _valid_field_parameter(self, field, name):
        return name == "bounds" or super()._valid_field_parameter(field, name)

    @api.model
    def _bounds(self) -> dict[str, tuple[int, int]]:
        fields = self._fields.items()
        return {name: bounds for name, field in fields if (bounds := getattr(field, "bounds", None))}

    @api.constrains(lambda self: tuple(self._bounds()))
    def _check_bounds(self):
        for name, (low, high) in self._bounds().items():
            if any(not low <= row[name] <= high for row in self):
                raise ValidationError(
                    self.env._(
                        "%(field)s: enter a number from %(low)s to %(high)s.",
                        field=self._fields[name].get_description(self.env, ["string"])["string"],
                        low=low,
                        high=high,
                    )
                )
