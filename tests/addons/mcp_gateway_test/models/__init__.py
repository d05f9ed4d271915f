from . import mcp_gateway, mcp_oauth_server, mcp_test_order, mcp_test_record
