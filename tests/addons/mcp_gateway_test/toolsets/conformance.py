"""What the official conformance suite asks for by name, and a worked example of everything a toolset can do."""

import base64
import json
import time

from odoo import models

from odoo.addons.mcp_gateway.protocol import content
from odoo.addons.mcp_gateway.toolsets.context import current
from odoo.addons.mcp_gateway.toolsets.prompt import prompt
from odoo.addons.mcp_gateway.toolsets.resource import resource
from odoo.addons.mcp_gateway.toolsets.tool import Content, ToolError, tool

# One red pixel, and no sound at all.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
)
WAV = base64.b64decode("UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=")
SCHEMA_2020_12 = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


def _text(value: str) -> Content:
    return Content().with_blocks(content.text(value))


class McpToolsetConformance(models.AbstractModel):
    _name = "mcp.toolset.conformance"
    _description = "MCP Tools: Conformance Suite"
    _inherit = ["mcp.toolset"]

    @tool(title="Simple text", scope="read", read_only=True, idempotent=True)
    def test_simple_text(self) -> Content:
        """Return one text."""
        return _text("This is a simple text response for testing.")

    @tool(title="Image", scope="read", read_only=True, idempotent=True)
    def test_image_content(self) -> Content:
        """Return one image."""
        return Content().with_blocks(content.image(PNG, "image/png"))

    @tool(title="Audio", scope="read", read_only=True, idempotent=True)
    def test_audio_content(self) -> Content:
        """Return one sound."""
        return Content().with_blocks(content.audio(WAV, "audio/wav"))

    @tool(title="Embedded resource", scope="read", read_only=True, idempotent=True)
    def test_embedded_resource(self) -> Content:
        """Return the contents of a resource."""
        return Content().with_blocks(
            content.embedded("test://embedded-resource", "This is an embedded resource content.", "text/plain")
        )

    @tool(title="Several kinds of content", scope="read", read_only=True, idempotent=True)
    def test_multiple_content_types(self) -> Content:
        """Return a text, an image and a resource."""
        return Content().with_blocks(
            content.text("Multiple content types test:"),
            content.image(PNG, "image/png"),
            content.embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json"),
        )

    @tool(title="An error", scope="read", read_only=True)
    def test_error_handling(self) -> Content:
        """Fail, in words for the AI."""
        raise ToolError("This tool intentionally returns an error for testing")

    @tool(title="Progress", scope="read", read_only=True)
    def test_tool_with_progress(self) -> Content:
        """Report progress three times."""
        for done in (0, 50, 100):
            current().progress(done, 100, f"Completed {done} of 100")
            time.sleep(0.01)
        return _text("Done")

    @tool(title="Log messages", scope="read", read_only=True)
    def test_tool_with_logging(self) -> Content:
        """Tell the client three things on the way."""
        for what in ("Tool execution started", "Tool processing data", "Tool execution completed"):
            current().log("info", what)
            time.sleep(0.01)
        return _text("Done")

    @tool(title="Log if asked to", scope="read", read_only=True)
    def test_logging_tool(self) -> Content:
        """Tell the client something if it asked for a level."""
        current().log("info", "Tool execution started")
        return _text("Done")

    @tool(
        title="JSON Schema 2020-12",
        scope="read",
        read_only=True,
        idempotent=True,
        input_schema=SCHEMA_2020_12,
    )
    def json_schema_2020_12_tool(
        self,
        name: str = "",
        address: dict | None = None,
        contactMethod: str = "",
        phone: str = "",
        email: str = "",
    ) -> Content:
        """Tool with JSON Schema 2020-12 features"""
        return _text(json.dumps({"name": name, "address": address, "by": contactMethod, "to": phone or email}))

    @tool(title="Needs sampling", scope="read", read_only=True)
    def test_missing_capability(self) -> Content:
        """Need a client that can sample."""
        current().require("sampling")
        return _text("The client can sample.")

    @resource("test://static-text", title="Static text", mime_type="text/plain")
    def static_text(self) -> str:
        """A text that stays the same."""
        return "This is the content of the static text resource."

    @resource("test://static-binary", title="Static image", mime_type="image/png")
    def static_binary(self) -> bytes:
        """An image that stays the same."""
        return PNG

    @resource("test://watched-resource", title="Watched resource", mime_type="text/plain")
    def watched_resource(self) -> str:
        """A text that a client may subscribe to."""
        return "Watched resource content"

    @resource("test://template/{id}/data", title="Data of one thing")
    def template_data(self, id: str) -> str:
        """Data that depends on the address."""
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})

    @prompt(title="Simple prompt")
    def test_simple_prompt(self) -> list:
        """A prompt without arguments."""
        return [content.message(content.text("This is a simple prompt for testing."))]

    @prompt(title="Prompt with arguments", arg1="The first argument.", arg2="The second argument.")
    def test_prompt_with_arguments(self, arg1: str, arg2: str) -> list:
        """A prompt with two arguments."""
        return [content.message(content.text(f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"))]

    @prompt(title="Prompt with a resource", resourceUri="The address of the resource.")
    def test_prompt_with_embedded_resource(self, resourceUri: str) -> list:
        """A prompt that carries a resource."""
        block = content.embedded(resourceUri, "Embedded resource content for testing.", "text/plain")
        return [
            content.message(block),
            content.message(content.text("Please process the embedded resource above.")),
        ]

    @prompt(title="Prompt with an image")
    def test_prompt_with_image(self) -> list:
        """A prompt that carries an image."""
        return [
            content.message(content.image(PNG, "image/png")),
            content.message(content.text("Please analyze the image above.")),
        ]
