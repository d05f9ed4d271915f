from typing import Annotated, Any

import pytz
from pydantic import Field

from odoo import fields, models

from .context import current
from .resource import resource
from .tool import Result, ToolError, json_of, tool

CONTEXT_BYTES = 4000


class Named(Result):
    id: int
    name: str


class SessionInfo(Result):
    user: Named
    login: str
    company: Named
    companies: list[Named]
    language: str
    time_zone: str
    now: str
    database_version: str
    connection: str | None = None
    scope: str
    limited_to_models: list[str] | None = None
    client: str | None = None
    started: str | None = None
    calls: int | None = None
    context: dict[str, Any]


class SessionContext(Result):
    context: dict[str, Any]


class McpToolsetSession(models.AbstractModel):
    _name = "mcp.toolset.session"
    _description = "MCP Tools: Session"
    _inherit = ["mcp.toolset"]

    @tool(title="Get the session", scope="read", read_only=True, idempotent=True)
    def get_session(self) -> SessionInfo:
        """Tell who you are in this Odoo: user, companies, language, time zone, the present time, what you may do.

        Call it once at the beginning. "My orders" are those of this user; dates without a zone are in this time zone;
        a new record belongs to the company named here unless you give its company_id. The context is what you kept
        with update_session_context.
        """
        user, call = self.env.user, current()
        zone = pytz.timezone(user.tz or "UTC")
        return SessionInfo(
            user=Named(id=user.id, name=user.name),
            login=user.login,
            company=Named(id=self.env.company.id, name=self.env.company.name),
            companies=[Named(id=company.id, name=company.name) for company in self.env.companies],
            language=user.lang or "en_US",
            time_zone=zone.zone,
            now=self._local(fields.Datetime.now(), zone),
            database_version=self.env["ir.module.module"].sudo().search([("name", "=", "base")]).latest_version or "",
            connection=call.connection_name,
            scope=call.scope,
            limited_to_models=None if call.models is None else sorted(call.models),
            client=call.session and call.session.client,
            started=call.session and self._local(call.session.started, zone),
            calls=call.session and call.session.request_count,
            context=self._kept(),
        )

    @tool(title="Update the session's context", scope="read", read_only=False, idempotent=True)
    def update_session_context(
        self,
        values: Annotated[
            dict[str, Any],
            Field(description='What to keep, for example {"customer_id": 12}; a value of null removes its name.'),
        ],
    ) -> SessionContext:
        """Keep small facts for later calls of this session, such as which customer or period the work is about.

        Names that you do not give stay as they are. At most 4 kB as JSON; business data belongs into records.
        """
        session = current().session
        if session is None:
            raise ToolError("There is no session to keep anything in.")
        kept = {name: value for name, value in {**self._kept(), **values}.items() if value is not None}
        if len(json_of(kept).encode()) > CONTEXT_BYTES:
            raise ToolError(f"The context would have more than {CONTEXT_BYTES} bytes. Remove a name by giving it null.")
        self.env["mcp.session.context"]._set(session.id, data=kept)
        return SessionContext(context=kept)

    @resource("odoo://session", title="The session", tool="get_session")
    def session_resource(self) -> str:
        """Who you are in this Odoo, as get_session tells it."""
        return json_of(self.get_session().model_dump(mode="json", exclude_none=True))

    def _kept(self) -> dict[str, Any]:
        session = current().session
        return self.env["mcp.session.context"]._get(session.id) if session else {}

    @staticmethod
    def _local(moment, zone) -> str:
        return pytz.utc.localize(moment.replace(microsecond=0)).astimezone(zone).isoformat()
