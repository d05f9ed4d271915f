import re

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ..protocol.credentials import redact
from ..toolsets.tool import ToolError

# Credentials, their audit, and what grants rights: never through any tool, whatever the user's rights.
HIDDEN_MODELS = frozenset(
    {
        "res.users.apikeys",
        "res.users.apikeys.description",
        "res.users.apikeys.show",
        "res.users.identitycheck",
        "change.password.own",
        "change.password.user",
        "change.password.wizard",
        "auth_totp.device",
        "auth_totp.wizard",
        "auth.passkey.key",
        "auth.oauth.provider",
        "fetchmail.server",
        "ir.config_parameter",
        "ir.mail_server",
    }
)
HIDDEN_PREFIX = "mcp."
HIDDEN_FIELD = re.compile(r"(^|_)(passwd|password|pwd|secret|token|api_?key|private_?key|otp|credentials?)(_|$)")


class McpGuard(models.AbstractModel):
    """What no tool shows, on top of what Odoo's own rights allow: it only ever takes away.

    What may not be seen answers exactly like what does not exist, and cannot be searched or sorted by either, since
    both would reveal it bit by bit.
    """

    _name = "mcp.guard"
    _description = "MCP Guard"

    @api.model
    def _hides_model(self, name: str) -> bool:
        return name in HIDDEN_MODELS or name.startswith(HIDDEN_PREFIX)

    @api.model
    def _hides_field(self, field) -> bool:
        return bool(HIDDEN_FIELD.search(field.name)) or (field.relational and self._hides_model(field.comodel_name))

    @api.model
    def _readable_model(self, name: str):
        """The model ``name`` for the current user.

        :raise ToolError: if there is none that the user may read
        """
        model = self.env.get(name)
        if (
            model is None
            or model._abstract
            or model._transient
            or self._hides_model(name)
            or not model.has_access("read")
        ):
            raise ToolError(f"There is no model {_name(name)} that you can read. list_models tells which there are.")
        return model

    @api.model
    def _readable_fields(self, model) -> dict:
        """The fields of ``model`` that the current user may see, by name."""
        return {name: field for name, field in model._fields.items() if self._shows_field(model, name)}

    @api.model
    def _shows_field(self, model, name: str) -> bool:
        field = model._fields.get(name)
        return field is not None and not self._hides_field(field) and model._has_field_access(field, "read")

    @api.model
    def _check_path(self, model, path: str) -> None:
        """:raise ToolError: if a step of a dotted path does not exist for the user"""
        for step in path.split("."):
            name = step.partition(":")[0]
            if not self._shows_field(model, name):
                raise ToolError(f"{model._name} has no field {_name(step)}. describe_model tells which there are.")
            if not model._fields[name].relational:
                return
            model = self.env[model._fields[name].comodel_name]

    @api.model
    def _checked_domain(self, model, domain: list) -> Domain:
        """``domain`` as Odoo's own object, once every field in it is one that the user may see.

        :raise ToolError: if it is not a domain
        """
        try:
            parsed = Domain(domain)
            for condition in parsed.iter_conditions():
                self._check_condition(model, condition)
            parsed = parsed.optimize_full(model)
        except (ValueError, TypeError, AssertionError, KeyError, IndexError, AttributeError) as error:
            raise ToolError(
                "This is not a domain. A domain is a list of conditions [field, operator, value], all of which must "
                'hold, for example [["name", "ilike", "azure"], ["active", "=", true]]; put "|" before two conditions '
                f"of which one is enough.{_detail(error)}"
            ) from None
        except AccessError:
            raise ToolError(f"{model._name}: the domain uses a field that you cannot read.") from None
        return parsed

    def _check_condition(self, model, condition) -> None:
        if condition.field_expr == "id":
            return
        self._check_path(model, condition.field_expr)
        if condition.operator in ("any", "not any"):
            comodel = self.env[model._fields[condition.field_expr].comodel_name]
            for inner in Domain(condition.value).iter_conditions():
                self._check_condition(comodel, inner)

    @api.model
    def _checked_order(self, model, order: str) -> str:
        for term in order.split(","):
            name, _space, direction = term.strip().partition(" ")
            if direction.strip().lower() not in ("", "asc", "desc"):
                raise ToolError(
                    'order is a list of fields, each followed by asc or desc, for example "name asc, id desc".'
                )
            if name != "id":
                self._check_path(model, name)
        return order


def _detail(error: Exception) -> str:
    text = str(error)
    return f" ({text[:200]})" if text and text != "None" else ""


def _name(text: str) -> str:
    """A name as the caller gave it, short enough to repeat."""
    return f'"{redact(text)[:64]}"'
