"""What popular hosts send when they register."""

BOTH = ["authorization_code", "refresh_token"]

# What the hosts of PROTOCOL §6 register, and whether they have to get a secret.
OF_HOSTS = {
    "Claude": (
        {
            "client_name": "Claude",
            "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
            "grant_types": BOTH,
            "response_types": ["code"],
            "token_endpoint_auth_method": "client_secret_post",
            "scope": "mcp:read mcp:write offline_access",
        },
        True,
    ),
    "Claude Code": (
        {
            "client_name": "Claude Code (odoo)",
            "redirect_uris": ["http://localhost:3118/callback"],
            "grant_types": BOTH,
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
        },
        False,
    ),
    "ChatGPT": (
        {
            "client_name": "ChatGPT",
            "redirect_uris": ["https://chatgpt.com/connector/oauth/Zx81_abc-9"],
            "grant_types": BOTH,
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        },
        False,
    ),
    "Cursor": (
        {
            "client_name": "Cursor",
            "redirect_uris": [
                "cursor://anysphere.cursor-mcp/oauth/callback",
                "https://www.cursor.com/agents/mcp/oauth/callback",
                "http://localhost:8787/callback",
            ],
            "grant_types": BOTH,
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        },
        False,
    ),
    "VS Code": (
        {
            "client_name": "Visual Studio Code",
            "client_uri": "https://code.visualstudio.com",
            "redirect_uris": [
                "https://insiders.vscode.dev/redirect",
                "https://vscode.dev/redirect",
                "http://127.0.0.1/",
                "http://127.0.0.1:33418/",
            ],
            "grant_types": [*BOTH, "urn:ietf:params:oauth:grant-type:device_code"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
        },
        False,
    ),
    "Gemini CLI": (
        {
            "client_name": "Gemini CLI MCP Client",
            "redirect_uris": ["http://localhost:7777/oauth/callback"],
            "grant_types": BOTH,
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "code_challenge_method": ["S256"],
            "scope": "",
        },
        False,
    ),
    "Inspector": (
        {
            "client_name": "MCP Inspector",
            "client_uri": "https://github.com/modelcontextprotocol/inspector",
            "redirect_uris": ["http://localhost:6274/oauth/callback"],
            "grant_types": BOTH,
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "scope": "",
        },
        False,
    ),
    "Codex": (
        {
            "client_name": "Codex",
            "redirect_uris": ["http://127.0.0.1:37819/callback/9f3ac1"],
            "grant_types": BOTH,
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
        },
        False,
    ),
    "M365 Copilot": (
        {
            "client_name": "Microsoft 365",
            "redirect_uris": ["https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect"],
        },
        True,
    ),
    "OpenCode": (
        {
            "client_name": "OpenCode",
            "redirect_uris": ["http://127.0.0.1:19876/mcp/oauth/callback"],
            "token_endpoint_auth_method": "none",
        },
        False,
    ),
    "null for what is not known": (
        {
            "client_name": None,
            "redirect_uris": ["https://host.example/cb"],
            "scope": None,
            "jwks": None,
            "contacts": [],
            "token_endpoint_auth_method": "none",
            "grant_types": [],
        },
        False,
    ),
}
