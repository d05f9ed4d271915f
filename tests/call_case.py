"""One connection without limits, and its calls over HTTP."""

import json

from odoo.tests import HttpCase, new_test_user


class CallCase(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.env["mcp.settings"]._get()
        cls.settings.enabled = True
        cls.user = new_test_user(cls.env, "calling_user", "base.group_user,mcp_gateway.group_mcp_user")
        values = {"name": "calling", "user_id": cls.user.id, "rate_minute": 0, "rate_day": 0}
        cls.connection = cls.env["mcp.connection"].create(values)
        cls.key = cls.connection._do_generate_key()

    def post(self, key: str | None, headers: dict[str, str] | None = None, meta: dict | None = None):
        """A call of ``list_models``."""
        params = {"name": "list_models", "arguments": {}, **({"_meta": meta} if meta else {})}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        authorization = {"Authorization": f"Bearer {key}"} if key else {}
        headers = {"Content-Type": "application/json", **authorization, **(headers or {})}
        self.env.flush_all()
        answer = self.url_open("/mcp", data=json.dumps(body), headers=headers)
        self.env.invalidate_all()
        return answer
