import csv
import difflib
import re
from typing import NamedTuple

from odoo import api, models, tools
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.models import READ_GROUP_NUMBER_GRANULARITY
from odoo.tools import file_open

from ..protocol.credentials import redact
from ..toolsets import context
from ..toolsets.tool import ToolError

# Of Odoo's operations, those that the guards call "write".
WRITING = frozenset({"create", "write", "unlink"})
_VERBS = {"read": "read", "create": "create records of", "write": "change", "unlink": "delete from"}


class Guard(NamedTuple):
    """One line of ``data/guards.csv``.

    ``pattern`` is a regular expression over a model, over ``model:field``, or over a method; ``forbids`` says what no
    tool does with what it matches.
    """

    kind: str
    pattern: re.Pattern
    forbids: frozenset[str]
    why: str


class McpGuard(models.AbstractModel):
    """What no tool does, on top of what Odoo's own rights and the connection's limits allow: it only ever takes away.

    What may not be seen answers exactly like what does not exist, and cannot be searched or sorted by either, since
    both would reveal it bit by bit.
    """

    _name = "mcp.guard"
    _description = "MCP Guard"

    @api.model
    @tools.ormcache()
    def _guards(self) -> tuple[Guard, ...]:
        """All guards; an addon adds its own by overriding this."""
        with file_open("mcp_gateway/data/guards.csv") as file:
            return tuple(
                Guard(row["kind"], re.compile(row["pattern"]), frozenset(row["forbids"].split()), row["why"])
                for row in csv.DictReader(file)
            )

    @api.model
    @tools.ormcache("kind", "name", "action")
    def _forbids(self, kind: str, name: str, action: str) -> str | None:
        """Why ``action`` is forbidden for a model, field or method; None if it is not."""
        for guard in self._guards():
            if guard.kind == kind and action in guard.forbids and guard.pattern.fullmatch(name):
                return guard.why
        if kind == "field" and tuple(name.split(":")) in self.env["mcp.field.rule"]._hidden():
            return "hidden by an administrator"
        return None

    # Models

    @api.model
    def _hides_model(self, name: str) -> bool:
        return self._forbids("model", name, "read") is not None

    @api.model
    def _readable_model(self, name: str):
        """:raise ToolError: if there is no such model that the user and the connection may read"""
        return self._usable_model(name, "read")

    @api.model
    def _usable_model(self, name: str, operation: str):
        """The model ``name`` for the current user.

        :param operation: ``read``, ``create``, ``write`` or ``unlink``
        :raise ToolError: if user, connection or guards do not permit the operation
        """
        model = self.env.get(name)
        if not self._sees_model(model):
            raise ToolError(f"There is no model {quoted(name)} that you can read. list_models tells which there are.")
        if operation in WRITING and (why := self._forbids("model", name, "write")):
            raise ToolError(f"AI tools cannot {_VERBS[operation]} {name} ({why}).")
        if not model.has_access(operation):
            raise ToolError(f"You may not {_VERBS[operation]} {name}: your user in Odoo lacks the right.")
        if not self._is_within_limits(name, operation):
            raise ToolError(f"This connection may not {_VERBS[operation]} {name}. Its administrator decides that.")
        return model

    @api.model
    def _sees_model(self, model) -> bool:
        return (
            model is not None
            and not model._abstract
            and not model._transient
            and not self._hides_model(model._name)
            and model.has_access("read")
            and self._is_within_limits(model._name, "read")
        )

    @api.model
    def _is_within_limits(self, name: str, operation: str) -> bool:
        limits = context.current().models
        return limits is None or (name in limits and operation in limits[name].operations)

    @api.model
    def _limit_domain(self, model) -> Domain:
        """Which records of ``model`` the connection is limited to."""
        limits = context.current().models
        return Domain(limits[model._name].domain) if limits and model._name in limits else Domain.TRUE

    # Records

    @api.model
    def _records(self, model, ids: list[int], operation: str = "read"):
        """The records with these ids, in their order, all of which the operation is permitted for.

        :raise ToolError: names the ids that are not there; a foreign record looks like an absent one (DESIGN §2.13)
        """
        wanted = list(dict.fromkeys(ids))
        domain = self._limit_domain(model) & Domain("id", "in", wanted)
        found = model.with_context(active_test=False).search(domain)
        if missing := sorted(set(wanted) - set(found.ids)):
            raise ToolError(
                f"{model._name} has no record {', '.join(map(str, missing[:20]))} that you can read. "
                "search_records finds those that you can."
            )
        records = model.browse(wanted)
        if operation != "read":
            refused = records - records._filtered_access(operation)
            if refused:
                raise ToolError(
                    f"You may not {_VERBS[operation]} {model._name} {', '.join(map(str, refused.ids[:20]))}."
                )
        return records

    @api.model
    def _check_within_limit(self, records) -> None:
        """:raise ToolError: if a record that was written is not one the connection is limited to"""
        domain = self._limit_domain(records)
        if not domain.is_true() and len(records.filtered_domain(domain)) != len(records):
            raise ToolError(f"This connection is limited to certain records of {records._name}, and these are others.")

    # Fields

    @api.model
    def _hides_field(self, field) -> bool:
        if self._forbids("field", f"{field.model_name}:{field.name}", "read") is not None:
            return True
        if field.related_field is not None and self._hides_field(field.related_field):
            return True  # by another name it is the same
        return bool(field.relational) and self._hides_model(field.comodel_name)

    @api.model
    def _readable_fields(self, model) -> dict:
        """The fields of ``model`` that the current user may see, by name."""
        return {name: field for name, field in model._fields.items() if self._shows_field(model, name)}

    @api.model
    def _shows_field(self, model, name: str) -> bool:
        field = model._fields.get(name)
        return field is not None and not self._hides_field(field) and model._has_field_access(field, "read")

    @api.model
    def _check_field(self, model, name: str) -> None:
        """:raise ToolError: if there is no such field for the user; names the ones that look like it"""
        if not self._shows_field(model, name):
            raise ToolError(f"{model._name} has no field {quoted(name)}.{self._near(model, name)}")

    @api.model
    def _near(self, model, name: str) -> str:
        near = difflib.get_close_matches(name[:64], list(self._readable_fields(model)), n=4, cutoff=0.5)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        return f"{meant} describe_model tells which there are."

    @api.model
    def _check_path(self, model, path: str):
        """The field that a dotted path ends with.

        :raise ToolError: if a step does not exist for the user, or leads out of the limits
        """
        field = None
        for step in path.split("."):
            name = step.partition(":")[0]
            if field is not None and not field.relational:
                if field.type in ("date", "datetime") and name in READ_GROUP_NUMBER_GRANULARITY:
                    return field
                raise ToolError(f"{quoted(path)}: nothing follows after a field that is no relation.")
            if field is not None:
                model = self._comodel(field)
            self._check_field(model, name)
            field = model._fields[name]
        return field

    @api.model
    def _comodel(self, field):
        """:raise ToolError: if the connection may not read all of the model that the field leads to"""
        name = field.comodel_name
        if not self._is_within_limits(name, "read"):
            raise ToolError(f"This connection may not read {name}. Its administrator decides that.")
        model = self.env[name]
        if not self._limit_domain(model).is_true():
            # A condition on records that may not be seen would reveal them bit by bit.
            raise ToolError(f"This connection sees only some records of {name}: search {name} itself.")
        return model

    # Domains and orders

    @api.model
    def _checked_domain(self, model, domain: list) -> Domain:
        """``domain`` within the connection's limits, once every field in it is one that the user may see.

        :raise ToolError: if it is not a domain
        """
        try:
            parsed = Domain(domain)
            for condition in parsed.iter_conditions():
                self._check_condition(model, condition)
            parsed = parsed.optimize_full(model)
            if domain:
                # Some of what is wrong shows only when it becomes SQL; the user's rules come with the search itself.
                model._search(parsed, active_test=False, bypass_access=True)
        except (
            *(ValueError, TypeError, AssertionError, KeyError, IndexError, AttributeError, NotImplementedError),
        ) as error:
            raise ToolError(
                "This is not a domain. A domain is a list of conditions [field, operator, value], all of which must "
                'hold, for example [["name", "ilike", "azure"], ["active", "=", true]]; put "|" before two conditions '
                f"of which one is enough.{_detail(error)}"
            ) from None
        except AccessError:
            raise ToolError(f"{model._name}: the domain uses a field that you cannot read.") from None
        return parsed & self._limit_domain(model)

    def _check_condition(self, model, condition) -> None:
        if condition.field_expr == "id":
            return
        field = self._check_path(model, condition.field_expr)
        if not field._description_searchable:
            raise ToolError(f"{quoted(condition.field_expr)} is computed by Odoo and cannot be searched by.")
        if field.type in ("one2many", "many2many") and not isinstance(condition.value, (bool, type(None))):
            self._comodel(field)
        if condition.operator in ("any", "not any"):
            comodel = self._comodel(model._fields[condition.field_expr])
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


def quoted(text: str) -> str:
    """A name as the caller gave it, short enough to repeat."""
    return f'"{redact(text)[:64]}"'
