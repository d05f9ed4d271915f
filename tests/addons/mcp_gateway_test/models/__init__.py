from . import mcp_gateway, mcp_test_record
