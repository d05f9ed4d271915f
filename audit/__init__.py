"""What the audit log's seals, exports and payloads are made of; pure, nothing of Odoo."""
