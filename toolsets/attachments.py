import base64
import binascii
import mimetypes
import re
from typing import Annotated, Any, ClassVar

from pydantic import Field

from odoo import models
from odoo.tools import human_size
from odoo.tools.mimetypes import guess_mimetype

from ..protocol import content
from .records import Cursor, Limit, ModelName, RecordId, cursor_after, id_of, offset_of
from .resource import resource
from .tool import Page, Result, ToolError, tool
from .traces import leave_trace
from .values import readable

MAX_READ = 5 * 1024 * 1024
MAX_WRITTEN = 10 * 1024 * 1024
MAX_TEXT = 50_000
_INFO_FIELDS = ["name", "mimetype", "file_size", "type", "url", "create_date", "create_uid", "res_model", "res_id"]
_TEXTUAL = re.compile(r"text/.*|application/(json|xml|javascript|x-yaml|yaml|sql|x-sh)|.*\+(xml|json)")
# What a browser would run if it were served as what it is.
_ACTIVE = re.compile(r".*(html|xml|svg|javascript|ecmascript|x-httpd).*")
# Types whose content says what it is, so that a wrong name for it can only be a mistake or a trick.
_SIGNED = {"application/pdf", "image/png", "image/jpeg", "image/gif", "image/bmp", "image/webp"}
_MIME_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,100}")


class AttachmentInfo(Result):
    id: int
    name: str
    mimetype: str | None = None
    size: int
    # For a link that somebody attached instead of a file.
    link: str | None = None
    created: str | None = None
    created_by: str | None = None


class AttachmentList(Page):
    _list: ClassVar[str] = "attachments"
    attachments: list[AttachmentInfo]
    count: int


class AttachmentContent(Result):
    attachment: AttachmentInfo
    model: str | None = None
    record_id: int | None = None
    url: str
    text: str | None = None
    next_offset: int | None = None


class Uploaded(Result):
    attachment: AttachmentInfo
    note: str | None = None


