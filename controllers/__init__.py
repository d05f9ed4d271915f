from . import consent, mcp, oauth
