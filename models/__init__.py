# isort: skip_file
# In the order in which they build on each other.
from . import mcp_secret
from . import mcp_settings
from . import mcp_connection_dependent
from . import mcp_connection_usage
from . import mcp_connection
from . import mcp_connection_status
from . import mcp_connection_credentials
from . import mcp_connection_alarm
from . import mcp_api_key
from . import mcp_retired_secret
from . import mcp_audit_log
from . import mcp_guard
from . import mcp_gateway
from . import mcp_gateway_methods
from . import res_users
