"""The documents by which clients find their way (RFC 8414, RFC 9728); every client that was tried accepts this form."""

from typing import Any

from .scopes import SCOPES

NAME = "MCP Server for Odoo"
# What an assertion may be signed with: that of RFC 7518 §3.1 which is not symmetric and that Authlib takes unasked.
SIGNING_ALGORITHMS = ["RS256", "ES256"]
_TOKEN_METHODS = ["none", "client_secret_post", "client_secret_basic", "private_key_jwt"]


def authorization_server(issuer: str, *, registration: bool) -> dict[str, Any]:
    """RFC 8414.

    :param issuer: a bare origin without a slash at its end; strict clients compare it character by character
    :param registration: whether applications may register themselves
    """
    endpoints = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/mcp/oauth/authorize",
        "token_endpoint": f"{issuer}/mcp/oauth/token",
        "revocation_endpoint": f"{issuer}/mcp/oauth/revoke",
    }
    if registration:
        endpoints["registration_endpoint"] = f"{issuer}/mcp/oauth/register"
    return {
        **endpoints,
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": list(_TOKEN_METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(_TOKEN_METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": True,
    }


def protected_resource(issuer: str) -> dict[str, Any]:
    """RFC 9728, of the MCP endpoint.

    :param issuer: as above; the resource is below it
    """
    return {
        "resource": f"{issuer}/mcp",
        "authorization_servers": [issuer],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
        "resource_name": NAME,
    }
