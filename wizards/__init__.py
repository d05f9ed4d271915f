# isort: skip_file
# What the ways to connect have in common comes before them.
from . import mcp_approval_decide, mcp_audit_export, mcp_audit_verify
from . import mcp_connection_revoke, mcp_rotate_overlap, mcp_secret_show
from . import mcp_oauth_ask, mcp_oauth_secret_show
from . import mcp_connect, mcp_connect_key, mcp_connect_browser, mcp_connect_custom
