-- Needs TEMPORARY on the database, as the real server's migration of this number does from 1.24.0 on. Run here already,
-- so that a role without it is found out before that release is deployed.
CREATE FUNCTION pg_temp.normalised(name TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE
AS $$ SELECT regexp_replace(lower(name), '[^a-z0-9._@+-]', '', 'g') $$;

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM users WHERE pg_temp.normalised(username) = '') THEN
        RAISE EXCEPTION 'a user name has no character of [a-z0-9._@+-]';
    END IF;
    IF EXISTS (SELECT 1 FROM users GROUP BY tenant_id, pg_temp.normalised(username) HAVING count(*) > 1) THEN
        RAISE EXCEPTION 'two user names of a workspace become equal';
    END IF;
    UPDATE users SET username = pg_temp.normalised(username);
END
$$;

DROP FUNCTION pg_temp.normalised(TEXT);