class McpToolsetAttachments(models.AbstractModel):
    _name = "mcp.toolset.attachments"
    _description = "MCP Tools: Attachments"
    _inherit = ["mcp.toolset"]

    @tool(title="List attachments", scope="read", read_only=True, idempotent=True)
    def list_attachments(
        self, model: ModelName, id: RecordId, limit: Limit = 50, cursor: Cursor = ""
    ) -> AttachmentList:
        """List the files attached to a record, newest first. Use read_attachment to see what is in one."""
        guard = self.env["mcp.guard"]
        record = guard._records(guard._readable_model(model), [id])
        offset = offset_of(cursor)
        found = self.env["ir.attachment"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id), ("res_field", "=", False)],
            offset=offset,
            limit=limit + 1,
        )
        page = [self._info(attachment) for attachment in found[:limit]]
        result = AttachmentList(attachments=page, count=len(page))
        return result.going_on_with(cursor_after(offset), more=len(found) > limit)

    @tool(title="Read an attachment", scope="read", read_only=True, idempotent=True)
    def read_attachment(
        self,
        id: Annotated[int, Field(description="Id of the attachment, from list_attachments.", ge=1, le=2**31 - 1)],
        offset: Annotated[
            int, Field(description="next_offset of the answer before, to read a long text on.", ge=0)
        ] = 0,
    ) -> AttachmentContent:
        """Show what is in an attached file.

        Texts (also CSV, JSON, XML) come as text, 50,000 characters at a time; images as images; other files, such as
        PDFs, embedded, with their text where Odoo has extracted it. Files of more than 5 MB come as an error with the
        address at which a person can download them. A link is not followed.
        """
        attachment = self._attachment(id)
        if not attachment:
            raise ToolError(f"There is no attachment {id} that you can read. list_attachments tells which there are.")
        result = AttachmentContent(
            attachment=self._info(attachment),
            model=attachment.res_model or None,
            record_id=attachment.res_id or None,
            url=self._url(attachment),
        )
        if attachment.type != "binary":
            return result
        mimetype = attachment.mimetype or "application/octet-stream"
        if _TEXTUAL.fullmatch(mimetype):
            return self._with_text(result, _decoded(self._data(attachment)), offset)
        data = self._data(attachment)
        if mimetype.startswith("image/") and guess_mimetype(data).startswith("image/"):
            return result.with_blocks(content.image(data, mimetype))
        self._with_text(result, attachment.index_content or "", offset)
        return result.with_blocks(content.embedded(f"odoo://attachment/{attachment.id}", data, mimetype))

    @tool(title="Upload an attachment", scope="write", read_only=False)
    def upload_attachment(
        self,
        model: ModelName,
        id: RecordId,
        name: Annotated[
            str, Field(description='Name of the file, for example "offer.pdf".', min_length=1, max_length=200)
        ],
        content_base64: Annotated[str, Field(description="What is in the file, base64; or use text.")] = "",
        text: Annotated[str, Field(description="What is in a text file, as it is.")] = "",
        mimetype: Annotated[
            str, Field(description='For example "application/pdf". Empty: by name and content.', max_length=160)
        ] = "",
        dry_run: Annotated[bool, Field(description="Try it out: everything is checked and nothing is kept.")] = False,
    ) -> Uploaded:
        """Attach a file to a record that you may change.

        Give either content_base64 or text. Requests of more than 4 MB do not arrive. Files that a browser would run
        (HTML, SVG, XML, JavaScript) are stored as plain text. The record's chatter tells that the file came from you.
        """
        guard = self.env["mcp.guard"]
        record = guard._records(guard._usable_model(model, "write"), [id], "write")
        if re.search(r"[/\\\x00-\x1f\x7f]", name) or name.strip(" .") == "":
            raise ToolError("name is the name of a file, without folders or control characters.")
        data = _content(content_base64, text)
        kind = _checked_mimetype(mimetype.strip().lower(), name, data)
        # Odoo stores such types as text only for users who may not change views; here nobody's tool may store them.
        active = bool(_ACTIVE.fullmatch(kind)) and "openxmlformats" not in kind
        attachment = self.env["ir.attachment"].create(
            {
                "name": name,
                "raw": data,
                "mimetype": "text/plain" if active else kind,
                "res_model": record._name,
                "res_id": record.id,
            }
        )
        leave_trace(record, self.env._("File “%(name)s” attached", name=name))
        note = f"Stored as plain text: a browser would run {kind}." if active else None
        return Uploaded(attachment=self._info(attachment), note=note)

    @resource(
        "odoo://attachment/{id}", title="Attached file", mime_type="application/octet-stream", tool="read_attachment"
    )
    def attachment_data(self, id: str) -> bytes | None:
        """An attached file, for example odoo://attachment/7."""
        number = id_of(id)
        attachment = self._attachment(number) if number else None
        return self._data(attachment) if attachment and attachment.type == "binary" else None

    def _attachment(self, id: int):
        """The attachment, if it is one of a record that the user can read, or the user's own; otherwise None.

        Stricter than Odoo, for which public ones are everybody's and a field's file is one like others.
        """
        found = self.env["ir.attachment"].search([("id", "=", id), ("res_field", "=", False)])
        if not found:
            return None
        if not found.res_model or not found.res_id:
            return found if found.create_uid == self.env.user else None
        guard = self.env["mcp.guard"]
        try:
            guard._records(guard._readable_model(found.res_model), [found.res_id])
        except ToolError:
            return None
        return found

    def _data(self, attachment) -> bytes:
        """:raise ToolError: if it is too large for one answer"""
        if attachment.file_size > MAX_READ:
            raise ToolError(
                f"The file has {human_size(attachment.file_size)}, which is too much for one answer. A person can "
                f"download it at {self._url(attachment)}."
            )
        return attachment.raw or b""

    def _url(self, attachment) -> str:
        return f"{attachment.get_base_url()}/web/content/{attachment.id}?download=true"

    def _with_text(self, result: AttachmentContent, text: str, offset: int) -> AttachmentContent:
        result.text = text[offset : offset + MAX_TEXT] or None
        if len(text) > offset + MAX_TEXT:
            result.next_offset = offset + MAX_TEXT
        return result

    def _info(self, attachment) -> AttachmentInfo:
        values = readable(attachment, _INFO_FIELDS)[0]
        return AttachmentInfo(
            id=attachment.id,
            name=values["name"],
            mimetype=values["mimetype"],
            size=values["file_size"],
            link=values["url"] if attachment.type == "url" else None,
            created=values["create_date"],
            created_by=(values["create_uid"] or {}).get("name"),
        )


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _content(content_base64: str, text: str) -> bytes:
    """:raise ToolError: unless exactly one of the two is there, readable and not too large"""
    if bool(content_base64) == bool(text):
        raise ToolError("Give either content_base64 or text.")
    try:
        data = base64.b64decode("".join(content_base64.split()), validate=True) if content_base64 else text.encode()
    except (binascii.Error, ValueError):
        raise ToolError("content_base64 is not base64. If it is a text, give it as text.") from None
    if not data or len(data) > MAX_WRITTEN:
        raise ToolError(f"A file has at least one byte and at most {human_size(MAX_WRITTEN)}.")
    return data


def _checked_mimetype(claimed: str, name: str, data: bytes) -> str:
    """The type of the file: as claimed, by its name, or by its content.

    :raise ToolError: if the content shows that it is something else
    """
    if claimed and not _MIME_TYPE.fullmatch(claimed):
        raise ToolError('mimetype is for example "application/pdf". Leave it out to have it found.')
    actual: Any = guess_mimetype(data, default="application/octet-stream")
    expected = claimed or mimetypes.guess_type(name)[0] or actual
    if expected != actual and {expected, actual} & _SIGNED:
        whose = "mimetype" if claimed else "the name"
        raise ToolError(f"By {whose} this is {expected}, but the content is {actual}. Correct one of them.")
    # What looks like HTML is HTML, whatever it is called.
    return actual if _ACTIVE.fullmatch(actual) and not _ACTIVE.fullmatch(expected) else expected
