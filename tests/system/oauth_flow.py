"""A person with a browser, and an application that talks to the OAuth endpoints, for tests."""

import base64
import hashlib
import html
import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import requests
from harness import Person, RealServer

REDIRECT = "http://127.0.0.1:4711/callback"


class Consenter(Person):
    """Someone who is logged in to Odoo and decides on the consent page, without JavaScript."""

    def decide(self, url: str, decision: str = "allow", *, read_only: bool = False) -> str:
        """The address that the browser is sent to."""
        page = self.session.get(url, timeout=60)
        assert page.status_code == 200, page.text
        form = {
            "csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1],
            "decision": decision,
            **({"read_only": "1"} if read_only else {}),
        }
        action = html.unescape(re.search(r'<form method="post" action="([^"]+)"', page.text)[1])
        answer = self.session.post(self.server.url + action, data=form, allow_redirects=False, timeout=60)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]


@dataclass
class Application:
    """A public application of its own registration, with PKCE."""

    server: RealServer
    client_id: str
    verifier: str = ""

    @classmethod
    def register(cls, server: RealServer, name: str = "Test application") -> "Application":
        metadata = {"client_name": name, "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none"}
        answer = requests.post(f"{server.url}/mcp/oauth/register", json=metadata, timeout=60)
        assert answer.status_code == 201, answer.text
        return cls(server, answer.json()["client_id"])

    def authorize_url(self, scope: str = "mcp:read mcp:write") -> str:
        self.verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "state": "st",
            "scope": scope,
            "resource": self.server.mcp,
        }
        return requests.Request("GET", f"{self.server.url}/mcp/oauth/authorize", params=query).prepare().url

    def code(self, person: Consenter, **options) -> str:
        location = person.decide(self.authorize_url(**options))
        answer = parse_qs(urlsplit(location).query)
        assert answer["iss"] == [self.server.url] and answer["state"] == ["st"], location
        return answer["code"][0]

    def token(self, **form) -> requests.Response:
        return self._post("token", form)

    def revoke(self, token: str) -> requests.Response:
        return self._post("revoke", {"token": token})

    def _post(self, endpoint: str, form: dict[str, str]) -> requests.Response:
        """One request, on a TCP connection of its own."""
        body = {"client_id": self.client_id, **form}
        return requests.post(
            f"{self.server.url}/mcp/oauth/{endpoint}", data=body, headers={"Connection": "close"}, timeout=60
        )

    def exchange(self, code: str) -> requests.Response:
        return self.token(
            grant_type="authorization_code", code=code, code_verifier=self.verifier, redirect_uri=REDIRECT
        )

    def refresh(self, refresh_token: str) -> requests.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)

    def pair(self, person: Consenter, **options) -> dict:
        answer = self.exchange(self.code(person, **options))
        assert answer.status_code == 200, answer.text
        return answer.json()
