{
    "name": "MCP Server: Test Tools",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "summary": "Tools that only tests need, and how another addon adds a tool",
    "author": "MCP Server contributors",
    "license": "LGPL-3",
    "depends": ["mcp_gateway"],
    "data": ["security/ir.model.access.csv", "views/mcp_test_order_views.xml"],
}
