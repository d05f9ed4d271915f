"""An application whose id is the address of its description, all the way (FEATURES O4)."""

from datetime import timedelta
from unittest.mock import patch
from urllib.parse import urlencode

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.mcp_gateway.models.mcp_oauth_registration import McpOauthServer
from odoo.addons.mcp_gateway.models.mcp_throttle import LIMIT
from odoo.addons.mcp_gateway.oauth import document

from .oauth_case import OauthCase
from .tls_host import HOST, tls_host


@tagged("post_install", "-at_install")
class TestHttpOauthDocument(OauthCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.host = self.enterContext(tls_host())
        fetch = self.fetch
        self.enterContext(patch.object(McpOauthServer, "_fetch_document", lambda _server, url: fetch(url)))
        self.authenticate(self.user.login, self.user.login)

    def fetch(self, url: str):
        return document.fetch(
            url,
            resolve=lambda _host, _port: ["127.0.0.1"],
            allowed_special=("127.0.0.1",),
            ca_file=self.host.ca_file,
        )

    def authorize(self, url: str | None = None):
        self.env.flush_all()
        query = urlencode(self.query(url or self.host.url))
        page = self.url_open(f"/mcp/oauth/authorize?{query}", allow_redirects=True)
        self.env.invalidate_all()
        return page

    def client(self):
        return self.env["mcp.oauth.client"].search([("client_id", "=", self.host.url)])

    def test_the_first_asks_and_the_second_does_not(self):
        page = self.authorize()
        self.assertEqual(page.status_code, 200)
        self.assertIn("Published", page.text)
        self.assertIn(HOST, page.text)  # who stands behind it is shown
        client = self.client()
        self.assertEqual((client.kind, client.auth_method, len(self.host.paths)), ("document", "none", 1))
        self.assertEqual(self.authorize().status_code, 200)
        self.assertEqual(len(self.host.paths), 1)

    def test_nothing_is_fetched_for_who_is_not_logged_in(self):
        """It makes this server wait for one of a stranger's choice; Odoo's login comes first, and then the page."""
        self.authenticate(None, None)
        page = self.authorize()
        self.assertIn("/web/login", page.url)
        self.assertFalse(self.client() or self.host.paths)

    def test_nothing_is_fetched_for_who_may_let_no_application_in(self):
        """A portal user, for whom this server would wait for any other."""
        portal = new_test_user(self.env, "doc_portal", "base.group_portal")
        self.authenticate(portal.login, portal.login)
        page = self.authorize()
        self.assertEqual(page.status_code, 403)
        self.assertIn("not an MCP User", page.text)
        self.assertFalse(self.client() or self.host.paths)

    def test_so_many_are_fetched_for_one_person_in_a_minute(self):
        now = fields.Datetime.now().replace(second=30)
        self.enterContext(patch.object(type(self.env["mcp.gateway"]), "_clock", lambda _self: now))
        self.host.publish(client_id="https://other.example/")
        statuses = [self.authorize().status_code for _ in range(LIMIT + 2)]
        self.assertEqual((statuses, len(self.host.paths)), ([400] * LIMIT + [429] * 2, LIMIT))
        page = self.authorize()
        self.assertIn("Too many applications", page.text)
        self.assertEqual(page.headers["Retry-After"], "30")
        self.authenticate(self.other.login, self.other.login)
        self.assertEqual(self.authorize().status_code, 400)
        # What is known is no fetch.
        self.authenticate(self.user.login, self.user.login)
        self.env.flush_all()
        known = urlencode(self.query(self.new_client()))
        self.env.flush_all()
        self.assertEqual(self.url_open(f"/mcp/oauth/authorize?{known}").status_code, 200)
        now += timedelta(minutes=2)
        self.assertEqual(self.authorize().status_code, 400)
        self.env.ref("mcp_gateway.ir_cron_close_throttle").ir_actions_server_id.run()
        self.assertFalse(self.env["mcp.audit.log"].search([("event", "=", "bad_credentials")]))

    def test_a_stale_one_is_asked_for_again(self):
        self.authorize()
        client = self.client()
        until = client.document_until
        self.assertAlmostEqual(until, fields.Datetime.now() + timedelta(seconds=600), delta=timedelta(seconds=30))
        client.document_until = fields.Datetime.now() - timedelta(hours=1)
        self.host.publish(client_name="Renamed")
        self.assertIn("Renamed", self.authorize().text)
        self.assertEqual((self.client(), len(self.host.paths)), (client, 2))
        self.assertEqual(client.name, "Renamed")

    def test_an_address_that_is_taken_back_does_not_count_any_more(self):
        self.authorize()
        self.client().document_until = fields.Datetime.now() - timedelta(hours=1)
        self.host.publish(redirect_uris=["https://elsewhere.example/callback"])
        page = self.authorize()
        self.assertEqual((page.status_code, page.history[-1].status_code), (400, 303))
        self.assertNotIn("location", page.headers)

    def test_a_wrong_one_is_a_page_and_nothing_is_kept(self):
        for name, changed in {
            "of another client": {"client_id": f"{self.host.url}x"},
            "with a secret": {"client_secret": "s"},
            "with a shared secret": {"token_endpoint_auth_method": "client_secret_post"},
            "without addresses": {"redirect_uris": []},
            "with a bad address": {"redirect_uris": ["javascript:alert(1)"]},
            "without a name": {"client_name": None},
            "too long": {"tos_uri": "x" * 6000},
        }.items():
            with self.subTest(name):
                self.host.publish(**changed)
                self.assertProblem(self.authorize())
        self.assertEqual(len(self.host.paths), 7)  # no failure is remembered
        self.host.publish()
        self.assertEqual(self.authorize().status_code, 200)

    def test_what_is_not_json_is_a_page_and_nothing_is_kept(self):
        self.host.headers["Content-Type"] = "text/html"
        self.assertProblem(self.authorize())

    def test_a_stale_one_that_went_wrong_is_not_used(self):
        """A document that is there no more has been taken back, for all that can be known."""
        self.authorize()
        self.client().document_until = fields.Datetime.now() - timedelta(hours=1)
        self.host.publish(client_name=None)
        page = self.authorize()
        self.assertEqual(page.status_code, 400)
        self.assertEqual(self.client().name, "Published")

    def test_an_address_of_this_network_is_never_asked(self):
        with patch.object(McpOauthServer, "_fetch_document", lambda _self, url: document.fetch(url)):
            port = self.host.server.server_port
            page = self.authorize(f"https://127.0.0.1:{port}/client.json")
        self.assertEqual(page.status_code, 400)
        self.assertFalse(self.host.paths)

    def test_it_lets_a_person_in_as_others_do(self):
        self.authorize()
        pair = self.pair(self.client(), self.user)
        self.assertEqual(self.client().connection_ids.user_id, self.user)
        self.assertEqual(self.refresh(self.client(), pair).status, 200)

    def assertProblem(self, page):
        self.assertEqual(page.status_code, 400)
        self.assertIn("This application is not known here", page.text)
        self.assertNotIn("Traceback", page.text)
        self.assertFalse(self.client())
