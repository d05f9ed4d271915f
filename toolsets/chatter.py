# pylint: disable=dangerous-default-value
# pydantic copies a default, and the tools change none.
import re
from typing import Annotated, Any, ClassVar, Literal

import pytz
from markupsafe import Markup
from pydantic import Field

from odoo import fields, models
from odoo.tools import html2plaintext, plaintext2html

from ..protocol import pagination
from .incoming import Incoming
from .parsing import INT_MAX
from .records import Cursor, Limit, ModelName, RecordId
from .tool import Page, Result, ToolError, tool
from .traces import leave_trace
from .values import cut, localised, visible
from .writing import DryRun

_BODY = 5_000
_MAX_NAMES = 50
_SUBTYPES = {"note": "mail.mt_note", "message": "mail.mt_comment"}


class PostedMessage(Result):
    id: int
    kind: str
    # Names of those whom Odoo notifies, by mail or in their inbox, as far as the user may see them.
    notified: list[str]
    notified_count: int
    dry_run: bool


class MessageList(Page):
    _list: ClassVar[str] = "messages"
    messages: list[dict[str, Any]]
    count: int


class McpToolsetChatter(models.AbstractModel):
    _name = "mcp.toolset.chatter"
    _description = "MCP Tools: Chatter"
    _inherit = ["mcp.toolset"]

    @tool(title="Post a message", scope="write", read_only=False, open_world=True)
    def post_message(
        self,
        model: ModelName,
        id: RecordId,
        body: Annotated[str, Field(description="What to say.", min_length=1, max_length=50_000)],
        kind: Annotated[
            Literal["note", "message"],
            Field(description='"note": internal, for colleagues. "message": goes out to all followers by mail.'),
        ] = "note",
        body_format: Annotated[
            Literal["text", "html"],
            Field(description='"text" keeps line breaks; "html" is sanitised.'),
        ] = "text",
        mentions: Annotated[
            list[str],
            Field(
                description="Whom to notify besides: names, e-mail addresses or ids; in a note, colleagues only.",
                max_length=_MAX_NAMES,
            ),
        ] = [],  # noqa: B006
        attachment_ids: Annotated[
            list[Annotated[int, Field(ge=1, le=INT_MAX)]],
            Field(description="Files to add: ids that list_attachments or upload_attachment returned.", max_length=20),
        ] = [],  # noqa: B006
        dry_run: DryRun = False,
    ) -> PostedMessage:
        """Write in the chatter of a record, in your user's name.

        A note stays inside the company. A message is sent by mail to everybody who follows the record, customers
        included, and cannot be called back: show the user the text first, or call this with dry_run, which tells who
        would be notified. Whoever is mentioned is notified in both cases.
        """
        record = postable(self.env, model, id)
        incoming = Incoming(self.env)
        partners = self._partners(incoming, mentions)
        if kind == "note" and (outside := partners.filtered("partner_share")):
            raise ToolError(
                f"A note is for colleagues, and {outside[0].display_name} (id {outside[0].id}) is none. "
                'Leave them out, or use kind "message".'
            )
        attachments = self._attachments(attachment_ids)
        message = record.message_post(
            body=_markup(body, body_format),
            message_type="comment",
            subtype_xmlid=_SUBTYPES[kind],
            partner_ids=partners.ids,
            attachment_ids=attachments.ids,
        )
        notified = message.sudo().notified_partner_ids
        leave_trace(record, self.env._("Message posted") if kind == "message" else self.env._("Note written"))
        return PostedMessage(
            id=message.id,
            kind=kind,
            notified=visible(notified.with_env(self.env)).mapped("display_name")[:_MAX_NAMES],
            notified_count=len(notified),
            dry_run=dry_run,
        )

    @tool(title="Read messages", scope="read", read_only=True, idempotent=True)
    def read_messages(self, model: ModelName, id: RecordId, limit: Limit = 20, cursor: Cursor = "") -> MessageList:
        """Read the chatter of a record, newest first: messages, internal notes, mails, and which fields changed.

        Each has id, date (with your user's offset), author, kind ("note" is internal, "message" was seen by followers),
        type ("email" came in by mail, "notification" is Odoo's own), subject, body as plain text, changes such as
        "Status: Draft → Done", and attachments for read_attachment.
        """
        guard = self.env["mcp.guard"]
        target = with_chatter(guard._readable_model(model))
        guard._records(target, [id])
        domain = [("model", "=", model), ("res_id", "=", id), ("message_type", "!=", "user_notification")]
        if cursor:
            domain.append(("id", "<", _before(cursor)))
        # mail.message filters by rights after it has applied a limit, so the limit is applied here.
        found = self.env["mail.message"].search(domain, order="id desc")
        page = found[:limit]
        messages = [self._described(message, target) for message in page]
        return MessageList(messages=messages, count=len(messages)).going_on_with(
            lambda count: pagination.encode({"before": page[count - 1].id}), more=len(found) > limit
        )

    def _attachments(self, ids: list[int]):
        """The files, which are what read_attachment would show too: a message sends them on."""
        files = self.env["mcp.toolset.attachments"]
        found = self.env["ir.attachment"]
        for number in ids:
            attachment = files._attachment(number)
            if not attachment:
                raise ToolError(f"ir.attachment has no record {number} that you can read.")
            found |= attachment
        return found

    def _partners(self, incoming: Incoming, people: list[str]):
        partners = self.env["res.partner"]
        for person in people:
            comodel = self.env["mcp.guard"]._readable_model("res.partner")
            try:
                partners |= partners.browse(incoming.record_id(comodel, id_or_name(person)))
            except ToolError as error:
                raise ToolError(f"mentions: {person[:64]}: {error}") from None
        return partners

    def _described(self, message, target) -> dict[str, Any]:
        zone = pytz.timezone(self.env.context.get("tz") or "UTC")
        author = message.author_id
        text = html2plaintext(message.body or "").strip() or message.subtype_id.sudo().description or ""
        described = {
            "id": message.id,
            "date": localised(message.date, zone),
            "author": {"id": author.id, "name": author.sudo().display_name} if author else message.email_from or None,
            "kind": "note" if message.is_internal or message.subtype_id.sudo().internal else "message",
            "type": message.message_type,
            "subject": message.subject or None,
            "body": cut(text, _BODY, "body"),
            "changes": self._tracked(message, target, zone),
            "attachments": [
                {"id": attachment.id, "name": attachment.name}
                for attachment in message.attachment_ids._filtered_access("read")
            ],
        }
        return {name: value for name, value in described.items() if value not in (None, [])}

    def _tracked(self, message, target, zone) -> list[str]:
        guard = self.env["mcp.guard"]
        values = message.sudo().tracking_value_ids
        shown = values.filtered(lambda value: value.field_id and guard._shows_field(target, value.field_id.name))
        return [
            f"{row['fieldInfo']['changedField']}: "
            f"{_told(row['oldValue'], row, zone)} → {_told(row['newValue'], row, zone)}"
            for row in shown._tracking_value_format()
        ]


