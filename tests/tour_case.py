"""What the tests that click in a real browser share."""

from odoo.tests import HttpCase

# Seconds of a whole tour: on a busy machine it takes several times as long, and is none the worse.
PATIENCE = 600


class Tours:
    """With an HttpCase."""

    def play(self, tour: str, login: str = "admin", *, refused: bool = False) -> None:
        """:param refused: whether the person tries what is not allowed, of which Odoo logs a warning"""
        logs = self.assertLogs("odoo.http", "WARNING") if refused else self.assertNoLogs("odoo", "WARNING")
        with logs:
            self.start_tour("/odoo", tour, login=login, timeout=PATIENCE)
        self.env.invalidate_all()


class TourCase(Tours, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.env.ref("base.user_admin")
        cls.settings = cls.env["mcp.settings"]._get()
        cls.settings.enabled = True

    def connection(self, name: str, user=None, has_key: bool = False, **values):
        connection = self.env["mcp.connection"].create({"name": name, "user_id": (user or self.admin).id, **values})
        if has_key:
            connection._do_generate_key()
        return connection

    def logged(self, connection):
        return self.env["mcp.audit.log"].search([("connection_ref", "=", connection.id)], order="id")

    def events(self, connection) -> list[str]:
        return self.logged(connection).mapped("event")
