# pylint: disable=dangerous-default-value
# pydantic copies a default, and the tools change none.
from typing import Annotated, Any, ClassVar

from pydantic import Field

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import html2plaintext, plaintext2html

from .chatter import id_or_name, postable
from .incoming import Incoming
from .parsing import INT_MAX, parsed
from .records import Cursor, Limit, ModelName, RecordId, cursor_after, offset_of
from .tool import Page, Result, ToolError, tool
from .traces import leave_trace
from .values import cut
from .writing import DryRun

_NOTE = 2_000


class Activity(Result):
    activity: dict[str, Any]
    dry_run: bool


class ActivityList(Page):
    _list: ClassVar[str] = "activities"
    activities: list[dict[str, Any]]
    count: int


class McpToolsetActivities(models.AbstractModel):
    _name = "mcp.toolset.activities"
    _description = "MCP Tools: Activities"
    _inherit = ["mcp.toolset"]

    @tool(title="Schedule an activity", scope="write", read_only=False)
    def schedule_activity(
        self,
        model: ModelName,
        id: RecordId,
        summary: Annotated[str, Field(description='In a few words: "Call about the delay".', max_length=200)] = "",
        activity_type: Annotated[
            str,
            Field(description='"To-Do", "Call", "Meeting", "Email" or another of the database. Empty: the usual one.'),
        ] = "",
        note: Annotated[str, Field(description="Details, as plain text.", max_length=10_000)] = "",
        due_date: Annotated[str, Field(description='Like "2026-03-31". Empty: what the type provides for.')] = "",
        assigned_to: Annotated[
            str, Field(description="Name, login or id of a user. Empty: yourself, or whom the type provides for.")
        ] = "",
        dry_run: DryRun = False,
    ) -> Activity:
        """Plan something to be done about a record, such as a call or a to-do; it shows up in that person's list.

        Whoever it is assigned to is notified and follows the record from then on.
        """
        record = postable(self.env, model, id)
        if not isinstance(record, self.env.registry["mail.activity.mixin"]):
            raise ToolError(f"Records of {model} have no activities.")
        kind = self._type(model, activity_type) if activity_type.strip() else record._default_activity_type()
        deadline = parsed(self.env, self.env["mail.activity"]._fields["date_deadline"], due_date) if due_date else None
        user = self._user(assigned_to) if assigned_to.strip() else kind.default_user_id or self.env.user
        activity = record.activity_schedule(
            date_deadline=deadline or kind._get_date_deadline(),
            summary=summary,
            note=plaintext2html(note) if note else "",
            activity_type_id=kind.id,
            user_id=user.id,
            # A person's doing: what was planned through MCP is said in the chatter.
            automated=False,
        )
        leave_trace(record, self.env._("Activity scheduled"))
        return Activity(activity=self._described(activity), dry_run=dry_run)

    @tool(title="Read activities", scope="read", read_only=True, idempotent=True)
    def read_activities(
        self,
        model: Annotated[str, Field(description="Only those on records of this model. Empty: of all.")] = "",
        ids: Annotated[
            list[Annotated[int, Field(ge=1, le=INT_MAX)]],
            Field(description="Only those on these records of the model.", max_length=200),
        ] = [],  # noqa: B006
        mine_only: Annotated[bool, Field(description="Only those that are assigned to you.")] = False,
        overdue_only: Annotated[bool, Field(description="Only those that were due before today.")] = False,
        limit: Limit = 20,
        cursor: Cursor = "",
    ) -> ActivityList:
        """List planned activities, the most urgent first: what is to be done, by whom, until when, about which record.

        What do I have to do? mine_only. What is late in sales? model "crm.lead", overdue_only.
        An activity is planned with schedule_activity. execute_method on mail.activity with action_feedback marks one as
        done.
        """
        if ids and not model:
            raise ToolError("ids are those of records of a model: give model as well.")
        domain = self._domain(model, ids)
        if mine_only:
            domain &= Domain("user_id", "=", self.env.uid)
        if overdue_only:
            domain &= Domain("date_deadline", "<", fields.Date.context_today(self))
        offset = offset_of(cursor)
        # mail.activity filters by rights after it has applied a limit, so the limit is applied here.
        found = self.env["mail.activity"].search(domain, order="date_deadline, id")
        page = found[offset : offset + limit]
        activities = [self._described(activity) for activity in page]
        return ActivityList(activities=activities, count=len(activities)).going_on_with(
            cursor_after(offset), more=len(found) > offset + limit
        )

    def _domain(self, model: str, ids: list[int]) -> Domain:
        """Activities on records of a model, or of all that may be seen, within what the connection is limited to."""
        guard = self.env["mcp.guard"]
        if model:
            models = [guard._readable_model(model)]
        else:
            groups = self.env["mail.activity"].sudo()._read_group([("res_model", "!=", False)], ["res_model"])
            models = [self.env[name] for (name,) in groups if guard._sees_model(self.env.get(name))]
        domains = [Domain("res_model", "=", some._name) & self._limit(some) for some in models]
        if not model and guard._is_within_limits("mail.activity", "read"):
            # What somebody means to do, about no record at all.
            domains.append(Domain("res_model", "=", False))
        domain = Domain.OR(domains)
        return domain & Domain("res_id", "in", ids) if ids else domain

    def _limit(self, model) -> Domain:
        limit = self.env["mcp.guard"]._limit_domain(model)
        if limit.is_true():
            return Domain.TRUE
        return Domain("res_id", "in", model.with_context(active_test=False).search(limit).ids)

    def _type(self, model: str, name: str):
        types = self.env["mail.activity.type"].search([("res_model", "in", (False, model))])
        wanted = name.strip().casefold()
        same = types.filtered(lambda kind: kind.name.casefold() == wanted)
        found = same[:1] or types.filtered(lambda kind: wanted in kind.name.casefold())
        if len(found) != 1:
            raise ToolError(f"activity_type must be one of {', '.join(types.mapped('name'))}.")
        return found

    def _user(self, name: str):
        users = self.env["mcp.guard"]._readable_model("res.users")
        try:
            user = users.browse(Incoming(self.env).record_id(users, id_or_name(name)))
        except ToolError as error:
            raise ToolError(f"assigned_to: {error}") from None
        if user.share or not user.active:
            raise ToolError("assigned_to must be a colleague who can log in to Odoo.")
        return user

    def _described(self, activity) -> dict[str, Any]:
        described = {
            "id": activity.id,
            "model": activity.res_model or None,
            "record_id": activity.res_id or None,
            "record_name": activity.res_name or None,
            "type": activity.activity_type_id.sudo().name,
            "summary": activity.summary or None,
            "note": cut(html2plaintext(activity.note or "").strip(), _NOTE, "note") or None,
            "due_date": fields.Date.to_string(activity.date_deadline),
            "state": activity.state,
            "assigned_to": {"id": activity.user_id.id, "name": activity.user_id.sudo().display_name}
            if activity.user_id
            else None,
        }
        return {name: value for name, value in described.items() if value is not None}
