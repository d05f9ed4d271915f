"""What the database itself lets happen to the audit log: rows come, and only whole sealed stretches go.

The one way past the triggers is the setting ``mcp_gateway.purge_through``, set for the length of one statement by the
function ``mcp_audit_log_purge``, which nothing but the retention job calls. It allows to delete rows up to that id, and
to mark their seals as removed; never an UPDATE of a row, never a TRUNCATE. Whoever uses it, that function or someone
who sets it by hand, leaves a row of the event ``retention`` in the log, because a trigger writes it.

The owner of the tables can always remove a trigger. That is what the seals are for.
"""

DROP_OF_LOG = """
    DROP FUNCTION IF EXISTS mcp_audit_log_refuse() CASCADE;
    DROP FUNCTION IF EXISTS mcp_audit_log_tell() CASCADE;
"""

OF_LOG = """
    CREATE FUNCTION mcp_audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.id <= NULLIF(current_setting('mcp_gateway.purge_through', true), '')::bigint THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION 'The MCP audit log is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
    END $$;
    CREATE TRIGGER mcp_audit_log_rows BEFORE UPDATE OR DELETE ON mcp_audit_log
        FOR EACH ROW EXECUTE FUNCTION mcp_audit_log_refuse();
    CREATE TRIGGER mcp_audit_log_table BEFORE TRUNCATE ON mcp_audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION mcp_audit_log_refuse();

    CREATE FUNCTION mcp_audit_log_tell() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO mcp_audit_log (date, event, outcome, details)
        SELECT clock_timestamp() AT TIME ZONE 'UTC', 'retention', 'success',
               format('%s rows removed, %s to %s, the newest of %s UTC', count(*), min(id), max(id),
                      to_char(max(date), 'YYYY-MM-DD HH24:MI:SS'))
        FROM gone HAVING count(*) > 0;
        RETURN NULL;
    END $$;
    CREATE TRIGGER mcp_audit_log_gone AFTER DELETE ON mcp_audit_log
        REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION mcp_audit_log_tell();
"""

DROP_OF_SEALS = """
    DROP FUNCTION IF EXISTS mcp_audit_seal_refuse() CASCADE;
    DROP FUNCTION IF EXISTS mcp_audit_log_purge(timestamp, bigint);
"""

# The purge takes the oldest stretches, as many as stay below the wanted number of rows together, but at least one; it
# stops at the first that is too young. It only deletes rows that every call has long committed, and locks nothing else.
OF_SEALS = """
    CREATE FUNCTION mcp_audit_seal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF OLD.last_id <= NULLIF(current_setting('mcp_gateway.purge_through', true), '')::bigint
               AND to_jsonb(OLD) - 'removed_at' - 'leaves' = to_jsonb(NEW) - 'removed_at' - 'leaves'
            THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'MCP audit seals stay as they are: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
    END $$;
    CREATE TRIGGER mcp_audit_seal_rows BEFORE UPDATE OR DELETE ON mcp_audit_seal
        FOR EACH ROW EXECUTE FUNCTION mcp_audit_seal_refuse();
    CREATE TRIGGER mcp_audit_seal_table BEFORE TRUNCATE ON mcp_audit_seal
        FOR EACH STATEMENT EXECUTE FUNCTION mcp_audit_seal_refuse();

    CREATE FUNCTION mcp_audit_log_purge(before timestamp, wanted bigint) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE
        stretch record;
        removed bigint;
    BEGIN
        SELECT min(first_id) AS first_id, max(last_id) AS last_id, max(number) AS number INTO stretch
        FROM (
            SELECT first_id, last_id, number, bool_and(newest < before) OVER oldest_first AS is_old,
                   sum(row_count) OVER oldest_first AS rows, row_number() OVER oldest_first AS place
            FROM (SELECT * FROM mcp_audit_seal WHERE removed_at IS NULL ORDER BY number LIMIT 1000) AS kept
            WINDOW oldest_first AS (ORDER BY number)
        ) AS stretches
        WHERE is_old AND (rows <= wanted OR place = 1);
        IF stretch.number IS NULL THEN
            RETURN NULL;
        END IF;
        PERFORM set_config('mcp_gateway.purge_through', stretch.last_id::text, true);
        DELETE FROM mcp_audit_log WHERE id BETWEEN stretch.first_id AND stretch.last_id;
        GET DIAGNOSTICS removed = ROW_COUNT;
        UPDATE mcp_audit_seal SET removed_at = date_trunc('second', clock_timestamp() AT TIME ZONE 'UTC'), leaves = NULL
        WHERE removed_at IS NULL AND number <= stretch.number;
        PERFORM set_config('mcp_gateway.purge_through', '', true);
        RETURN removed;
    END $$;
"""
