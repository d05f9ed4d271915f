-- A neutralized database answers no AI tool and signs nothing: the server is off, and every credential and key is gone.
UPDATE mcp_settings SET enabled = FALSE;
UPDATE mcp_connection SET state = 'revoked', generation = generation + 1 WHERE state != 'revoked';
DELETE FROM mcp_api_key;
DELETE FROM mcp_oauth_token;
DELETE FROM mcp_oauth_code;
UPDATE mcp_oauth_family SET ended_at = now() AT TIME ZONE 'UTC', end_reason = 'revoked' WHERE ended_at IS NULL;
DELETE FROM mcp_oauth_secret;
UPDATE mcp_settings SET audit_key = NULL;
