from . import mcp_gateway, mcp_test_order, mcp_test_record
