-- What a dump says of a database, and what a restore has to know before it changes anything, as JSON.
-- A database holds no more than the seed of the server's first start while it has no workspace but one, no user but one,
-- and no line in the audit log: each login writes one.
SELECT json_build_object(
  'postgres', current_setting('server_version_num')::int / 10000,
  'tables', (SELECT count(*) FROM pg_tables WHERE schemaname = :'schema'),
  'beyondSeed', coalesce((
    SELECT sum(greatest(0, (xpath('//v/text()', query_to_xml(
      format('SELECT count(*) AS v FROM %I.%I', :'schema', relname), false, false, '')))[1]::text::bigint - seeded))
    FROM (VALUES ('tenants', 1), ('users', 1), ('audit_log', 0)) AS seed (named, seeded)
    JOIN pg_class ON relname = named AND relnamespace = to_regnamespace(:'schema') AND relkind IN ('r', 'p')
  ), 0),
  'schemaVersion', CASE WHEN to_regclass(:'schema' || '.flyway_schema_history') IS NOT NULL THEN
    (xpath('//v/text()', query_to_xml(format(
      'SELECT max(version::numeric) AS v FROM %I.flyway_schema_history WHERE success AND version IS NOT NULL', :'schema'
    ), false, false, '')))[1]::text::numeric END,
  'rows', coalesce((
    SELECT json_object_agg(relname, (xpath('//v/text()', query_to_xml(
      format('SELECT count(*) AS v FROM %I.%I', :'schema', relname), false, false, '')))[1]::text::bigint ORDER BY relname)
    FROM pg_class WHERE relnamespace = to_regnamespace(:'schema') AND relkind IN ('r', 'p') AND NOT relispartition
  ), '{}')
);
