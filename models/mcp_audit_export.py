import base64
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import IO

from odoo import api, models

from ..audit import csv_rows, signing
from ..audit.statement import checksum_file, key_file, rows_file, signature_file, statement_file

PUBLIC_KEY, MANIFEST, MANIFEST_SIGNATURE, CSV = "public_key.pem", "export.txt", "export.sig", "log.csv"


class McpAuditSeal(models.Model):
    """The export: a zip of rows and seals that a stranger verifies with standard tools (docs/audit.md)."""

    _inherit = "mcp.audit.seal"

    @api.model
    def _of_time(self, start: datetime, end: datetime):
        """Seals whose rows are still there, of the stretches that reach into a range of time (UTC), in their order.

        None is left out between two of them, whatever the times of its rows: each must find the one that it follows.
        """
        kept = [("removed_at", "=", False)]
        found = self.search([*kept, ("newest", ">=", start), ("oldest", "<=", end)]).mapped("number")
        if not found:
            return self.browse()
        return self.search([*kept, ("number", ">=", min(found)), ("number", "<=", max(found))], order="number")

    def _write_export(self, target: IO[bytes], *, with_csv: bool) -> None:
        """Write the zip of these seals, which follow each other, and of the rows they cover.

        A stretch is written whole, since only a whole one can be verified.
        """
        key = self.env["mcp.audit.key"]._get()
        sums = []
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self._files():
                archive.writestr(name, content)
                sums.append((sha256(content).hexdigest(), name))
            if with_csv:
                sums.append((self._write_csv(archive), CSV))
            facts = (("database", self[:1].database), ("key", signing.fingerprint(key.public)))
            manifest = checksum_file("MCP Server audit export", facts, sums)
            archive.writestr(MANIFEST, manifest)
            archive.writestr(MANIFEST_SIGNATURE, base64.b64decode(key.sign(manifest)))
            archive.writestr(PUBLIC_KEY, signing.pem(key.public))
            archive.comment = b"How to verify it: docs/audit.md of the MCP Server"

    def _files(self) -> Iterator[tuple[str, bytes]]:
        """What the manifest names, a stretch at a time."""
        first = self[:1].number
        before = self.search([("number", "=", first - 1)])
        if before:
            # Without its signature and its rows: only so that the first seal finds what it follows.
            yield statement_file(before.number), before._statement().text.encode()
        for public in dict.fromkeys(self.mapped("public_key")):
            # An older seal may be signed by an older key.
            yield key_file(signing.fingerprint(public)), signing.pem(public).encode()
        for seal in self:
            yield rows_file(seal.number), b"".join(f"{row.line}\n".encode() for row in self._rows_of(seal))
            yield statement_file(seal.number), seal._statement().text.encode()
            yield signature_file(seal.number), base64.b64decode(seal.signature)

    def _write_csv(self, archive: zipfile.ZipFile) -> str:
        """The rows for a spreadsheet; the SHA-256 of the file."""
        columns = [field.name for field in self.env["mcp.audit.log"]._fields.values() if field.store]
        whole = sha256()
        with archive.open(CSV, "w", force_zip64=True) as file:
            for line in self._csv_lines(columns):
                whole.update(line.encode())
                file.write(line.encode())
        return whole.hexdigest()

    def _csv_lines(self, columns: list[str]) -> Iterator[str]:
        yield csv_rows.header(columns)
        for seal in self:
            for row in self._rows_of(seal):
                yield csv_rows.line(json.loads(row.line), columns)

    def _rows_of(self, seal):
        return self._rows(seal.first_id if seal.number > 1 else None, seal.last_id)
