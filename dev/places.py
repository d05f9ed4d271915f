"""Where everything lies, and how commands that share it keep out of each other's way."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trouble import say

CHECKOUT = Path(__file__).resolve().parent.parent
RUNTIME = Path(os.environ.get("MCP_RUNTIME") or CHECKOUT / ".odoo").resolve()
VENV = RUNTIME / "venv"
PYTHON = VENV / "bin" / "python"
FETCHED = RUNTIME / "odoo"
BYTECODE = RUNTIME / "bytecode"
SETUP_LOG = RUNTIME / "setup.log"
# A runtime may serve several checkouts; each has its own link to itself under the addon's name.
LINKS = RUNTIME / "checkouts" / hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:12]
ADDON = LINKS / "mcp_gateway"
TEST_ADDONS = CHECKOUT / "tests" / "addons"


def link_addon() -> None:
    LINKS.mkdir(parents=True, exist_ok=True)
    if not ADDON.is_symlink():
        ADDON.symlink_to(CHECKOUT)


@contextmanager
def locked(name: str, doing: str) -> Iterator[None]:
    """Let one command at a time into the block; a lock ends with the process that holds it."""
    with (RUNTIME / name).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another command that {doing}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