def with_chatter(target):
    """:raise ToolError: if records of the model have no chatter"""
    if not isinstance(target, target.env.registry["mail.thread"]):
        raise ToolError(f"{target._name} has no chatter. Its records carry no messages.")
    return target


def postable(env, model: str, id: int):
    """The record, if the user and the connection may write in its chatter.

    :raise ToolError: otherwise; Odoo lets people discuss some records, invoices for one, that they may only read
    """
    guard = env["mcp.guard"]
    target = with_chatter(guard._readable_model(model))
    operation = "read" if target._mail_post_access == "read" else "write"
    guard._usable_model(model, operation)
    if why := guard._forbids("model", model, "write"):
        raise ToolError(f"AI tools cannot write in the chatter of {model} ({why}).")
    if not guard._is_within_limits(model, "write"):
        raise ToolError(f"This connection may not change {model}. Its administrator decides that.")
    return guard._records(target, [id], operation)


def id_or_name(text: str) -> int | str:
    """What identifies a record, given as text: digits are an id."""
    return int(text) if re.fullmatch(r"[0-9]{1,10}", text.strip()) else text


def _markup(body: str, body_format: str) -> Markup:
    if body_format == "text":
        return plaintext2html(body)
    if "data:" in body:
        raise ToolError("Files and images do not go into the text; use upload_attachment and attachment_ids.")
    # The body of a message is an HTML field, which Odoo sanitises.
    return Markup(body)


def _told(value: Any, row: dict, zone) -> str:
    kind = row["fieldInfo"]["fieldType"]
    if kind == "boolean":
        return "yes" if value else "no"
    if value is False or value is None or value == "":
        return "–"
    if kind == "datetime":
        return localised(fields.Datetime.from_string(value.rstrip("Z")), zone)
    return str(value)


def _before(cursor: str) -> int:
    try:
        before = pagination.decode(cursor)["before"]
    except (ValueError, KeyError):
        before = None
    if not isinstance(before, int) or isinstance(before, bool) or not 0 < before <= INT_MAX:
        raise ToolError("cursor is not one that read_messages returned. Leave it out to start from the newest.")
    return before
