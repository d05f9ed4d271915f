from odoo import api, models
from odoo.modules.module import get_manifest

from ..protocol import errors, pagination, results, revisions
from ..toolsets.context import LEVELS
from .call import Call, Refusal, Reply

PAGE_SIZE = 200
INSTRUCTIONS = (
    "You work in an Odoo database as one of its users, with this user's rights. get_session tells who that is. Find "
    "out what there is with list_models and describe_model before you search. What you cannot see is not there for "
    "this user. Try writing with dry_run first, and show the person what would change. A result with pending_approval "
    "was not run: tell the person that somebody has to approve it in Odoo, and ask get_approval later what came of it."
)


class McpGateway(models.AbstractModel):
    """Which methods there are, and those that answer out of what the server is."""

    _inherit = "mcp.gateway"

    @api.model
    def _methods(self, era: str) -> dict[str, str]:
        """The methods of an era and who answers each; an addon adds its own by overriding this."""
        common = {
            "tools/list": "_method_tools_list",
            "tools/call": "_method_tools_call",
            "resources/list": "_method_resources_list",
            "resources/templates/list": "_method_resources_templates_list",
            "resources/read": "_method_resources_read",
            "prompts/list": "_method_prompts_list",
            "prompts/get": "_method_prompts_get",
            "completion/complete": "_method_complete",
        }
        if era == revisions.MODERN_ERA:
            return {"server/discover": "_method_discover", **common}
        return {
            "initialize": "_method_initialize",
            "ping": "_method_empty",
            "logging/setLevel": "_method_set_level",
            # Accepted although not advertised: older clients subscribe unasked. There is no channel to tell them
            # anything, so there is nothing to keep.
            "resources/subscribe": "_method_empty",
            "resources/unsubscribe": "_method_empty",
            **common,
        }

    def _answer(self, call: Call) -> Reply:
        message = call.message
        if message.is_notification or message.is_response:
            return Reply(202)
        result = getattr(self, self._methods(message.era)[message.method])(call)
        body = results.success(message, result, self._server_info())
        notifications = tuple(call.context.notifications) if _reads_streams(call) else ()
        return Reply(200, body, call.headers, notifications)

    @api.model
    def _server_info(self) -> dict[str, str]:
        return {
            "name": "mcp_gateway",
            "title": "MCP Server for Odoo",
            "version": get_manifest("mcp_gateway")["version"],
        }

    @api.model
    def _capabilities(self) -> dict:
        """What is advertised; nothing that would need a channel from server to client."""
        return {"tools": {}, "resources": {}, "prompts": {}, "completions": {}, "logging": {}}

    def _method_discover(self, call: Call) -> dict:
        return results.discover(self._capabilities(), self._server_info(), INSTRUCTIONS)

    def _method_initialize(self, call: Call) -> dict:
        call.writes = True
        token = self.env["mcp.session"]._open(
            call.caller, call.message, self._user_agent(call), call.exchange.remote_addr
        )
        call.headers = (("Mcp-Session-Id", token),)
        return results.initialize(call.message, self._capabilities(), self._server_info(), INSTRUCTIONS)

    def _method_empty(self, call: Call) -> dict:
        return {}

    def _method_set_level(self, call: Call) -> dict:
        level = call.message.params.get("level")
        if level not in LEVELS:
            raise self._invalid_params(call, f"level must be one of {', '.join(LEVELS)}.")
        call.writes = True
        self.env["mcp.session.context"]._set(call.session.id, log_level=level)
        return {}

    def _page(self, call: Call, name: str, items: list[dict]) -> dict:
        """One page of a list that is the same for the same rights, so a cursor is only a place in it."""
        offset = 0
        if (cursor := call.message.params.get("cursor")) is not None:
            try:
                offset = pagination.decode(cursor)["offset"]
            except (pagination.InvalidCursor, KeyError):
                offset = -1
            if not isinstance(offset, int) or isinstance(offset, bool) or offset < 0:
                raise self._invalid_params(call, "cursor is not one of this server. Leave it out to begin again.")
        end = offset + self._page_size()
        following = pagination.encode({"offset": end}) if len(items) > end else None
        return results.page(name, items[offset:end], call.message, following)

    @api.model
    def _page_size(self) -> int:
        return PAGE_SIZE

    def _invalid_params(self, call: Call, message: str, **data) -> Refusal:
        status = errors.http_status(errors.INVALID_PARAMS, call.message.era)
        return Refusal(status, errors.INVALID_PARAMS, message, data=data)


def _reads_streams(call: Call) -> bool:
    return "text/event-stream" in (call.exchange.header("Accept") or "").lower()
