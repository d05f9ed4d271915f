from dataclasses import dataclass, field
from datetime import datetime

from odoo import SUPERUSER_ID, api, models

from ..audit import signing, stretch


@dataclass
class Verdict:
    """What a walk along the chain found.

    :param problem: in words of the user's language, None if everything fits
    :param row_id: the first row of the log that does not fit, if it is a row
    :param seal: the number of the first seal that does not fit, or whose rows do not
    :param removed_until: no row that retention removed is younger, UTC
    :param unsealed: rows that no seal covers yet
    :param keys: fingerprints of the keys that signed, the present one last
    """

    seals: int = 0
    rows: int = 0
    removed_seals: int = 0
    removed_rows: int = 0
    removed_until: datetime | None = None
    unsealed: int = 0
    keys: list[str] = field(default_factory=list)
    problem: str | None = None
    row_id: int | None = None
    seal: int | None = None


class McpAuditSeal(models.Model):
    """Verify: does the log still say what was sealed?"""

    _inherit = "mcp.audit.seal"

    @api.model
    def _verify(self) -> Verdict:
        """Walk the whole chain on one snapshot, a stretch at a time, up to the first thing that does not fit.

        A transaction of its own, since the caller's may be older than the newest seals.
        """
        with self.env.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"lang": self.env.lang})
            return env[self._name]._walk()

    @api.model
    def _walk(self) -> Verdict:
        verdict, previous = Verdict(), self.browse()
        self.env.cr.execute("SELECT id FROM mcp_audit_seal ORDER BY number")
        for [seal_id] in self.env.cr.fetchall():
            seal = self.browse(seal_id)
            verdict.seals += 1
            if self._find_problem(verdict, seal, previous):
                return verdict
            previous.invalidate_recordset(flush=False)
            previous = seal
        verdict.unsealed = self._unsealed_count()
        if previous and previous.public_key != self.env["mcp.audit.key"]._get().public:
            verdict.seal, verdict.problem = previous.number, self.env._("The newest seal is signed by another key.")
        return verdict

    @api.model
    def _find_problem(self, verdict: Verdict, seal, previous) -> bool:
        verdict.problem = self._link_problem(seal, previous) or self._rows_problem(verdict, seal, previous)
        if verdict.problem:
            verdict.seal = seal.number
        if seal.key not in verdict.keys:
            verdict.keys.append(seal.key)
        return bool(verdict.problem)

    def _link_problem(self, seal, previous) -> str | None:
        """What is wrong with a seal itself."""
        if seal.number != previous.number + 1:
            return self.env._("Seal %(number)s is missing.", number=previous.number + 1)
        follows = seal.first_id == previous.last_id + 1 and (seal.previous_digest or False) == previous.digest
        signed = seal._statement()
        is_whole = (
            follows
            and seal.digest == signed.digest
            and signing.is_signed(signed.text, seal.signature, seal.public_key)
            and seal.key == signing.fingerprint(seal.public_key)
        )
        return None if is_whole else self.env._("Seal %(number)s was changed.", number=seal.number)

    def _rows_problem(self, verdict: Verdict, seal, previous) -> str | None:
        """What is wrong with the rows that a seal covers."""
        rows = self._rows(seal.first_id if previous else None, seal.last_id)
        if seal.removed_at:
            if previous and not previous.removed_at:
                return self.env._("The rows of seal %(number)s were removed before older ones.", number=seal.number)
            verdict.removed_seals += 1
            verdict.removed_rows += seal.row_count
            verdict.removed_until = seal.newest
            return self._tell(verdict, stretch.Misfit(rows[0].id, "inserted")) if rows else None
        verdict.rows += len(rows)
        if stretch.digest(rows) == seal.rows_digest:
            return None
        if stretch.leaves_digest(seal.leaves or "") != seal.leaves_digest:
            return self._tell(verdict, stretch.Misfit(None, "unnamed"))
        return self._tell(verdict, stretch.find_misfit(rows, seal.leaves))

    def _tell(self, verdict: Verdict, misfit: stretch.Misfit) -> str:
        verdict.row_id = misfit.row_id
        texts = {
            "edited": self.env._("Row %(id)s was edited after it was sealed.", id=misfit.row_id),
            "missing": self.env._("Row %(id)s is missing.", id=misfit.row_id),
            "inserted": self.env._("Row %(id)s was inserted after its stretch was sealed.", id=misfit.row_id),
            "unnamed": self.env._("Rows were changed, and so was the list that would name them."),
        }
        return texts[misfit.kind]
