-- Dumps Kotauth's schema and describes it, all from one snapshot. Prints two JSON objects, the second one by look.sql.
-- A table that this version of Kotauth doesn't have is asked only where it exists: its query is a text until then.
SET idle_in_transaction_session_timeout = 0;
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \gset
\setenv SNAPSHOT :snapshot
\! pg_dump --format=custom --compress=0 --schema="$SCHEMA" --no-privileges --lock-wait-timeout=60s --snapshot="$SNAPSHOT" --file=/spool/new/kotauth.dump && touch /spool/new/dumped
SELECT json_build_object(
  'time', floor(extract(epoch FROM now()))::bigint,
  'postgresVersion', split_part(current_setting('server_version'), ' ', 1),
  'keyFingerprint', CASE WHEN to_regclass('kotauth_infra.key_fingerprint') IS NOT NULL THEN
    (xpath('//v/text()', query_to_xml('SELECT fingerprint AS v FROM kotauth_infra.key_fingerprint', false, false, '')))[1]::text END,
  'chainKeyId', CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(:'schema' || '.audit_log')
                                  AND attname = 'chain_key_id' AND NOT attisdropped) THEN
    (xpath('//v/text()', query_to_xml(format(
      'SELECT chain_key_id AS v FROM %I.audit_log WHERE chain_key_id IS NOT NULL ORDER BY id DESC LIMIT 1', :'schema'
    ), false, false, '')))[1]::text END,
  'newestRow', CASE WHEN to_regclass(:'schema' || '.audit_log') IS NOT NULL THEN
    (xpath('//v/text()', query_to_xml(format(
      'SELECT floor(extract(epoch FROM max(created_at)))::bigint AS v FROM %I.audit_log', :'schema'
    ), false, false, '')))[1]::text::bigint END
);
\ir look.sql
COMMIT;
