ALTER TABLE audit_log ADD COLUMN previous_hash CHAR(64);
ALTER TABLE audit_log ADD COLUMN row_hash CHAR(64);
ALTER TABLE audit_log ADD COLUMN chain_key_id CHAR(8);
