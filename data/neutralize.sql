-- A neutralized database answers no AI tool: the server is off, and every credential is gone.
UPDATE mcp_settings SET enabled = FALSE;
UPDATE mcp_connection SET state = 'revoked', generation = generation + 1 WHERE state != 'revoked';
DELETE FROM mcp_api_key;
