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


TO_DO: dict[str, Callable[[RealServer], str]] = {
    "ir_cron_retire_expired": expired_overlaps,
    "ir_cron_close_throttle": counted_bad_keys,
}
