import logging
import time
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models

from ..audit import signing, statement, stretch
from . import audit_guard
from .side_cursor import side_cursor

_logger = logging.getLogger(__name__)

# One run at a time; a lock on a row would be one that a button could wait for.
LOCK = 0x6D6370_5EA1
# A stretch is removed as a whole and held in memory as a whole. One row is a stretch, however large it is.
ROWS_OF_A_SEAL = 1000
BYTES_OF_A_SEAL = 16_000_000
# How long to wait for transactions that may still commit a row. Calls hold theirs for milliseconds.
PATIENCE_SECONDS = 10.0
POLL_SECONDS = 0.02


class McpAuditSeal(models.Model):
    """A link of the signed chain over the audit log: it covers all rows from one id to another, and the link before.

    *Late rows.* Ids come from a sequence, but transactions commit in any order: when row 8 is visible, row 7 may still
    be on its way, and a seal over "1 to 8" would later make an honest row look like a forgery. Comparing ``xmin`` is
    not enough, because PostgreSQL draws the id before the transaction has a number. But whoever inserts into a table
    holds its ``ROW EXCLUSIVE`` lock from before the id is drawn until the transaction has ended. So a run

    1. reads the last id that was drawn,
    2. then reads who holds that lock, and waits, without blocking anyone, until each of these has ended,
    3. then looks at the rows with a new snapshot (READ COMMITTED, on a cursor of its own).

    Every id up to the one of step 1 now is a row that is seen or will never be one. If a transaction stays open for too
    long, nothing is sealed until the next run. What appears in a sealed stretch afterwards did not come by the
    sequence, and *Verify* names it.

    *Crash.* The commit of a seal waits for the disk, and with it for every commit before it: a crash of the database
    host can lose rows that are not sealed yet (``_relaxed``), never sealed ones.

    *One chain.* Runs take turns by an advisory lock, and the number is unique, so the chain cannot fork.
    """

    _name = "mcp.audit.seal"
    _description = "MCP Audit Seal"
    _log_access = False
    _order = "number desc"
    _rec_name = "number"

    database = fields.Char("Database UUID", readonly=True, required=True)
    number = fields.Integer("Seal", readonly=True, required=True, aggregator=None)
    first_id = fields.Integer("First ID", readonly=True, required=True, aggregator=None)
    last_id = fields.Integer("Last ID", readonly=True, required=True, aggregator=None)
    row_count = fields.Integer("Rows", readonly=True, required=True)
    oldest = fields.Datetime("From", readonly=True, required=True)
    newest = fields.Datetime("To", readonly=True, required=True)
    sealed_at = fields.Datetime("Sealed", readonly=True, required=True)
    rows_digest = fields.Char("SHA-256 of the Rows", readonly=True, required=True)
    leaves_digest = fields.Char("SHA-256 of the Row List", readonly=True, required=True)
    previous_digest = fields.Char("Seal Before", readonly=True)
    digest = fields.Char("SHA-256 of the Seal", readonly=True, required=True)
    public_key = fields.Char(readonly=True, required=True)
    key = fields.Char("Key Fingerprint", readonly=True, required=True)
    signature = fields.Char(readonly=True, required=True)
    # What names a row that does not fit; gone with the rows.
    leaves = fields.Text(groups=fields.NO_ACCESS)
    removed_at = fields.Datetime("Removed", readonly=True, help="When retention removed the rows.")

    _number_unique = models.UniqueIndex("(number)", "The chain of seals cannot fork.")
    _kept = models.Index("(number) WHERE removed_at IS NULL")

    def init(self):
        self._drop_guard()
        self.env.cr.execute(audit_guard.OF_SEALS)

    @api.depends("number")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for seal in self:
            seal.display_name = self.env._("Seal %(number)s", number=seal.number)

    @api.model
    def _drop_guard(self) -> None:
        self.env.cr.execute(audit_guard.DROP_OF_SEALS)

    def _statement(self) -> statement.Statement:
        """What this seal signs, made from its columns: a changed column no longer fits the signature."""
        self.ensure_one()
        return statement.Statement(
            database=self.database,
            number=self.number,
            first_id=self.first_id,
            last_id=self.last_id,
            rows=self.row_count,
            oldest=self.oldest,
            newest=self.newest,
            sealed_at=self.sealed_at,
            key=self.key,
            rows_digest=self.rows_digest,
            leaves_digest=self.leaves_digest,
            previous_digest=self.previous_digest or None,
        )

    @api.model
    def _rows(self, first_id: int | None, last_id: int) -> list[stretch.Row]:
        """Rows of the log by id, in their canonical encoding.

        One JSON object of all columns that are not empty, as PostgreSQL writes ``jsonb``: its order of members and its
        numbers depend neither on the order of the columns nor on any setting.

        :param first_id: None is the smallest there is
        """
        self.env.cr.execute(
            """
            SELECT id, jsonb_strip_nulls(to_jsonb(l))::text FROM mcp_audit_log l
            WHERE (%(first)s IS NULL OR id >= %(first)s) AND id <= %(last)s ORDER BY id
            """,
            {"first": first_id, "last": last_id},
        )
        return [stretch.Row(*row) for row in self.env.cr.fetchall()]

    @api.model
    def _cron_seal(self) -> None:
        """Seal what is there when the job begins, a stretch at a time."""
        cron = self.env["ir.cron"]
        todo = self._unsealed_count()
        while todo > 0 and (sealed := self._seal_next()):
            todo -= sealed
            if not cron._commit_progress(sealed, remaining=max(todo, 0)):
                return
        cron._commit_progress(remaining=0)

    @api.model
    def _seal_all(self) -> None:
        """As the cron, for a person who waits for it, and at least once: the caller's snapshot may be older.

        The caller's transaction must not have written to the log: this would wait for it.
        """
        todo = self._unsealed_count()
        while (sealed := self._seal_next()) and (todo := todo - sealed) > 0:
            pass

    @api.model
    def _unsealed_count(self) -> int:
        self.env.cr.execute(
            "SELECT count(*) FROM mcp_audit_log WHERE id > (SELECT COALESCE(max(last_id), 0) FROM mcp_audit_seal)"
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _seal_next(self) -> int:
        """Seal one stretch, in a transaction of its own; how many rows it has.

        0 is nothing to seal, another run at the same moment, or a transaction that does not end.
        """
        with side_cursor(self.env.registry) as cr:
            seal = self.with_env(api.Environment(cr, SUPERUSER_ID, {}))._add_link()
            told = seal and (seal.number, seal.first_id, seal.last_id, seal.digest)
            count = seal.row_count
        if told:
            # Committed: now it leaves the database.
            _logger.info("Audit seal %s covers rows %s to %s: SHA-256 %s", *told)
        return count

    @api.model
    def _add_link(self):
        """The new last link of the chain; none if ``_seal_next`` would return 0."""
        self.env.cr.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not self.env.cr.fetchone()[0]:
            return self.browse()
        head = self.search([], limit=1)
        key = self.env["mcp.audit.key"]._get()
        if head and head.public_key != key.public:
            self.env["mcp.audit.log"]._record_event(
                "audit_key_changed", details=f"{head.key} → {signing.fingerprint(key.public)}"
            )
        last_id = self._last_id_of_stretch(head.last_id, self._settled_id())
        if last_id is None:
            return self.browse()
        rows = self._rows(head.last_id + 1 if head else None, last_id)
        return self.create(self._values(head, key, rows))

    @api.model
    def _last_id_of_stretch(self, after: int, settled: int | None) -> int | None:
        """Of as many rows after an id as belong into one stretch; None if there is no row."""
        self.env.cr.execute(
            """
            SELECT max(id) FROM (
                SELECT id, row_number() OVER by_id AS place, sum(1000 + request + response) OVER by_id AS bytes
                FROM (
                    SELECT id, COALESCE(octet_length(request_payload), 0) AS request,
                           COALESCE(octet_length(response_payload), 0) AS response
                    FROM mcp_audit_log WHERE id > %s AND id <= %s ORDER BY id LIMIT %s
                ) AS next
                WINDOW by_id AS (ORDER BY id)
            ) AS stretch
            WHERE bytes <= %s OR place = 1
            """,
            [after, settled, ROWS_OF_A_SEAL, BYTES_OF_A_SEAL],
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _settled_id(self) -> int | None:
        """An id up to which every row is visible or will never be; None if that takes too long."""
        self.env.cr.execute("SELECT last_value FROM mcp_audit_log_id_seq WHERE is_called")
        drawn = self.env.cr.fetchone()
        writers = drawn and self._writers()
        give_up = time.monotonic() + PATIENCE_SECONDS
        while writers:
            if time.monotonic() > give_up:
                _logger.info("The audit log is not sealed: a transaction that wrote to it is still open")
                return None
            time.sleep(POLL_SECONDS)
            writers &= self._writers()
        return drawn and drawn[0]

    @api.model
    def _writers(self) -> set[str]:
        """Other transactions that may have drawn an id and not have ended."""
        self.env.cr.execute("""
            SELECT virtualtransaction FROM pg_locks
            WHERE relation = 'mcp_audit_log'::regclass AND mode = 'RowExclusiveLock'
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND pid IS DISTINCT FROM pg_backend_pid()
        """)
        return {row[0] for row in self.env.cr.fetchall()}

    @api.model
    def _values(self, head, key: signing.SigningKey, rows: list[stretch.Row]) -> dict:
        self.env.cr.execute(
            """
            SELECT min(date), max(date), clock_timestamp() AT TIME ZONE 'UTC' FROM mcp_audit_log
            WHERE id BETWEEN %s AND %s
            """,
            [rows[0].id, rows[-1].id],
        )
        oldest, newest, now = (moment.replace(microsecond=0) for moment in self.env.cr.fetchone())
        leaves = stretch.leaves(rows)
        values = {
            "database": self.env["ir.config_parameter"].sudo().get_param("database.uuid"),
            "number": head.number + 1,
            "first_id": head.last_id + 1,
            "last_id": rows[-1].id,
            "row_count": len(rows),
            "oldest": oldest,
            "newest": newest + timedelta(seconds=1),
            "sealed_at": now,
            "rows_digest": stretch.digest(rows),
            "leaves_digest": stretch.leaves_digest(leaves),
            "previous_digest": head.digest,
            "key": signing.fingerprint(key.public),
            "public_key": key.public,
            "leaves": leaves,
        }
        signed = self.new(values)._statement()
        return values | {"digest": signed.digest, "signature": key.sign(signed.text)}
