ALTER TABLE tenant_keys ADD COLUMN public_key TEXT;
-- Keys from before have none: the next start makes new ones.
UPDATE tenant_keys SET active = FALSE;
