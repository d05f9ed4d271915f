"""The MCP project's own OAuth client, all the way: registration, login, call, expiry, refresh, step-up, revoke."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from harness import Person
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.oauth2 import AuthorizationCodeResult
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata
from oauth_flow import REDIRECT, Consenter


class _Memory:
    tokens = client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info


class _App:
    """An application that keeps its registration and tokens, and sends its person to the consent page."""

    def __init__(self, server, person, *, read_only_first: bool = False):
        self.server, self.person, self.memory = server, person, _Memory()
        self.consents, self.read_only_first, self.known = 0, read_only_first, None

    def _provider(self, scope):
        metadata = OAuthClientMetadata(client_name="mcp SDK", redirect_uris=[REDIRECT], scope=scope)
        location = {}

        async def redirect(url):
            self.consents += 1
            read_only = self.read_only_first and self.consents == 1
            location["to"] = await asyncio.to_thread(self.person.decide, url, read_only=read_only)

        async def callback():
            query = parse_qs(urlsplit(location["to"]).query)
            return AuthorizationCodeResult(code=query["code"][0], state=query["state"][0], iss=query["iss"][0])

        return OAuthClientProvider(self.server.mcp, metadata, self.memory, redirect, callback)

    def call(self, tool, arguments=None, *, mode="legacy", scope=None, an_hour_later=False):
        async def run():
            provider = self._provider(scope)
            if an_hour_later:
                # The same program goes on: it knows the server, and its clock says that the token ended.
                await provider._initialize()
                provider.context.oauth_metadata = self.known.oauth_metadata
                provider.context.protected_resource_metadata = self.known.protected_resource_metadata
                provider.context.token_expiry_time = 1.0
            self.known = provider.context
            http = httpx2.AsyncClient(auth=provider)
            async with http, Client(streamable_http_client(self.server.mcp, http_client=http), mode=mode) as client:
                return await client.call_tool(tool, arguments or {})

        return asyncio.run(run())


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_an_application_gets_in_works_and_is_cut_off(server, mode):
    admin, person = Person(server), Consenter(server)
    app = _App(server, person)
    result = app.call("get_session", mode=mode)
    assert result.structured_content["login"] == "admin" and app.consents == 1
    client_id = app.memory.client.client_id

    # Expiry: the access token ends, the refresh token gives another one without a person.
    server.sql("UPDATE mcp_oauth_token SET expires_at = now() - interval '1 minute' WHERE kind = 'access'")
    first = app.memory.tokens.access_token
    assert not app.call("get_session", mode=mode, an_hour_later=True).is_error
    assert app.memory.tokens.access_token != first and app.consents == 1

    # Revoked in Odoo: the next call is refused, and a new consent begins from scratch.
    [(connection,)] = server.sql(
        "SELECT c.id FROM mcp_connection c JOIN mcp_oauth_client o ON o.id = c.oauth_client_id "
        f"WHERE o.client_id = '{client_id}'"
    )
    admin.press("mcp.connection", connection, "action_revoke")
    assert not app.call("get_session", mode=mode).is_error
    assert app.consents == 2
    states = server.sql(
        "SELECT c.state FROM mcp_connection c JOIN mcp_oauth_client o ON o.id = c.oauth_client_id "
        f"WHERE o.client_id = '{client_id}' ORDER BY c.id"
    )
    assert states == [("revoked",), ("active",)]


def test_a_person_who_granted_less_is_asked_again_when_more_is_needed(server):
    """Step-up (O11): 403 insufficient_scope, and one more consent."""
    app = _App(server, Consenter(server), read_only_first=True)
    assert not app.call("get_session").is_error
    assert app.memory.tokens.scope == "mcp:read"
    result = app.call("create_record", {"model": "res.partner", "values": {"name": "Step up"}, "dry_run": True})
    assert not result.is_error, result
    assert app.consents == 2
    assert app.memory.tokens.scope == "mcp:read mcp:write"
