from . import mcp_toolset_test
