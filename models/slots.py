"""One of the places that the calls of a connection share, as an expression of SQL."""

# PostgreSQL takes the first lock that is free, and no other. The first key is ours: "mcp" and the number of the slot.
SLOT = """(
    SELECT slot FROM generate_series(1, LEAST(%(max)s, %(slots)s)) slot
    WHERE pg_try_advisory_xact_lock(x'6d637000'::int + slot, %(connection)s) LIMIT 1
)"""
