"""The MCP project's own OAuth client with a metadata document: nothing is registered, its id is an address."""

import asyncio
import importlib.util
from urllib.parse import parse_qs, urlsplit

import httpx2
import places
import pytest
from harness import Person, real_server
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.oauth2 import AuthorizationCodeResult
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata
from oauth_flow import REDIRECT, Consenter
from test_oauth_client import _Memory


def _tls_host():
    """The model ring's, which is a file of the addon's own tests."""
    spec = importlib.util.spec_from_file_location("tls_host", places.ADDON / "tests" / "tls_host.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.tls_host()


@pytest.fixture
def document_server():
    with _tls_host() as host, real_server(workers=2) as running:
        host.publish(redirect_uris=[REDIRECT])
        with running.env() as env:
            env["ir.config_parameter"].set_param("mcp_gateway_test.ca_file", host.ca_file)
        running.host = host
        yield running


class _Published:
    """An application that published who it is, and keeps nothing but its tokens."""

    def __init__(self, server):
        self.server, self.person, self.memory, self.consents = server, Consenter(server), _Memory(), 0

    def call(self, tool: str):
        return asyncio.run(self._call(tool))

    async def _call(self, tool):
        location = {}

        async def redirect(url):
            self.consents += 1
            location["to"] = await asyncio.to_thread(self.person.decide, url)

        async def callback():
            query = parse_qs(urlsplit(location["to"]).query)
            return AuthorizationCodeResult(code=query["code"][0], state=query["state"][0], iss=query["iss"][0])

        provider = OAuthClientProvider(
            self.server.mcp,
            OAuthClientMetadata(client_name="Published", redirect_uris=[REDIRECT]),
            self.memory,
            redirect,
            callback,
            client_metadata_url=self.server.host.url,
        )
        http = httpx2.AsyncClient(auth=provider)
        async with http, Client(streamable_http_client(self.server.mcp, http_client=http), mode="legacy") as client:
            return await client.call_tool(tool, {})


def test_a_published_application_gets_in_is_cut_off_and_comes_back(document_server):
    """FEATURES O4."""
    server, app = document_server, _Published(document_server)
    assert app.call("get_session").structured_content["login"] == "admin"
    assert app.memory.client.client_id == server.host.url and app.consents == 1
    clients = "SELECT kind, name, auth_method FROM mcp_oauth_client"
    assert server.sql(clients) == [("document", "Published", "none")]
    assert len(server.host.paths) == 1

    [(connection,)] = server.sql("SELECT id FROM mcp_connection WHERE oauth_client_id IS NOT NULL")
    Person(server).press("mcp.connection", connection, "action_revoke")
    assert not app.call("get_session").is_error
    # Back by a consent, for which the description was still good.
    assert app.consents == 2 and len(server.host.paths) == 1
    assert server.sql("SELECT state FROM mcp_connection WHERE oauth_client_id IS NOT NULL ORDER BY id") == [
        ("revoked",),
        ("active",),
    ]

    server.sql("UPDATE mcp_oauth_client SET document_until = now() - interval '1 minute'")
    server.host.publish(redirect_uris=[REDIRECT], client_name="Renamed")
    app.memory = _Memory()
    assert not app.call("get_session").is_error
    assert len(server.host.paths) == 2 and server.sql(clients) == [("document", "Renamed", "none")]
