import logging
from collections.abc import Callable

_logger = logging.getLogger(__name__)


def one_by_one(find: Callable, work: Callable) -> None:
    """For a scheduled action: do what is due, each row in a transaction of its own.

    A row that fails is logged and left for the next run, and holds up no other. No row stays locked for longer than its
    own turn, so a button on one never waits for the whole run.

    :param find: what is due, as records: all of it, or what of the ids that it is given
    :param work: what to do with one of them
    """
    rows = find(None)
    cron, left = rows.env["ir.cron"], len(rows)
    cron._commit_progress(remaining=left)
    for row in rows:
        try:
            with row.env.cr.savepoint():
                # Asked again, since each commit shows what others did meanwhile: a person may have seen to this one.
                for due in find(row.ids):
                    work(due)
        except Exception:
            _logger.exception("%s is left for the next run, because this one failed", row)
        left -= 1
        if not cron._commit_progress(1, remaining=left):
            return
