import re
from typing import Annotated, Any

from pydantic import Field

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import html2plaintext

from .records import TECHNICAL_FIELDS, id_of, telling_fields
from .tool import Result, ToolError, tool
from .values import IN_LIST, MANY, OMITTED_TYPES, cut, readable, visible

MAX_RESULTS = 25
MAX_PER_MODEL = 10
MAX_COMPARED = 50
MAX_WORDS = 10
SHORT = 3
MAX_TEXT = 50_000
MAX_LINES = 30
MAX_LISTS = 5
MAX_MESSAGES = 5
# Fields in which people keep what others look for, where a model has them.
TEXT_FIELDS = (
    *("ref", "email", "phone", "vat", "default_code", "barcode", "client_order_ref", "partner_ref", "origin"),
    *("invoice_origin", "payment_reference", "contact_name", "partner_name", "description", "comment", "note", "body"),
)
# What sorts, colours or switches a record, and says nothing about it.
NOISE = frozenset({"sequence", "color", "active", "message_main_attachment_id", "message_bounce", "currency_rate"})
UNTOLD_TYPES = (*MANY, *OMITTED_TYPES, "json", "properties", "many2one_reference", "reference")


class Found(Result):
    id: str
    title: str
    url: str


class FoundList(Result):
    results: list[Found]


class Document(Result):
    id: str
    title: str
    text: str
    url: str
    metadata: dict[str, str]


