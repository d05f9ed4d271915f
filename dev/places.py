"""Where everything lies."""

import hashlib
import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
RUNTIME = Path(os.environ.get("MCP_RUNTIME") or CHECKOUT / ".odoo").resolve()
VENV = RUNTIME / "venv"
PYTHON = VENV / "bin" / "python"
FETCHED = RUNTIME / "odoo"
SETUP_LOG = RUNTIME / "setup.log"
# A runtime may serve several checkouts; each has its own link to itself under the addon's name.
LINKS = RUNTIME / "checkouts" / hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:12]
ADDON = LINKS / "mcp_gateway"
TEST_ADDONS = CHECKOUT / "tests" / "addons"


def link_addon() -> None:
    LINKS.mkdir(parents=True, exist_ok=True)
    if not ADDON.is_symlink():
        ADDON.symlink_to(CHECKOUT)
