"""How tests run a scheduled action that commits on its way."""

from unittest.mock import patch


def run_cron(env, name: str) -> list[int]:
    """What Odoo's scheduler does with it, except that nothing is committed: a test is one transaction.

    :return: how many rows each commit would have been about
    """
    commits = []
    with patch.object(
        env.registry["ir.cron"], "_commit_progress", lambda _self, done=0, **_kw: commits.append(done) or 60.0
    ):
        env.ref(f"mcp_gateway.{name}").ir_actions_server_id.run()
    env.invalidate_all()
    return commits
