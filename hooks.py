"""What Odoo calls when it loads the addon's code and when the addon is removed."""

from .log_filter import redact_log_records


def post_load() -> None:
    """Keep secrets out of this process's log from the moment the code is loaded."""
    redact_log_records()


def uninstall_hook(env) -> None:
    """Remove what the ORM does not know of: the functions behind the triggers of the audit log and its seals."""
    env["mcp.audit.log"]._drop_guard()
    env["mcp.audit.seal"]._drop_guard()
