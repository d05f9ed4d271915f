import re
from collections.abc import Iterator
from string import Formatter

from odoo import api, fields, models
from odoo.exceptions import ValidationError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class McpPrompt(models.Model):
    """A template that people start a conversation with: its text, with arguments filled in."""

    _name = "mcp.prompt"
    _description = "MCP Prompt"
    _inherit = ["mcp.catalogue.row"]
    _order = "sequence, name"
    _rec_name = "title"
    _rec_names_search = ["title", "name"]

    name = fields.Char("Technical Name", required=True, help="Small letters, digits and underscores.")
    title = fields.Char(required=True)
    description = fields.Text(required=True, help="What it is for; people see this when they choose.")
    body = fields.Text(
        "Text",
        required=True,
        help="What is sent to the AI. {argument} is replaced by what the person entered; write {{ and }} for braces.",
    )
    argument_ids = fields.One2many("mcp.prompt.argument", "prompt_id", "Arguments", copy=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    # Restrict: a prompt whose only group vanished would be everybody's.
    group_ids = fields.Many2many(
        "res.groups",
        string="Only for Groups",
        ondelete="restrict",
        help="Only users in one of these groups see this prompt. Empty means everybody.",
    )

    _name_unique = models.Constraint("UNIQUE (name)", "There is a prompt of this name already.")

    @api.constrains("name")
    def _check_name(self):
        declared = self.env["mcp.toolset.prompts"]._names_in_code()
        for prompt in self:
            _check_identifier(self.env, prompt.name)
            if prompt.name in declared:
                raise ValidationError(self.env._("An addon has a prompt named %(name)s already.", name=prompt.name))

    @api.constrains("body", "argument_ids")
    def _check_body(self):
        for prompt in self:
            known = set(prompt.argument_ids.mapped("name"))
            try:
                unknown = [name for _text, name in _parse(prompt.body) if name is not None and name not in known]
            except ValueError as error:
                raise ValidationError(
                    self.env._("The text has a brace that is no {argument}: write {{ or }} for a brace. (%s)", error)
                ) from None
            if unknown:
                raise ValidationError(
                    self.env._(
                        "{%(name)s} is no argument of this prompt. Add it to the arguments, or write {{ and }} for "
                        "braces.",
                        name=unknown[0],
                    )
                )

    def _render(self, values: dict[str, str]) -> str:
        """The text with ``values`` in it, which are taken as they are; what is missing is empty."""
        return "".join(text + (values.get(name, "") if name is not None else "") for text, name in _parse(self.body))

    def copy_data(self, default=None):
        return [
            {**values, "name": f"{prompt.name[:59]}_copy"}
            for prompt, values in zip(self, super().copy_data(default), strict=True)
        ]


class McpPromptArgument(models.Model):
    _name = "mcp.prompt.argument"
    _description = "Argument of an MCP Prompt"
    _inherit = ["mcp.catalogue.row"]
    _order = "prompt_id, sequence, id"

    prompt_id = fields.Many2one("mcp.prompt", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    description = fields.Char(required=True)
    required = fields.Boolean(default=True)
    model = fields.Char(
        "Completed From", help='Technical name of a model, for example "res.partner", whose names are offered.'
    )

    _name_unique = models.Constraint("UNIQUE (prompt_id, name)", "A prompt has each argument once.")

    @api.constrains("name", "prompt_id")
    def _check_name(self):
        for argument in self:
            _check_identifier(self.env, argument.name)
        self.prompt_id._check_body()


def _check_identifier(env, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValidationError(
            env._("%(name)s: a name is made of small letters, digits and _, and begins with a letter.", name=name)
        )


def _parse(body: str) -> Iterator[tuple[str, str | None]]:
    """Text and the name of the argument that follows it.

    :raise ValueError: for a brace that belongs to no plain name
    """
    for text, name, spec, conversion in Formatter().parse(body):
        if name is not None and (spec or conversion or not _NAME.fullmatch(name)):
            raise ValueError(f"{{{name}")
        yield text, name
