import ast

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_list, mute_logger

from ..toolsets.context import ModelLimit

# Odoo's operation → the field that permits it
OPERATIONS = {"read": "can_read", "create": "can_create", "write": "can_write", "unlink": "can_unlink"}


class McpConnectionModel(models.Model):
    """One model that a connection may use, for which operations, and for which records."""

    _name = "mcp.connection.model"
    _description = "MCP Allowed Model"
    _order = "connection_id, model"
    _allow_sudo_commands = False

    connection_id = fields.Many2one("mcp.connection", required=True, readonly=True, index=True, ondelete="cascade")
    # Not required: a connection whose only model is uninstalled must not become one that is not limited at all.
    model_id = fields.Many2one("ir.model", index=True, ondelete="set null", domain=[("transient", "=", False)])
    model = fields.Char(
        "Technical Name", compute="_compute_model", store=True, precompute=True, required=True, readonly=True
    )
    can_read = fields.Boolean("Read", default=True)
    can_create = fields.Boolean("Create")
    can_write = fields.Boolean("Change")
    can_unlink = fields.Boolean("Delete")
    domain = fields.Char("Records", default="[]", help="Only these records. Empty means all.")

    _once = models.Constraint("UNIQUE (connection_id, model)", "A model can be listed once per connection.")
    _read_first = models.Constraint(
        "CHECK (can_read OR NOT (can_create OR can_write OR can_unlink))",
        "What an AI tool may create, change or delete, it must be allowed to read.",
    )

    @api.depends("model_id")
    def _compute_model(self):
        for row in self:
            row.model = row.sudo().model_id.model or row.model

    @api.depends("model", "domain", *OPERATIONS.values())
    def _compute_display_name(self):
        for row in self:
            rights = [self._fields[field].get_description(self.env, ["string"])["string"] for field in row._permitted()]
            if row.domain not in (False, "", "[]"):
                rights.append(self.env._("only %(domain)s", domain=row.domain))
            row.display_name = f"{row.sudo().model_id.name or row.model} ({', '.join(rights)})"

    def _permitted(self) -> list[str]:
        return [field for field in OPERATIONS.values() if self[field]]

    def _domain(self) -> list:
        """:raise ValueError: if it is not a list"""
        domain = ast.literal_eval(self.domain or "[]")
        if not isinstance(domain, list):
            raise ValueError("not a list")
        return domain

    @api.constrains("model")
    def _check_model(self):
        for row in self:
            model = self.env.get(row.model)
            if model is None or model._abstract or model._transient or self.env["mcp.guard"]._hides_model(row.model):
                raise ValidationError(
                    self.env._("%(model)s is never shown to AI tools, so it cannot be allowed.", model=row.model)
                )

    @api.constrains("model", "domain")
    def _check_domain(self):
        for row in self:
            try:
                domain = Domain(row._domain())
                with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                    self.env[row.model].sudo().search(domain, limit=1)
            except (ValueError, TypeError, SyntaxError, AssertionError, KeyError, AttributeError, psycopg2.Error):
                raise ValidationError(
                    self.env._("%(domain)s does not select records of %(model)s.", domain=row.domain, model=row.model)
                ) from None

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        for connection, added in rows.grouped("connection_id").items():
            connection._tell_change_of("model_ids", [], added.mapped("display_name"))
        return rows

    def write(self, vals):
        before = {row: row.display_name for row in self}
        done = super().write(vals)
        for row, name in before.items():
            row.connection_id._tell_change_of("model_ids", [name], [row.display_name])
        return done

    def unlink(self):
        for connection, removed in self.grouped("connection_id").items():
            connection._tell_change_of("model_ids", removed.mapped("display_name"), [])
        return super().unlink()

    def _copy_to(self, connection) -> None:
        """List these for ``connection`` too, as they are.

        Not through ``create``: a row whose model was uninstalled, or a domain whose field was, is a limit all the same,
        and neither may be lost nor make the copy fail.
        """
        self.flush_recordset()
        columns = SQL(", ").join(SQL.identifier(name) for name in ("model_id", "model", "domain", *OPERATIONS.values()))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO mcp_connection_model
                    (connection_id, create_uid, create_date, write_uid, write_date, %(columns)s)
                SELECT
                    %(connection)s, %(user)s, now() AT TIME ZONE 'UTC', %(user)s, now() AT TIME ZONE 'UTC', %(columns)s
                FROM mcp_connection_model WHERE id = ANY(%(ids)s)
                """,
                columns=columns,
                connection=connection.id,
                user=self.env.uid,
                ids=self.ids,
            )
        )
        connection.invalidate_recordset(["model_ids"])
        connection._tell_change_of("model_ids", [], connection.model_ids.mapped("display_name"))

    @api.model
    def _limits_of(self, connection_id: int) -> dict[str, ModelLimit] | None:
        """What a connection is limited to, by model; None: to nothing."""
        rows = self.sudo().search_fetch(
            [("connection_id", "=", connection_id)], ["model", "domain", *OPERATIONS.values()]
        )
        return {
            row.model: ModelLimit(
                frozenset(operation for operation, field in OPERATIONS.items() if row[field]), row._domain()
            )
            for row in rows
        } or None


class McpConnection(models.Model):
    """What a connection is limited to: lists that only take away, and that an administrator keeps (DESIGN §2.12)."""

    _inherit = "mcp.connection"

    scope = fields.Selection(selection_add=[("custom", "Custom")], ondelete={"custom": "set read"})
    model_ids = fields.One2many("mcp.connection.model", "connection_id", "Allowed Models")
    # Restrict, in both: a list that loses its last line by a deletion elsewhere would allow everything.
    tool_ids = fields.Many2many(
        "mcp.tool",
        "mcp_connection_tool_rel",
        "connection_id",
        "tool_id",
        "Allowed Tools",
        ondelete="restrict",
        context={"active_test": False},
    )
    company_ids = fields.Many2many(
        "res.company",
        "mcp_connection_company_rel",
        "connection_id",
        "company_id",
        "Companies",
        ondelete="restrict",
        context={"active_test": False},
    )

    @api.constrains("scope", "tool_ids")
    def _check_custom_scope(self):
        if any(connection.scope == "custom" and not connection.tool_ids for connection in self):
            raise ValidationError(self.env._("The scope Custom means exactly the allowed tools: list at least one."))

    @api.constrains("company_ids", "user_id")
    def _check_companies(self):
        for connection in self.filtered("user_id"):
            if foreign := connection.company_ids - connection.user_id.sudo().company_ids:
                raise ValidationError(
                    self.env._(
                        "%(user)s does not work in %(companies)s. A connection can only be limited to companies of its "
                        "user.",
                        user=connection.user_id.name,
                        companies=format_list(self.env, foreign.mapped("name")),
                    )
                )

    def write(self, vals):
        lists = [name for name in self._told_lists() if name in vals]
        before = [(connection, name, connection[name]) for connection in self for name in lists]
        done = super().write(vals)
        for connection, name, old in before:
            new = connection[name]
            connection._tell_change_of(name, (old - new).mapped("display_name"), (new - old).mapped("display_name"))
        return done

    @api.model
    def _told_lists(self) -> tuple[str, ...]:
        """The lists whose changes stand in the chatter."""
        return ("tool_ids", "company_ids")

    def _tell_change_of(self, field: str, removed: list[str], added: list[str]) -> None:
        """Say in the chatter, in one line, what left and what joined one of the lists."""
        if removed == added:
            return
        names = {
            "list": self.fields_get([field], ["string"])[field]["string"],
            "added": format_list(self.env, added),
            "removed": format_list(self.env, removed),
        }
        if added and removed:
            body = self.env._("%(list)s: added %(added)s; removed %(removed)s.", **names)
        elif added:
            body = self.env._("%(list)s: added %(added)s.", **names)
        else:
            body = self.env._("%(list)s: removed %(removed)s.", **names)
        self.sudo().message_post(body=body, author_id=self.env.user.partner_id.id)
