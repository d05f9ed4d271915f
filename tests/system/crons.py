"""What each cron of the addon is there for, so that a test can have it run twice at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from harness import RealServer


def run_twice_at_once(server: RealServer, cron: str) -> list[BaseException]:
    """Run a cron in two transactions of which neither sees what the other does; how those ended that failed."""
    begun = threading.Barrier(2)

    def run() -> None:
        with server.env() as env:
            env.cr.execute("SELECT 1")  # fixes what this transaction sees
            begun.wait(60)
            run_cron(env, cron)

    with ThreadPoolExecutor(2) as pool:
        ended = [pool.submit(run) for _ in range(2)]
    return [error for error in (future.exception() for future in ended) if error]


def run_cron(env, cron: str) -> None:
    """What Odoo's scheduler does with it, without its lock."""
    env.ref(f"mcp_gateway.{cron}").ir_actions_server_id.run()


def crons_of_the_addon(server: RealServer) -> set[str]:
    return {
        name
        for (name,) in server.sql("SELECT name FROM ir_model_data WHERE module = 'mcp_gateway' AND model = 'ir.cron'")
    }


# Each makes something for its cron to do, and returns the query for what is to be there once of it.


def expired_overlaps(server: RealServer) -> str:
    """Of an API key and of a Secret Key."""
    by_key = expired_overlap(server)
    with server.env() as env:
        client = env["mcp.oauth.client"].create({"name": "Cron"})
        by_secret = client.connection_ids
        client._new_secret()
        by_secret._do_start_overlap(1)
        client.secret_ids.filtered("expires_at").expires_at = "2026-01-01"
    return f"""
        SELECT
            (SELECT array_agg(connection_ref ORDER BY connection_ref) FROM mcp_audit_log
                WHERE event = 'key_overlap_ended' AND connection_ref IN ({by_key}, {by_secret.id}))
                = ARRAY[{by_key}, {by_secret.id}],
            (SELECT count(*) FROM mcp_retired_secret WHERE connection_id = {by_key}),
            (SELECT count(*) FROM mcp_api_key WHERE connection_id = {by_key}),
            (SELECT count(*) FROM mcp_oauth_secret WHERE client_ref_id = {client.id}),
            (SELECT count(retired_hash) FROM mcp_oauth_client WHERE id = {client.id})
    """


def expired_overlap(server: RealServer) -> int:
    """A connection whose old key has come to its end."""
    connection, _old = server.new_connection("cron")
    with server.env() as env:
        row = env["mcp.connection"].browse(connection)
        row._do_start_overlap(1)
        row.api_key_ids.filtered("expires_at").expires_at = "2026-01-01"
    return connection


def counted_bad_keys(server: RealServer) -> str:
    """Of an address with more of them than are logged one by one."""
    server.sql(
        "INSERT INTO mcp_throttle (site, minute, count) VALUES ('198.51.100.7', '2026-01-01', 1000) RETURNING id"
    )
    return """
        SELECT (SELECT count(*) = 0 FROM mcp_throttle WHERE site = '198.51.100.7'),
            (SELECT count(*) FROM mcp_audit_log WHERE event = 'bad_credentials' AND ip = '198.51.100.7')
    """


def unsealed_rows(server: RealServer) -> str:
    """Of the log; the chain neither forks nor has a gap."""
    server.new_connection("sealed")
    return """
        SELECT count(*) > 0, count(DISTINCT number) = count(*), bool_and(first_id = COALESCE(before, first_id)) FROM (
            SELECT number, first_id, 1 + lag(last_id) OVER (ORDER BY number) AS before FROM mcp_audit_seal
        ) chain
    """


def old_rows(server: RealServer) -> str:
    """Sealed, and then made old, which the triggers would refuse."""
    server.new_connection("old")
    with server.env() as env:
        env["mcp.settings"]._get().retention_days = 90
    with server.env() as env:
        env["mcp.audit.seal"].sudo()._seal_all()
    for table, column in (("mcp_audit_log", "date"), ("mcp_audit_seal", "newest")):
        server.sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        server.sql(f"UPDATE {table} SET {column} = '2020-01-01' RETURNING id")
        server.sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    return """
        SELECT (SELECT count(*) = 0 FROM mcp_audit_log WHERE date < '2021-01-01'),
            (SELECT bool_and(removed_at IS NOT NULL) FROM mcp_audit_seal WHERE newest < '2021-01-01'),
            (SELECT count(*) FROM mcp_audit_log WHERE event = 'retention')
    """


def expired_approval(server: RealServer) -> str:
    connection, _key = server.new_connection("approval")
    with server.env() as env:
        values = {"tool": "update_record", "tool_title": "Update", "arguments": "{}", "digest": "d", "slot": 0}
        approval = env["mcp.approval"].create(
            {"connection_id": connection, "generation": 1, "expires_at": "2026-01-01", **values}
        )
    return f"""
        SELECT (SELECT state = 'expired' FROM mcp_approval WHERE id = {approval.id}),
            {_logged("approval_expired", connection)}
    """


def idle_connection(server: RealServer) -> str:
    connection, _key = server.new_connection("idle")
    with server.env() as env:
        env["mcp.settings"]._get().suspend_idle_days = 300
    server.sql(
        "UPDATE mcp_connection SET active_since = '2020-01-01', credential_changed_at = '2020-01-01' "
        f"WHERE id = {connection} RETURNING id"
    )
    return f"""
        SELECT (SELECT state = 'suspended' FROM mcp_connection WHERE id = {connection}),
            {_logged("suspended", connection)}
    """


def ending_connection(server: RealServer) -> str:
    connection, _key = server.new_connection("ending")
    server.sql(
        "UPDATE mcp_connection SET expires_at = now() AT TIME ZONE 'UTC' + INTERVAL '5 days', expiry_warned_days = 0 "
        f"WHERE id = {connection} RETURNING id"
    )
    activities = f"SELECT count(*) FROM mail_activity WHERE res_model = 'mcp.connection' AND res_id = {connection}"
    return f"SELECT ({activities}), {_logged('expiry_warned', connection)}"


def refused_calls(server: RealServer) -> str:
    connection, _key = server.new_connection("refused")
    with server.env() as env:
        for _ in range(env["mcp.settings"]._get().alert_refusals):
            env["mcp.audit.log"]._record_event("request", env["mcp.connection"].browse(connection), outcome="refused")
    return f"SELECT {_logged('many_refusals', connection)}"


def _logged(event: str, connection: int) -> str:
    return f"(SELECT count(*) FROM mcp_audit_log WHERE event = '{event}' AND connection_ref = {connection})"


TO_DO: dict[str, Callable[[RealServer], str]] = {
    "ir_cron_retire_expired": expired_overlaps,
    "ir_cron_close_throttle": counted_bad_keys,
    "ir_cron_expire_approvals": expired_approval,
    "ir_cron_suspend_idle": idle_connection,
    "ir_cron_warn_of_expiry": ending_connection,
    "ir_cron_notice_refusals": refused_calls,
    "ir_cron_audit_seal": unsealed_rows,
    "ir_cron_audit_purge": old_rows,
}
