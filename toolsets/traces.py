"""What a change made through MCP leaves in the chatter of the record (FEATURES L5)."""

from . import context


def leave_trace(records, text: str | None = None) -> None:
    """Log one internal note on each record that has a chatter, by the current user; nobody is notified.

    :param records: records of any model, which the user was permitted to change; those without a chatter are left alone
    :param text: what was done to them, translated, as the beginning of a sentence: ``env._("Created")``; by default
        that they were changed
    """
    if not records or not isinstance(records, records.env.registry["mail.thread"]):
        return
    note = records.env._(
        "%(done)s by an AI tool through MCP, connection “%(connection)s”",
        done=text or records.env._("Changed"),
        connection=context.current().connection_name or "?",
    )
    records._message_log_batch(dict.fromkeys(records.ids, note))
