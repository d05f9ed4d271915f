"""The ``WWW-Authenticate`` header."""

import re

# RFC 6750 §3: what scope, error and description may hold; quotes and backslashes would end the quoted string.
_FORBIDDEN = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")


def bearer_challenge(
    *,
    resource_metadata: str | None = None,
    scope: str | None = None,
    error: str | None = None,
    description: str | None = None,
) -> str:
    """The value of a ``WWW-Authenticate`` header: one Bearer challenge (RFC 6750 §3, RFC 9728 §5.1).

    Some clients read it with one regular expression, so there is never a second challenge, and values lose whatever
    could end their quotes. Name no ``error`` when no credential was sent (RFC 6750 §3.1).

    :param resource_metadata: absolute address of the protected resource's metadata
    :param scope: all scopes that the operation needs, separated by spaces
    :param error: ``invalid_request``, ``invalid_token`` or ``insufficient_scope``
    :param description: one sentence for the developer of the client
    """
    values = {
        "resource_metadata": resource_metadata,
        "scope": scope,
        "error": error,
        "error_description": description,
    }
    safe = {name: _FORBIDDEN.sub("", value or "") for name, value in values.items()}
    # A challenge needs a parameter (RFC 6750 §3); the realm is the one that promises nothing.
    parameters = {name: value for name, value in safe.items() if value} or {"realm": "MCP"}
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parameters.items())