class McpToolsetKnowledge(models.AbstractModel):
    """Deep research of ChatGPT and others knows two tools by these names; nothing is searched in this model itself."""

    _name = "mcp.toolset.knowledge"
    _description = "MCP Tools: Knowledge"
    _inherit = ["mcp.toolset"]

    @api.private
    def read(self, *args, **kwargs):
        """Not over RPC: Odoo's own would call this model's ``fetch``."""
        return super().read(*args, **kwargs)

    @tool(title="Search everything", scope="read", read_only=True, idempotent=True)
    def search(  # pylint: disable=arguments-differ
        self,
        query: Annotated[
            str,
            Field(description='Words to look for, for example "azure interior invoice".', min_length=1, max_length=300),
        ],
    ) -> FoundList:
        """Search contacts, products, orders, invoices, opportunities, projects, tasks and more by words.

        A record is found when its name or a text of it contains all the words, or, if there is none, most of them. Use
        fetch with the id of a result to read it. To search by exact conditions, use search_records.
        """
        words = list(dict.fromkeys(re.findall(r"[^\s,;]+", query.lower())))[:MAX_WORDS]
        if not words:
            raise ToolError("query has no word to look for.")
        found = self._found(words, Domain.AND, MAX_PER_MODEL)
        if not found and len(words) > 1:
            # Short words are in every text.
            words = [word for word in words if len(word) > SHORT] or words
            found = self._found(words, Domain.OR, MAX_COMPARED)
        best = sorted(found, key=lambda item: -item[0])[:MAX_RESULTS]
        return FoundList(
            results=[
                Found(id=f"{record._name}/{record.id}", title=self._title(record), url=self._url(record))
                for _score, record in best
            ]
        )

    @tool(title="Fetch a search result", scope="read", read_only=True, idempotent=True)
    def fetch(  # pylint: disable=arguments-differ
        self,
        id: Annotated[str, Field(description='Id of a result of search, for example "sale.order/12".', max_length=120)],
    ) -> Document:
        """Return one record as text: its fields, its lines and its last messages."""
        name, _slash, text = id.rpartition("/")
        if not (number := id_of(text)):
            raise ToolError('id is a model and a number, for example "sale.order/12". search returns them.')
        guard = self.env["mcp.guard"]
        record = guard._records(guard._readable_model(name), [number])
        parts = [self._fields_text(record), *self._lists_text(record), self._messages_text(record)]
        return Document(
            id=id,
            title=self._title(record),
            text=cut("\n\n".join(filter(None, parts)), MAX_TEXT, "display_name"),
            url=self._url(record),
            metadata=self._metadata(record),
        )

    def _knowledge_models(self) -> list[str]:
        """Models to search, those that people ask for most first; another addon may add its own."""
        return [
            *("res.partner", "product.template", "sale.order", "purchase.order", "account.move", "crm.lead"),
            *("project.project", "project.task", "stock.picking", "hr.employee", "helpdesk.ticket", "mrp.production"),
            *("repair.order", "maintenance.request", "event.event", "knowledge.article", "calendar.event"),
        ]

    def _found(self, words: list[str], combine, limit: int) -> list[tuple[int, Any]]:
        """Records with some (``Domain.OR``) or all of the words, each with how many of them it has, names twice."""
        guard = self.env["mcp.guard"]
        found = []
        for name in self._knowledge_models():
            model = self.env.get(name)
            if not guard._sees_model(model):
                continue
            names = self._searched_fields(model)
            domain = combine([Domain.OR(Domain(each, "ilike", _literal(word)) for each in names) for word in words])
            records = model.search(guard._checked_domain(model, list(domain)), limit=limit)
            for record, row in zip(records, readable(records, names), strict=True):
                title, text = row["display_name"].lower(), str(row).lower()
                found.append((sum((word in title) + (word in text) for word in words), record))
        return found

    def _searched_fields(self, model) -> list[str]:
        guard = self.env["mcp.guard"]
        names = ["display_name"]
        for name in TEXT_FIELDS:
            field = model._fields.get(name)
            if field and field.store and field.type in ("char", "text", "html") and guard._shows_field(model, name):
                names.append(name)
        partner = model._fields.get("partner_id")
        if partner and partner.store and partner.type == "many2one" and guard._is_within_limits("res.partner", "read"):
            names.append("partner_id")
        return [name for name in names if guard._shows_field(model, name)]

    def _title(self, record) -> str:
        return f"{record.display_name} ({self.env['ir.model']._get(record._name).sudo().name})"

    def _url(self, record) -> str:
        # The web client takes a name without a dot for the path of an action.
        path = record._name if "." in record._name else f"m-{record._name}"
        return f"{record.get_base_url()}/odoo/{path}/{record.id}"

    def _metadata(self, record) -> dict[str, str]:
        metadata = {"model": record._name, "record_id": str(record.id)}
        if record._log_access and record.write_date:
            metadata["last_change"] = readable(record, ["write_date"])[0]["write_date"]
        return metadata

    def _fields_text(self, record) -> str:
        """``Label: value`` of the fields that have one, a line each."""
        names = [
            name
            for name, field in self.env["mcp.guard"]._readable_fields(record).items()
            if field.store and name not in TECHNICAL_FIELDS | NOISE and field.type not in UNTOLD_TYPES
        ]
        values = readable(record, names, IN_LIST._replace(text=10_000))[0]
        labels = record.fields_get(names, ["string"])
        lines = [f"{labels[name]['string']}: {_plain(values[name])}" for name in names if _tells(values[name])]
        return "\n".join(lines)

    def _lists_text(self, record) -> list[str]:
        """What belongs to the record: its lines, each with the fields that say most."""
        guard = self.env["mcp.guard"]
        texts: list[str] = []
        shown = set()
        for name, field in guard._readable_fields(record).items():
            if (
                field.type != "one2many"
                or not field.store
                or field.comodel_name.startswith(("mail.", "rating.", "ir."))
            ):
                continue
            if len(texts) == MAX_LISTS or not guard._sees_model(self.env[field.comodel_name]):
                continue
            lines = visible(record[name])
            # Some fields show a part of what another one shows.
            if fresh := {(lines._name, line.id) for line in lines} - shown:
                shown |= fresh
                texts.append(self._list_text(record, field, lines))
        return texts

    def _list_text(self, record, field, lines) -> str:
        names = [name for name in telling_fields(lines) if name != field.inverse_name and name not in NOISE]
        labels = lines.fields_get(names, ["string"])
        rows = [
            f"- {row['display_name']}; "
            + "; ".join(f"{labels[name]['string']}: {_plain(row[name])}" for name in names if _tells(row[name]))
            for row in readable(lines[:MAX_LINES], ["display_name", *names])
        ]
        if len(lines) > MAX_LINES:
            rows.append(f"… and {len(lines) - MAX_LINES} more")
        return "\n".join([f"{field._description_string(self.env)}:", *rows])

    def _messages_text(self, record) -> str:
        guard = self.env["mcp.guard"]
        messages = self.env["mail.message"]
        if "message_ids" not in record._fields or not guard._sees_model(messages):
            return ""
        found = messages.search(
            guard._limit_domain(messages)
            & Domain("model", "=", record._name)
            & Domain("res_id", "=", record.id)
            & Domain("message_type", "in", ("comment", "email")),
            limit=MAX_MESSAGES,
        )
        texts = [
            f"- {message.date:%Y-%m-%d} {message.author_id.sudo().display_name or message.email_from or ''}: "
            f"{cut(html2plaintext(message.body), 1_000, 'body')}"
            for message in found
        ]
        return "\n".join(["Last messages:", *texts]) if texts else ""


def _literal(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)


def _tells(value: Any) -> bool:
    return value is not None and value is not False and not (value == 0 and isinstance(value, int)) and value != ""


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("name", value.get("label")))
    return "yes" if value is True else str(value)
