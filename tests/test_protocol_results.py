from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.protocol import headers, results, revisions
from odoo.addons.mcp_gateway.protocol.messages import Message

SERVER = {"name": "mcp_gateway", "version": "1.0"}
MODERN = Message(7, "tools/list", {}, revisions.MODERN_ERA, revisions.MODERN)
LEGACY = Message("a", "initialize", {}, revisions.LEGACY_ERA, "2025-06-18")


class TestSuccess(BaseCase):
    def test_a_modern_result_says_that_it_is_complete_and_who_answers(self):
        """2026-07-28 basic/index: resultType and serverInfo in every result."""
        self.assertEqual(
            results.success(MODERN, {"tools": []}, SERVER),
            {
                "jsonrpc": "2.0",
                "id": 7,
                "result": {"resultType": "complete", "tools": [], "_meta": {headers.META_SERVER: SERVER}},
            },
        )

    def test_a_result_keeps_its_own_type_and_meta_and_is_not_changed(self):
        """2026-07-28 basic/patterns/mrtr: input_required is a result type too."""
        result = {"resultType": "input_required", "_meta": {"own": 1}}
        body = results.success(MODERN, result, SERVER)
        self.assertEqual(body["result"]["resultType"], "input_required")
        self.assertEqual(body["result"]["_meta"], {"own": 1, headers.META_SERVER: SERVER})
        self.assertEqual(result, {"resultType": "input_required", "_meta": {"own": 1}})

    def test_a_legacy_result_is_left_as_it_is(self):
        """2025-11-25 schema."""
        self.assertEqual(results.success(LEGACY, {}, SERVER), {"jsonrpc": "2.0", "id": "a", "result": {}})


class TestFailure(BaseCase):
    def test_an_error_carries_the_id_and_null_where_none_was_read(self):
        """JSON-RPC 2.0 §5; python-sdk requires the member. An id of 0 or '' is one."""
        for identity in (7, 0, "a", "", None):
            with self.subTest(identity=identity):
                self.assertEqual(
                    results.failure(identity, -32600, "No."),
                    {"jsonrpc": "2.0", "id": identity, "error": {"code": -32600, "message": "No."}},
                )

    def test_data_is_there_only_if_there_is_any(self):
        """JSON-RPC 2.0 §5.1."""
        self.assertEqual(results.failure(1, 429, "Wait.", {"limit": 5})["error"]["data"], {"limit": 5})
        for data in (None, {}):
            with self.subTest(data=data):
                self.assertNotIn("data", results.failure(1, 429, "Wait.", data)["error"])


class TestBodies(BaseCase):
    def test_discover_lists_every_revision_that_an_error_would_list(self):
        """2026-07-28 server/discover and basic/versioning."""
        body = results.discover({"tools": {}}, SERVER, "Be kind.")
        self.assertEqual(body["supportedVersions"], list(revisions.SUPPORTED))
        self.assertEqual((body["capabilities"], body["instructions"]), ({"tools": {}}, "Be kind."))
        self.assertEqual(body["cacheScope"], "private")
        self.assertGreaterEqual(body["ttlMs"], 0)

    def test_initialize_names_the_revision_that_was_agreed(self):
        """2025-11-25 basic/lifecycle."""
        self.assertEqual(
            results.initialize(LEGACY, {"tools": {}}, SERVER, "Be kind."),
            {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": SERVER,
                "instructions": "Be kind.",
            },
        )

    def test_a_modern_list_may_be_kept_by_its_caller_only(self):
        """2026-07-28 server/utilities/caching: private, because the list depends on the credential."""
        tools = [{"name": "b"}, {"name": "a"}]
        body = results.page("tools", tools, MODERN, "next")
        self.assertEqual(body["tools"], tools)
        self.assertEqual(body["cacheScope"], "private")
        self.assertGreaterEqual(body["ttlMs"], 0)
        self.assertEqual(body["nextCursor"], "next")
        self.assertEqual(results.page("tools", tools, LEGACY), {"tools": tools})

    def test_a_tool_result_is_text_for_the_model_and_structure_for_programs(self):
        """2025-11-25 server/tools, Structured Content."""
        content = [{"type": "text", "text": '{"a":1}'}]
        self.assertEqual(
            results.tool_result({"a": 1}, '{"a":1}', is_error=False),
            {"content": content, "isError": False, "structuredContent": {"a": 1}},
        )
        self.assertEqual(results.tool_result({}, "{}", is_error=False)["structuredContent"], {})

    def test_a_failed_tool_has_no_structure(self):
        """2025-11-25 server/tools, Error Handling."""
        self.assertEqual(
            results.tool_result(None, "No.", is_error=True),
            {"content": [{"type": "text", "text": "No."}], "isError": True},
        )
