from . import mcp_toolset, records
