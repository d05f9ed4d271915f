import os

from . import models, toolsets
from .proof import take_out

if os.environ.get("MCP_PROOF"):
    take_out(os.environ["MCP_PROOF"])
