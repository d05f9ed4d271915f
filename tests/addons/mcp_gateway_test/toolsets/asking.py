"""Tools that ask back: the multi round-trip requests of revision 2026-07-28."""

from odoo import models

from odoo.addons.mcp_gateway.protocol import content
from odoo.addons.mcp_gateway.toolsets.context import current
from odoo.addons.mcp_gateway.toolsets.prompt import prompt
from odoo.addons.mcp_gateway.toolsets.tool import Content, tool


def _elicit(message: str, name: str, kind: str = "string") -> dict:
    schema = {"type": "object", "properties": {name: {"type": kind}}, "required": [name]}
    return {"method": "elicitation/create", "params": {"mode": "form", "message": message, "requestedSchema": schema}}


def _sample(text: str, max_tokens: int) -> dict:
    messages = [{"role": "user", "content": {"type": "text", "text": text}}]
    return {"method": "sampling/createMessage", "params": {"messages": messages, "maxTokens": max_tokens}}


ROOTS = {"method": "roots/list", "params": {}}


def _text(value: str) -> Content:
    return Content().with_blocks(content.text(value))


class McpToolsetAsking(models.AbstractModel):
    _name = "mcp.toolset.asking"
    _description = "MCP Tools: Asking Back"
    _inherit = ["mcp.toolset"]

    @tool(title="Ask the person", scope="read", read_only=True)
    def test_input_required_result_elicitation(self) -> Content:
        """Ask for a name, and greet."""
        answer = current().ask({"user_name": _elicit("What is your name?", "name")})["user_name"]
        return _text(f"Hello, {answer.get('content', {}).get('name')}!")

    @tool(title="Ask the person, as a stream", scope="read", read_only=True)
    def test_streaming_elicitation(self) -> Content:
        """Ask for a name."""
        return self.test_input_required_result_elicitation()

    @tool(title="Ask the model", scope="read", read_only=True)
    def test_input_required_result_sampling(self) -> Content:
        """Let the client's model answer a question."""
        answer = current().ask({"capital_question": _sample("What is the capital of France?", 100)})
        return _text(str(answer["capital_question"].get("content", {}).get("text")))

    @tool(title="Ask for the roots", scope="read", read_only=True)
    def test_input_required_result_list_roots(self) -> Content:
        """Tell which roots the client has."""
        roots = current().ask({"client_roots": ROOTS})["client_roots"].get("roots", [])
        return _text(f"Roots: {', '.join(str(root.get('uri')) for root in roots)}")

    @tool(title="Keep a state", scope="read", read_only=True)
    def test_input_required_result_request_state(self) -> Content:
        """Ask for a confirmation, and get a state back with it."""
        current().ask({"confirm": _elicit("Please confirm", "ok", "boolean")}, {"kept": "state-ok"})
        return _text(current().state.get("kept", "no state"))

    @tool(title="Ask several things", scope="read", read_only=True)
    def test_input_required_result_multiple_inputs(self) -> Content:
        """Ask the person, the model and the client at once."""
        requests = {
            "user_name": _elicit("What is your name?", "name"),
            "greeting": _sample("Generate a greeting", 50),
            "client_roots": ROOTS,
        }
        answers = current().ask(requests, {"round": 1})
        return _text(f"Answered: {', '.join(sorted(answers))}")

    @tool(title="Ask twice", scope="read", read_only=True)
    def test_input_required_result_multi_round(self) -> Content:
        """Ask for a name, then for a color."""
        call = current()
        name = call.state.get("name")
        if name is None:
            answer = call.ask({"step1": _elicit("Step 1: What is your name?", "name")}, {"round": 1})["step1"]
            name = answer.get("content", {}).get("name")
        answer = call.ask({"step2": _elicit("Step 2: What is your favorite color?", "color")}, {"name": name})["step2"]
        return _text(f"{name} likes {answer.get('content', {}).get('color')}")

    @tool(title="A state nobody may change", scope="read", read_only=True)
    def test_input_required_result_tampered_state(self) -> Content:
        """Ask for a confirmation, with a state."""
        return self.test_input_required_result_request_state()

    @tool(title="Ask only what the client can answer", scope="read", read_only=True)
    def test_input_required_result_capabilities(self) -> Content:
        """Ask the person if the client can, else the model."""
        can_elicit = "elicitation" in current().capabilities
        current().ask({"question": _elicit("How are you?", "mood") if can_elicit else _sample("How are you?", 20)})
        return _text("Thank you.")

    @prompt(title="A prompt that asks back")
    def test_input_required_result_prompt(self) -> list:
        """Ask for a context, and use it."""
        request = _elicit("What context should the prompt use?", "context")
        answer = current().ask({"user_context": request})["user_context"]
        return [content.message(content.text(f"Use this context: {answer.get('content', {}).get('context')}"))]
