from . import audit, consent, mcp, oauth
