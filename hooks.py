"""What Odoo calls when it loads the addon's code and when the addon is removed."""

from .log_filter import redact_log_records


def post_load() -> None:
    """Keep secrets out of this process's log from the moment the code is loaded."""
    redact_log_records()


def uninstall_hook(env) -> None:
    """Remove what the ORM does not know of: the functions behind the triggers of the log, and what holds on to data."""
    env["mcp.audit.log"]._drop_guard()
    env["mcp.audit.seal"]._drop_guard()
    # Else they would keep Odoo from deleting the types of activities.
    models = ("mcp.connection", "mcp.approval")
    env["mail.activity"].search([("res_model", "in", models)]).unlink()
