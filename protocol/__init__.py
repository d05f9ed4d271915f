"""MCP on the wire, as pure functions over bytes and dataclasses: nothing of Odoo, no clock, no database."""
