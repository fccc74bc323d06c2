ALTER TABLE api_keys ADD CONSTRAINT api_keys_tenant_name_unique UNIQUE (tenant_id, name);
