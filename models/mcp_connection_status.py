from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

STATUS = [
    ("connected", "Connected"),
    ("awaiting", "Awaiting connection"),
    ("idle", "Idle"),
    ("suspended", "Suspended"),
    ("expired", "Expired"),
    ("revoked", "Revoked"),
]
# In this order, so that the groups run from what is in use down to what can be cleaned up.
PERIODS = [
    ("1_day", "Today"),
    ("2_week", "Last 7 Days"),
    ("3_month", "Last 30 Days"),
    ("4_quarter", "Last 90 Days"),
    ("5_older", "More Than 90 Days Ago"),
    ("6_never", "Never"),
]
COMPUTED_IN_SQL = ("status", "last_used_period")


class McpConnection(models.Model):
    """What the list, the badge, the filters and the groups say of a connection, each from one SQL expression."""

    _inherit = "mcp.connection"

    status = fields.Selection(STATUS, compute="_compute_status", search="_search_status")
    last_used_period = fields.Selection(
        PERIODS, "Last Used (Period)", compute="_compute_status", search="_search_last_used_period"
    )
    idle_for = fields.Char(compute="_compute_idle_for")

    def _compute_status(self):
        saved = self.filtered("id")
        (self - saved).update({"status": "awaiting", "last_used_period": "6_never"})
        if not saved:
            return
        saved.flush_recordset(["state", "generation", "expires_at", "usage_id"])
        self.env["mcp.api.key"].flush_model()
        self.env["mcp.secret.usage"].flush_model()
        self.env["mcp.oauth.family"].flush_model()
        query = self._search([("id", "in", saved.ids)], bypass_access=True, order="id")
        rows = self.env.execute_query(
            query.select(
                SQL.identifier(self._table, "id"),
                *(self._field_to_sql(self._table, name, query) for name in COMPUTED_IN_SQL),
            )
        )
        values = {row[0]: row[1:] for row in rows}
        for connection in saved:
            connection.status, connection.last_used_period = values.get(connection.id, ("awaiting", "6_never"))

    def _search_status(self, operator, value):
        return self._search_in_sql("status", operator, value)

    def _search_last_used_period(self, operator, value):
        return self._search_in_sql("last_used_period", operator, value)

    def _search_in_sql(self, name: str, operator: str, value):
        if operator != "in":
            return NotImplemented
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN %s", model._field_to_sql(alias, name, query), tuple(value) or (None,)
            ),
            predicate=lambda connection: connection[name] in value,
        )

    def _compute_idle_for(self):
        now = fields.Datetime.now()
        for connection in self:
            idle = connection.status == "idle" and now - connection.last_used
            connection.idle_for = idle and self.env._(
                "for %(days)s days, %(hours)s hours", days=idle.days, hours=idle.seconds // 3600
            )

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr == "status":
            return self._status_sql(alias, query)
        if field_expr == "last_used_period":
            return self._last_used_period_sql(alias, query)
        return super()._field_to_sql(alias, field_expr, query)

    def _status_sql(self, alias: str, query) -> SQL:
        """The status as DESIGN §5 orders it: the first that fits."""
        return SQL(
            """CASE
                WHEN %(state)s IN ('revoked', 'suspended') THEN %(state)s
                WHEN %(expires_at)s <= (now() AT TIME ZONE 'UTC') THEN 'expired'
                WHEN NOT %(is_used)s THEN 'awaiting'
                WHEN %(last_used)s < (now() AT TIME ZONE 'UTC') - %(idle_days)s * INTERVAL '1 day' THEN 'idle'
                ELSE 'connected'
            END""",
            state=self._field_to_sql(alias, "state", query),
            expires_at=self._field_to_sql(alias, "expires_at", query),
            last_used=self._field_to_sql(alias, "last_used", query),
            is_used=self._is_credential_used_sql(alias, query),
            idle_days=self.env["mcp.settings"]._get().idle_days,
        )

    def _is_credential_used_sql(self, alias: str, query) -> SQL:
        """Whether a credential that lives, a key or a consent, was used since it was made."""
        return SQL(
            """(
                EXISTS (
                    SELECT FROM mcp_api_key k JOIN mcp_secret_usage u ON u.id = k.usage_id
                    WHERE k.connection_id = %(id)s AND k.generation = %(generation)s AND u.last_used IS NOT NULL
                    AND COALESCE(k.expires_at > (now() AT TIME ZONE 'UTC'), TRUE)
                ) OR EXISTS (
                    SELECT FROM mcp_oauth_family f
                    WHERE f.connection_id = %(id)s AND f.generation = %(generation)s AND f.ended_at IS NULL
                    AND f.create_date <= %(last_used)s
                )
            )""",
            id=SQL.identifier(alias, "id"),
            generation=SQL.identifier(alias, "generation"),
            last_used=self._field_to_sql(alias, "last_used", query),
        )

    def _last_used_period_sql(self, alias: str, query) -> SQL:
        return SQL(
            """CASE
                WHEN %(last_used)s IS NULL THEN '6_never'
                WHEN %(last_used)s < (now() AT TIME ZONE 'UTC') - INTERVAL '90 days' THEN '5_older'
                WHEN %(last_used)s < (now() AT TIME ZONE 'UTC') - INTERVAL '30 days' THEN '4_quarter'
                WHEN %(last_used)s < (now() AT TIME ZONE 'UTC') - INTERVAL '7 days' THEN '3_month'
                WHEN %(last_used)s < (now() AT TIME ZONE 'UTC') - INTERVAL '1 day' THEN '2_week'
                ELSE '1_day'
            END""",
            last_used=self._field_to_sql(alias, "last_used", query),
        )

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        # PostgreSQL puts NULL first when descending; never-used connections belong at the bottom, to be cleaned up.
        if field_name == "last_used" and direction.code == "DESC" and not nulls.code:
            nulls = SQL("NULLS LAST")
        return super()._order_field_to_sql(alias, field_name, direction, nulls, query)

    def _read_group_orderby(self, order, groupby_terms, query):
        terms = [
            f"{term} NULLS LAST"
            if term.strip().lower().startswith("last_used:") and term.lower().rstrip().endswith(" desc")
            else term
            for term in (order or "").split(",")
        ]
        return super()._read_group_orderby(",".join(terms), groupby_terms, query)
