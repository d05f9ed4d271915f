"""What Odoo calls when it loads the addon's code and when the addon is removed."""

from .log_filter import redact_log_records


def post_load() -> None:
    """Keep secrets out of this process's log from the moment the code is loaded."""
    redact_log_records()


def uninstall_hook(env) -> None:
    """Remove what the ORM does not know of: the function behind the audit log's trigger, and what holds on to data."""
    env["mcp.audit.log"]._drop_guard()
    # Else they would keep Odoo from deleting the types of activities.
    env["mail.activity"].search([("res_model", "=", "mcp.connection")]).unlink()
