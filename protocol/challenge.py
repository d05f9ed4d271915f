"""The ``WWW-Authenticate`` header."""

import re

# RFC 6750 §3: what scope, error and description may hold; quotes and backslashes would end the quoted string.
_FORBIDDEN = re.compile(r'[^\x20\x21\x23-\x5b\x5d-\x7e]')


def bearer_challenge(
    *,
    resource_metadata: str | None = None,
    scope: str | None = None,
    error: str | None = None,
    description: str | None = None,
) -> str:
    """One Bearer challenge (RFC 6750 §3, RFC 9728 §5.1), its values stripped of what could break out of the quotes."""
    values = {
        "resource_metadata": resource_metadata, "scope": scope, "error": error, "error_description": description
    }
    parameters = ", ".join(f'{name}="{_FORBIDDEN.sub("", value)}"' for name, value in values.items() if value)
    return f"Bearer {parameters}" if parameters else 'Bearer realm="MCP"'
