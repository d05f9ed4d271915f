from typing import Annotated, Any

from pydantic import Field

from odoo import api, models

from .buttons import Button, Form, literal
from .methods import DryRun
from .outcome import Outcome
from .records import ModelName, RecordId
from .tool import Result, ToolError, tool

# Where a form has no status bar.
USUAL_FIELDS = ("state", "stage_id")
MAX_STEPS = 50


class State(Result):
    """Where a record stands; ``value`` is what the field holds, an id if the state is a record."""

    field: str | None = None
    field_label: str | None = None
    value: str | None = None
    label: str | None = None


class Step(Result):
    value: str
    label: str
    current: bool


class Transition(Result):
    name: str
    label: str
    confirm: str | None = None
    help: str | None = None
    # The model of the form that it opens, if it is none that a tool runs.
    wizard: str | None = None


class WorkflowState(Result):
    model: str
    id: int
    name: str
    state: State
    steps: list[Step]
    # Whether the user may set the step directly, with update_record.
    settable: bool
    transitions: list[Transition]


class TransitionResult(Outcome):
    model: str
    id: int
    transition: str
    label: str
    state_before: State
    state_after: State | None = None


class McpToolsetWorkflow(models.AbstractModel):
    _name = "mcp.toolset.workflow"
    _description = "MCP Tools: Workflow"
    _inherit = ["mcp.toolset"]

    @tool(title="Get the state of a record", scope="read", read_only=True, idempotent=True)
    def get_workflow_state(self, model: ModelName, id: RecordId) -> WorkflowState:
        """Tell where a record stands in its workflow, all its steps, and the transitions possible now.

        The transitions are what the buttons of its form in Odoo offer to you in this state, for example to confirm an
        order or to post an invoice; transition_state runs one. confirm is what Odoo asks before it does so: ask the
        user the same. A transition with a wizard opens another form: a person has to do that in Odoo.
        If settable is true, the field of the state may also be set with update_record.
        """
        guard = self.env["mcp.guard"]
        record = guard._records(guard._readable_model(model), [id])
        form = Form(record)
        node = form.status_bar()
        state = self._state(record, form)
        return WorkflowState(
            model=model,
            id=id,
            name=record.display_name or "",
            state=state,
            steps=self._steps(record, form, state),
            settable=node is not None and bool(literal(node.get("options")).get("clickable")),
            transitions=[self._transition(button) for button in self._offered(record, form)],
        )

    @tool(title="Move a record to its next state", scope="execute", read_only=False, destructive=True)
    def transition_state(
        self,
        model: ModelName,
        id: RecordId,
        transition: Annotated[
            str,
            Field(
                description='Name or label, for example "action_confirm" or "Confirm".', min_length=1, max_length=100
            ),
        ],
        dry_run: DryRun = False,
    ) -> TransitionResult:
        """Run a transition of a record's workflow: press one of the buttons that its form offers to you now.

        get_workflow_state tells which there are. Examples: confirm a quotation, post an invoice, validate a delivery,
        approve a leave. The answer tells the state before and after. If opens is there, Odoo asks for more before
        anything happens, so that the state may be what it was.
        """
        guard = self.env["mcp.guard"]
        record = guard._records(guard._usable_model(model, "write"), [id], "write")
        form = Form(record)
        before = self._state(record, form)
        button = self._chosen(record, form, before, transition)
        methods = self.env["mcp.toolset.methods"]
        done = methods._carry_out(record.with_context(**self._context_of(form, button)), button.name, {})
        after = self._state(record, Form(record)) if record.exists() else None
        return TransitionResult(
            model=model,
            id=id,
            transition=button.name,
            label=button.label,
            state_before=before,
            state_after=after,
            **done,
        )

    @api.model
    def _offered(self, record, form: Form) -> list[Button]:
        methods = self.env["mcp.toolset.methods"]
        return [
            button
            for button in form.buttons()
            if (self._wizard(button) if button.kind == "action" else not methods._refusal(record, button.name))
        ]

    @api.model
    def _chosen(self, record, form: Form, state: State, wanted: str) -> Button:
        """:raise ToolError: unless it is offered and runs a method; tells what is possible"""
        offered = self._offered(record, form)
        matching = [b for b in offered if b.name == wanted] or [
            b for b in offered if b.label.casefold() == wanted.strip().casefold()
        ]
        if not matching:
            possible = ", ".join(f"{b.name} ({b.label})" for b in offered if b.kind == "object") or "none"
            raise ToolError(
                f"{record._name} {record.id} has no such transition now. Its state is {state.label or 'unknown'}. "
                f"Possible: {possible}."
            )
        if matching[0].kind == "action":
            raise ToolError(
                f"{matching[0].label} opens a wizard, a form that asks for more, which an AI tool cannot fill in. "
                "Use another tool for what it does, or tell the user to do it in Odoo."
            )
        return matching[0]

    @api.model
    def _context_of(self, form: Form, button: Button) -> dict[str, Any]:
        try:
            return dict(form.evaluate(button.context))
        except (ValueError, TypeError):
            raise ToolError(f"{button.label} can only be pressed in Odoo.") from None

    @api.model
    def _transition(self, button: Button) -> Transition:
        return Transition(
            name=button.name,
            label=button.label,
            confirm=button.confirm,
            help=button.help,
            wizard=self._wizard(button) if button.kind == "action" else None,
        )

    @api.model
    def _wizard(self, button: Button) -> str | None:
        """The model of the wizard that a button opens; None if it opens something else, which is no step."""
        action = self.env["ir.actions.act_window"].sudo()
        if button.name.isdigit():
            action = action.browse(int(button.name)).exists()
        model = self.env.get(action.res_model or "")
        if model is None or self.env["mcp.guard"]._hides_model(model._name):
            return None
        return model._name if model._transient or action.target == "new" else None

    # States

    @api.model
    def _state(self, record, form: Form) -> State:
        node = form.status_bar()
        names = USUAL_FIELDS if node is None else (node.get("name"),)
        name = next((name for name in names if self.env["mcp.guard"]._shows_field(record, name)), None)
        if name is None:
            return State()
        field, value = record._fields[name], record[name]
        label = field._description_string(self.env)
        if field.type == "selection":
            choices = dict(field._description_selection(self.env))
            return State(field=name, field_label=label, value=value or None, label=choices.get(value))
        if field.type == "many2one":
            number = str(value.id) if value else None
            return State(field=name, field_label=label, value=number, label=value.display_name or None)
        return State()

    @api.model
    def _steps(self, record, form: Form, state: State) -> list[Step]:
        """All values that the state may have, in their order."""
        if state.field is None:
            return []
        field = record._fields[state.field]
        if field.type == "selection":
            choices = field._description_selection(self.env)
        else:
            choices = [(str(stage.id), stage.display_name) for stage in self._stages(record, form, field)]
        return [Step(value=value, label=label, current=value == state.value) for value, label in choices]

    @api.model
    def _stages(self, record, form: Form, field):
        stages = self.env[field.comodel_name]
        if not self.env["mcp.guard"]._sees_model(stages):
            return record[field.name]
        node = form.status_bar()
        domain = (node.get("domain") if node is not None else None) or field._description_domain(self.env)
        try:
            domain = form.evaluate(domain) if isinstance(domain, str) else domain
            return stages.search(domain or [], limit=MAX_STEPS)
        except ValueError:
            return record[field.name]
