"""No secret reaches a log, whoever writes it there.

A web server logs the query string of a client that mistakenly puts its key into the URL, and a library may quote a
header in an exception. The record factory is the one place that every record of the process passes.
"""

import logging

from .protocol.credentials import redact

_formatter = logging.Formatter()


def _may_hold_a_secret(text: str) -> bool:
    # Wider than the prefix, which may be percent-encoded or in capitals; cheap, since every record of Odoo passes here.
    return "mcp" in text.lower()


def _redacted(record: logging.LogRecord) -> logging.LogRecord:
    message = record.getMessage()
    if _may_hold_a_secret(message):
        record.msg, record.args = redact(message), None
    if record.exc_info and record.exc_info[0]:
        trace = _formatter.formatException(record.exc_info)
        if _may_hold_a_secret(trace):
            # Handlers print exc_text where it is set, and do not look at the exception again.
            record.exc_text = redact(trace)
    return record


def redact_log_records() -> None:
    """Wrap the process's log record factory, once."""
    factory = logging.getLogRecordFactory()
    if getattr(factory, "_mcp_redacts", False):
        return

    def redacting_factory(*args, **kwargs) -> logging.LogRecord:
        return _redacted(factory(*args, **kwargs))

    redacting_factory._mcp_redacts = True
    logging.setLogRecordFactory(redacting_factory)
