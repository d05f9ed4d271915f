"""What a consent makes, widens, keeps and ends (DESIGN §5, FEATURES O, K)."""

from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import file_open, mute_logger

from .oauth_case import OauthCase

READ, WRITE, EXECUTE = "mcp:read", "mcp:read mcp:write", "mcp:read mcp:write mcp:execute"


@tagged("post_install", "-at_install")
class TestOauthLife(OauthCase, TransactionCase):
    # Whose connection it is

    def test_the_first_consent_makes_the_connection_of_a_client_that_registered(self):
        client = self.new_client()
        self.assertFalse(client.connection_ids)
        self.assertEqual(self.pair(client, self.user)["scope"], WRITE)
        connection = client.connection_ids
        self.assertEqual((connection.user_id, connection.scope, connection.state), (self.user, "write", "active"))
        self.assertTrue(connection.is_scope_consented)

    def test_another_consent_of_the_same_person_goes_on_with_the_same_connection(self):
        client = self.new_client()
        first, second = self.pair(client, self.user), self.pair(client, self.user)
        self.assertEqual(len(client.connection_ids), 1)
        self.assertEqual([self.refresh(client, pair).status for pair in (first, second)], [200, 200])

    def test_a_second_person_gets_a_connection_of_their_own_with_the_same_limits(self):
        client = self.new_client()
        self.pair(client, self.user)
        first = client.connection_ids
        self.restrict(first)
        self.pair(client, self.other)
        second = client.connection_ids - first
        self.assertEqual((first.user_id, second.user_id), (self.user, self.other))
        self.assertRestricted(second)

    def test_one_client_and_one_person_have_one_connection_that_is_not_revoked(self):
        client = self.new_client()
        self.pair(client, self.user)
        again = {"name": "2", "type": "oauth", "oauth_client_id": client.id, "user_id": self.user.id}
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env["mcp.connection"].create(again)
        client.connection_ids._do_revoke()
        self.env["mcp.connection"].create(again)
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            client.connection_ids.filtered(lambda c: c.state == "revoked")._do_reactivate()
            self.env.flush_all()

    def test_a_client_made_by_hand_can_be_restricted_before_its_first_consent(self):
        client = self.new_client(kind="manual")
        connection = client.connection_ids
        self.assertEqual((len(connection), connection.user_id.id, connection.status), (1, False, "awaiting"))
        self.restrict(connection)
        self.pair(client, self.user)
        self.assertEqual(client.connection_ids, connection)
        self.assertEqual(connection.user_id, self.user)
        self.assertRestricted(connection)

    def test_what_was_decided_before_the_first_consent_holds_for_whoever_comes(self):
        client, server = self.new_client(kind="manual"), self.env["mcp.oauth.server"].sudo()
        client.connection_ids.state = "suspended"
        self.assertEqual(server._may_consent(client, self.user), "suspended")
        client.connection_ids._do_revoke()
        self.settings.reconnect_needs_admin = True
        self.assertEqual(server._may_consent(client, self.user), "administrator")

    # After a revocation

    def test_consent_after_a_revocation_makes_a_new_connection_with_the_old_limits(self):
        client = self.new_client()
        old_pair = self.pair(client, self.user)
        old = client.connection_ids
        self.restrict(old)
        old._do_revoke()
        self.assertError(self.refresh(client, old_pair), "invalid_grant", 400)
        self.pair(client, self.user)
        new = client.connection_ids - old
        self.assertEqual((old.state, new.state, new.user_id), ("revoked", "active", self.user))
        self.assertRestricted(new)

    def test_only_an_administrator_brings_back_if_the_settings_say_so(self):
        client, server = self.new_client(), self.env["mcp.oauth.server"].sudo()
        pair = self.pair(client, self.user)
        self.settings.reconnect_needs_admin = True
        client.connection_ids._do_revoke()
        self.assertEqual(server._may_consent(client, self.user), "administrator")
        self.assertIsNone(server._may_consent(client, self.other))
        client.connection_ids._do_reactivate()
        self.assertIsNone(server._may_consent(client, self.user))
        self.assertError(self.refresh(client, pair), "invalid_grant", 400)  # no secret comes back

    def test_a_suspended_connection_takes_no_consent_and_gives_no_token(self):
        client = self.new_client()
        pair = self.pair(client, self.user)
        client.connection_ids.state = "suspended"
        self.assertEqual(self.env["mcp.oauth.server"].sudo()._may_consent(client, self.user), "suspended")
        self.assertError(self.refresh(client, pair), "invalid_grant", 400)

    def test_a_connection_at_its_end_takes_no_consent(self):
        """Said on the page, and not at the token endpoint after Allow."""
        client, server = self.new_client(), self.env["mcp.oauth.server"].sudo()
        self.pair(client, self.user)
        first, end = client.connection_ids, fields.Datetime.now() - timedelta(hours=1)
        first.expires_at = end
        self.assertEqual(server._may_consent(client, self.user), "expired")
        # Theirs would begin with the same end.
        self.assertEqual(server._may_consent(client, self.other), "expired")
        first._do_revoke()
        self.assertEqual(server._may_consent(client, self.user), "expired")
        first.expires_at = end + timedelta(days=1)
        self.assertIsNone(server._may_consent(client, self.user))

    def test_nobody_consents_to_what_is_limited_to_companies_of_others(self):
        """No company in common would be an empty list, and that allows all."""
        foreign, own = self.env["res.company"].create([{"name": "Foreign"}, {"name": "Own"}])
        client, server = self.new_client(), self.env["mcp.oauth.server"].sudo()
        self.user.company_ids += foreign
        self.pair(client, self.user)
        first = client.connection_ids
        first.company_ids = foreign
        self.assertEqual(server._may_consent(client, self.other), "companies")
        consent = server._check_authorization(self.query(client), self.other)
        with self.assertRaises(ValidationError):
            server._allow(consent, self.other, READ, "192.0.2.1")
        first.company_ids += self.other.company_ids
        self.pair(client, self.other)
        self.assertEqual((client.connection_ids - first).company_ids, self.other.company_ids)
        # One that waits for its first consent is narrowed for nobody: its limits are those of all who come later.
        manual = self.new_client(kind="manual")
        manual.connection_ids.company_ids = own | self.user.company_ids
        self.assertEqual(server._may_consent(manual, self.user), "companies")
        self.user.company_ids += own
        self.assertIsNone(server._may_consent(manual, self.user))

    def test_a_limit_to_a_model_that_is_gone_is_passed_on(self):
        client = self.new_client()
        self.pair(client, self.user)
        first = client.connection_ids
        made = self.env["ir.model"].create({"name": "Passing", "model": "x_mcp_passing"})
        values = {"connection_id": first.id, "model_id": made.id, "domain": "[('x_name', '=', 'a')]", "can_write": True}
        self.env["mcp.connection.model"].create(values)
        self.env.flush_all()
        made.unlink()
        self.env.invalidate_all()
        self.pair(client, self.other)
        second = client.connection_ids - first
        kept = second.model_ids
        self.assertEqual((kept.model, kept.domain, kept.can_write), ("x_mcp_passing", values["domain"], True))
        self.assertIn("x_mcp_passing", second.message_ids[:1].body)

    # Scopes

    def test_a_person_may_grant_less_than_was_asked_for(self):
        client = self.new_client()
        self.assertEqual(self.pair(client, self.user, asked=WRITE, granted=READ)["scope"], READ)
        self.assertEqual(client.connection_ids.scope, "read")

    def test_nobody_consents_to_more_than_the_settings_allow(self):
        self.settings.consent_scope = "read"
        client = self.new_client()
        self.assertEqual(self.pair(client, self.user, asked=EXECUTE, granted=EXECUTE)["scope"], READ)
        self.assertEqual(client.connection_ids.scope, "read")
        self.settings.consent_scope = "execute"
        self.assertEqual(self.pair(client, self.user, asked=EXECUTE)["scope"], EXECUTE)

    def test_step_up_widens_what_a_consent_set(self):
        """FEATURES O11."""
        client = self.new_client()
        self.pair(client, self.user, asked=READ)
        self.assertEqual(self.pair(client, self.user, asked=WRITE)["scope"], WRITE)
        self.assertEqual((client.connection_ids.scope, client.connection_ids.is_scope_consented), ("write", True))
        self.pair(client, self.user, asked=READ)
        self.assertEqual(client.connection_ids.scope, "write")

    def test_step_up_leaves_what_an_administrator_set(self):
        client = self.new_client()
        self.pair(client, self.user, asked=WRITE)
        client.connection_ids.scope = "read"
        self.pair(client, self.user, asked=WRITE)
        self.assertEqual((client.connection_ids.scope, client.connection_ids.is_scope_consented), ("read", False))

    # What the list says

    def test_a_live_consent_is_the_credential_that_connected_means(self):
        client = self.new_client()
        self.pair(client, self.user)
        connection = client.connection_ids
        self.assertEqual(connection.status, "awaiting")
        connection.usage_id.sudo().write({"last_used": fields.Datetime.now() + timedelta(seconds=5)})
        self.assertStatus(connection, "connected")
        self.family(client, self.user)._end("client")
        self.assertStatus(connection, "awaiting")
        self.pair(client, self.user)
        self.assertStatus(connection, "connected")
        connection._do_revoke()
        connection._do_reactivate()
        self.assertStatus(connection, "awaiting")

    # What is forgotten

    def test_a_registration_that_nobody_used_for_a_week_is_forgotten(self):
        """FEATURES O3."""
        young, unused, used, manual = (
            self.new_client(),
            self.new_client(),
            self.new_client(),
            self.new_client(kind="manual"),
        )
        self.pair(used, self.user)
        self.age(unused | used | manual, days=8)
        self.env["mcp.oauth.client"]._gc_unused()
        self.assertFalse(unused.exists())
        self.assertEqual(len((young | used | manual).exists()), 3)

    def test_what_has_expired_is_forgotten(self):
        client = self.new_client()
        self.pair(client, self.user)
        live = self.pair(client, self.user)
        new, old = self.env["mcp.oauth.family"].search([("client_ref_id", "=", client.id)])
        tokens, codes = self.env["mcp.oauth.token"], self.env["mcp.oauth.code"]
        theirs = [("family_id", "=", old.id)]
        tokens.search(theirs).write({"expires_at": fields.Datetime.now() - timedelta(days=2)})
        codes.search(theirs).write({"expires_at": fields.Datetime.now() - timedelta(days=2)})
        self.age(new | old, days=31)
        tokens._gc_expired()
        codes._gc_expired()
        old._gc_ended()
        self.assertFalse(old.exists() or tokens.search(theirs) or codes.search(theirs))
        self.assertTrue(new.exists())
        self.assertEqual(self.refresh(client, live).status, 200)

    def test_a_neutralized_database_has_no_credential(self):
        client = self.new_client()
        pair = self.pair(client, self.user)
        self.code(client, self.user)
        manual = self.new_client(kind="manual", auth_method="client_secret")
        manual._new_secret()
        self.env.flush_all()
        with file_open("mcp_gateway/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertFalse(self.env["mcp.oauth.token"].search([]) or self.env["mcp.oauth.code"].search([]))
        self.assertFalse(self.env["mcp.oauth.family"].search([("ended_at", "=", False)]))
        self.assertFalse(self.env["mcp.oauth.secret"].search([]))
        self.assertError(self.refresh(client, pair), "invalid_grant", 400)

    # Helpers

    def restrict(self, connection):
        model = self.env["ir.model"]._get("res.partner")
        connection.write({"scope": "read", "rate_minute": 7, "rate_day": 70, "expires_at": "2099-01-01 00:00:00"})
        self.env["mcp.connection.model"].create({"connection_id": connection.id, "model_id": model.id})
        connection.tool_ids = self.env["mcp.tool"].search([("name", "=", "search_records")])

    def assertRestricted(self, connection):
        self.assertEqual((connection.scope, connection.rate_minute, connection.rate_day), ("read", 7, 70))
        self.assertEqual(str(connection.expires_at), "2099-01-01 00:00:00")
        self.assertEqual(connection.model_ids.model_id.model, "res.partner")
        self.assertEqual(connection.tool_ids.mapped("name"), ["search_records"])
        self.assertFalse(connection.is_scope_consented)

    def assertStatus(self, connection, status: str):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(connection.status, status)
        self.assertIn(connection, connection.search([("status", "=", status)]))

    def age(self, records, *, days: int):
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE {records._table} SET create_date = now() - make_interval(days => %s) WHERE id = ANY(%s)",
            [days, records.ids],
        )
        self.env.invalidate_all()
