from . import mcp_connection_revoke, mcp_secret_show
