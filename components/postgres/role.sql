-- The application's roles and everything they may do, and nothing else (production checklist, row 9).
--
-- Idempotent, and plain server-side SQL: psql runs it on Docker, a driver without psql's variables elsewhere. Its inputs
-- are settings of the session: kotauth.owner, kotauth.login, kotauth.verifier (a SCRAM verifier, never the password:
-- log_statement would write it down), kotauth.schema, kotauth.connection_limit, kotauth.key_fingerprint (of the secret
-- key, which never comes here; unset or empty for none), kotauth.backup_login (unset or empty: leave it alone) and
-- kotauth.backup_verifier (empty: the login is locked).
--
-- The administrator is not always a superuser (RDS's is not): CREATE SCHEMA ... AUTHORIZATION and ALTER ROLE ...
-- NOSUPERUSER fail there, so the schema stays the administrator's and forbidden attributes are checked, not set.
--
-- One role owns everything and can't log in; two can, and act as the owner. A password rotation gives the other login
-- a new password, so that the server with the old one keeps opening connections until it is replaced. The backups have
-- a login of their own, which reads what the owner has and will have.

DO $role$
DECLARE
  owner_name    constant text := current_setting('kotauth.owner');
  login_name    constant text := current_setting('kotauth.login');
  schema_name   constant text := current_setting('kotauth.schema');
  database_name constant text := current_database();
  key_now       constant text := coalesce(current_setting('kotauth.key_fingerprint', true), '');
  backup_name   constant text := coalesce(current_setting('kotauth.backup_login', true), '');
  backup_proof  constant text := coalesce(current_setting('kotauth.backup_verifier', true), '');
  with_backups  constant boolean := backup_name <> '' AND backup_proof <> '';
  joins_owner   boolean;
  other         record;
BEGIN
  -- The roles and their attributes. CREATE ROLE gives none of the dangerous ones.
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = owner_name) THEN
    EXECUTE format('CREATE ROLE %I NOLOGIN', owner_name);
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login_name) THEN
    EXECUTE format('CREATE ROLE %I LOGIN', login_name);
  END IF;
  IF with_backups AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = backup_name) THEN
    EXECUTE format('CREATE ROLE %I LOGIN', backup_name);
  END IF;
  -- Looked at before any change, since an administrator who is no superuser may not even try to change such a role.
  FOR other IN
    SELECT rolname FROM pg_roles
    WHERE rolname IN (owner_name, login_name, backup_name) AND (rolsuper OR rolreplication OR rolbypassrls)
  LOOP
    RAISE EXCEPTION 'role % is superuser, may replicate or bypasses row security: use a role of its own', other.rolname;
  END LOOP;
  EXECUTE format('ALTER ROLE %I NOLOGIN NOCREATEDB NOCREATEROLE', owner_name);
  EXECUTE format('ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE INHERIT CONNECTION LIMIT %s PASSWORD %L',
                 login_name, current_setting('kotauth.connection_limit')::int, current_setting('kotauth.verifier'));
  IF with_backups THEN
    -- One connection holds the snapshot, the other one dumps it.
    EXECUTE format('ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE INHERIT CONNECTION LIMIT 2 PASSWORD %L',
                   backup_name, backup_proof);
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET default_transaction_read_only = on', backup_name, database_name);
  ELSIF EXISTS (SELECT FROM pg_roles WHERE rolname = backup_name) THEN
    EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', backup_name);
  END IF;

  -- A membership in anything else would be a privilege from elsewhere.
  FOR other IN
    SELECT granted.rolname AS granted, member.rolname AS member
    FROM pg_auth_members m
    JOIN pg_roles granted ON granted.oid = m.roleid
    JOIN pg_roles member ON member.oid = m.member
    WHERE member.rolname IN (owner_name, login_name) AND granted.rolname <> owner_name
      OR member.rolname = backup_name
  LOOP
    EXECUTE format('REVOKE %I FROM %I', other.granted, other.member);
  END LOOP;
  EXECUTE format('GRANT %I TO %I', owner_name, login_name);
  EXECUTE format('ALTER ROLE %I IN DATABASE %I SET role = %L', login_name, database_name, owner_name);
  EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = %I', login_name, database_name, schema_name);

  -- Nothing for PUBLIC on any database that is the administrator's: a new role could connect to each otherwise.
  FOR other IN
    SELECT datname FROM pg_database WHERE pg_has_role(current_user, datdba, 'MEMBER')
  LOOP
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', other.datname);
  END LOOP;
  EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', database_name, owner_name);

  -- The schema `public` belongs to the bootstrap superuser up to PostgreSQL 14: an RDS administrator can't change it.
  IF EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public' AND pg_has_role(current_user, nspowner, 'MEMBER')) THEN
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
  ELSIF EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public' AND has_schema_privilege(login_name, oid, 'CREATE')) THEN
    RAISE WARNING 'schema public is not the administrator''s, so every role that connects may still create objects in it';
  END IF;
  EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', schema_name);
  EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', schema_name);
  EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO %I', schema_name, owner_name);

  -- What key_guard.sh compares the secret key with. The logins may read it, and it stays the administrator's: else a key
  -- that is wrong could write itself in. Kotauth's first start binds its tables to a key, so until there is a table the
  -- last fingerprint counts, and from then on the one that is there.
  CREATE SCHEMA IF NOT EXISTS kotauth_infra;
  EXECUTE format('REVOKE ALL ON SCHEMA kotauth_infra FROM PUBLIC, %I, %I', owner_name, login_name);
  EXECUTE format('GRANT USAGE ON SCHEMA kotauth_infra TO %I', owner_name);
  CREATE TABLE IF NOT EXISTS kotauth_infra.key_fingerprint (
    fingerprint text NOT NULL CHECK (fingerprint ~ '^[0-9a-f]{16}$'),
    one_row     boolean PRIMARY KEY DEFAULT true CHECK (one_row)
  );
  EXECUTE format('REVOKE ALL ON kotauth_infra.key_fingerprint FROM PUBLIC, %I, %I', owner_name, login_name);
  EXECUTE format('GRANT SELECT ON kotauth_infra.key_fingerprint TO %I', owner_name);
  IF key_now <> '' AND NOT EXISTS (
    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = schema_name AND c.relkind IN ('r', 'p')
  ) THEN
    INSERT INTO kotauth_infra.key_fingerprint VALUES (key_now)
    ON CONFLICT (one_row) DO UPDATE SET fingerprint = excluded.fingerprint;
  END IF;

  -- The backups read what is there, and what the owner makes later. Not by pg_read_all_data, which spans all schemas and
  -- databases. Only the owner can grant this, so an administrator who is no superuser joins it meanwhile.
  IF with_backups THEN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', database_name, backup_name);
    EXECUTE format('GRANT USAGE ON SCHEMA %I, kotauth_infra TO %I', schema_name, backup_name);
    EXECUTE format('REVOKE ALL ON kotauth_infra.key_fingerprint FROM %I', backup_name);
    EXECUTE format('GRANT SELECT ON kotauth_infra.key_fingerprint TO %I', backup_name);
    joins_owner := NOT pg_has_role(current_user, owner_name, 'USAGE');
    IF joins_owner THEN
      EXECUTE format('GRANT %I TO %I', owner_name, current_user);
    END IF;
    EXECUTE format('SET LOCAL ROLE %I', owner_name);
    FOR other IN
      SELECT format('%s %I.%I', CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, schema_name, relname) AS named
      FROM pg_class
      WHERE relnamespace = schema_name::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
        AND relowner = owner_name::regrole
    LOOP
      EXECUTE format('GRANT SELECT ON %s TO %I', other.named, backup_name);
    END LOOP;
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO %I', schema_name, backup_name);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON SEQUENCES TO %I', schema_name, backup_name);
    SET LOCAL ROLE NONE;
    IF joins_owner THEN
      EXECUTE format('REVOKE %I FROM %I', owner_name, current_user);
    END IF;
  END IF;
END
$role$;
