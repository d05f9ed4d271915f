"""Records of another company and of other people, all of which carry one word, and two users with few rights."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from direct import Direct
from harness import RealServer
from own import Own

from odoo.fields import NO_ACCESS, Command

WORD = "Zanzibar"
GROUPS = ("sales_team.group_sale_salesman", "project.group_project_user", "stock.group_stock_user")


# Here Odoo itself tells everybody the subjects of all messages.
TALKATIVE = {"mail.notification"}


class Watched(Direct):
    """Whoever this is may not see the word."""

    def send(self, method: str, **params) -> dict:
        result = super().send(method, **params)
        asked = params.get("arguments", {}).get("model")
        assert asked in TALKATIVE or WORD not in json.dumps(result), f"{method} {params} shows what belongs to others"
        return result


@dataclass
class Reader:
    """A user, as the tools serve them and as Odoo itself does."""

    tools: Direct
    own: Own


@contextmanager
def readers(server: RealServer) -> Iterator[dict[str, Reader]]:
    """``near`` works for the first company alone, ``both`` for the second one too; of the records nothing is kept."""
    keys = {}
    for login in ("near", "both"):
        if not server.sql(f"SELECT id FROM res_users WHERE login = '{login}'"):
            server.new_user(login, *GROUPS)
        keys[login] = server.new_connection(f"{login} reads", login)[1]
    with server.env() as env:
        # An accounting of its own does not work in the transaction in which it is made.
        company = _second_company(env)
    with server.env() as env:
        users = {login: env["res.users"].search([("login", "=", login)]) for login in keys}
        users["both"].company_ids |= env["res.company"].browse(company)
        _make_records(env, company, users)
        _hide_in_the_first_company(env)
        _write_in_hidden_fields(env, users["near"])
        env.flush_all()
        kinds = {"near": Watched, "both": Direct}
        yield {login: Reader(kinds[login](env, server, keys[login]), Own(env, users[login])) for login in keys}
        env.cr.rollback()


def _second_company(env) -> int:
    company = env["res.company"].search([("name", "=", "Second Company")])
    if not company:
        company = env["res.company"].create({"name": "Second Company", "country_id": env.ref("base.us").id})
        env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
        if not env["stock.warehouse"].search([("company_id", "=", company.id)]):
            env["stock.warehouse"].create({"name": "Second", "code": "SEC", "company_id": company.id})
    return company.id


def _make_records(env, company: int, users) -> None:
    there = env(context={"allowed_company_ids": [company], "tracking_disable": True})
    partner = there["res.partner"].create({"name": WORD, "company_id": company, "email": f"{WORD}@example.com"})
    product = there["product.product"].create({"name": WORD, "company_id": company, "is_storable": True})
    order = _order(there, partner, product, users["both"])
    _invoice(there, partner, product)
    _purchase(there, partner, product)
    project = there["project.project"].create({"name": WORD, "company_id": company})
    task = {"name": WORD, "project_id": project.id, "user_ids": [Command.set(users["both"].ids)]}
    there["project.task"].create(task)
    lead = {"name": WORD, "partner_id": partner.id, "company_id": company, "user_id": users["both"].id}
    there["crm.lead"].create(lead)
    there["hr.employee"].create({"name": WORD, "company_id": company})
    for record in (partner, order, project):
        _talk_about(record, users["both"])


def _order(there, partner, product, user):
    line = Command.create({"product_id": product.id, "product_uom_qty": 3, "price_unit": 7777})
    values = {"partner_id": partner.id, "user_id": user.id, "client_order_ref": WORD, "order_line": [line]}
    order = there["sale.order"].create(values)
    order.action_confirm()
    order.picking_ids.note = WORD
    return order


def _invoice(there, partner, product) -> None:
    line = Command.create({"product_id": product.id, "price_unit": 7777, "name": WORD})
    there["account.move"].create(
        {"move_type": "out_invoice", "partner_id": partner.id, "ref": WORD, "invoice_line_ids": [line]}
    ).action_post()


def _purchase(there, partner, product) -> None:
    line = Command.create({"product_id": product.id, "product_qty": 2, "price_unit": 7777})
    there["purchase.order"].create({"partner_id": partner.id, "partner_ref": WORD, "order_line": [line]})


def _talk_about(record, user) -> None:
    record.message_post(body=WORD, subject=WORD)
    record.activity_schedule("mail.mail_activity_data_todo", summary=WORD, note=WORD, user_id=user.id)
    values = {"name": f"{WORD}.txt", "raw": WORD.encode(), "res_model": record._name, "res_id": record.id}
    record.env["ir.attachment"].create(values)


def _hide_in_the_first_company(env) -> None:
    """What belongs to others in the same company: a colleague's order, a private project, a private file."""
    colleague = env.ref("base.user_demo")
    partner = env["res.partner"].search([("name", "=", "Ready Mat")], limit=1)
    order = {"partner_id": partner.id, "user_id": colleague.id, "client_order_ref": WORD}
    _talk_about(env["sale.order"].create(order), colleague)
    project = env["project.project"].create({"name": WORD, "privacy_visibility": "followers"})
    project.message_unsubscribe(project.message_partner_ids.ids)
    _talk_about(env["project.task"].create({"name": WORD, "project_id": project.id, "user_ids": False}), colleague)
    env["ir.attachment"].create({"name": WORD, "raw": WORD.encode(), "public": False})
    event = {"name": WORD, "start": "2026-03-03 10:00:00", "stop": "2026-03-03 11:00:00", "privacy": "private"}
    env["calendar.event"].with_user(colleague).create(event)


def _write_in_hidden_fields(env, user) -> None:
    """The word stands in fields of readable records that only other groups may read."""
    env.flush_all()
    written = 0
    for model in (env[name].with_user(user) for name in Own(env, user).models() if env[name]._auto):
        for field in model._fields.values():
            if (
                _holds_text(field)
                and field.groups not in (None, NO_ACCESS)
                and not model._has_field_access(field, "read")
            ):
                ids = model.sudo().search([], limit=5, order="id").ids
                query = f'UPDATE "{model._table}" SET "{field.name}" = %s || id WHERE id = ANY(%s)'
                env.cr.execute(query, [WORD, ids])
                written += env.cr.rowcount
    env.invalidate_all()
    assert written


def _holds_text(field) -> bool:
    return (
        field.store and bool(field.column_type) and field.column_type[0] in ("varchar", "text") and field.type != "html"
    )
