-- Empties Kotauth's schema, of what a newer version made there, too. Run by psql as the server's login.
SELECT set_config('kotauth.emptied', :'schema', false) \g /dev/null
DO $empty$
DECLARE
  emptied constant text := current_setting('kotauth.emptied');
  object  text;
BEGIN
  FOR object IN
    SELECT format('TABLE IF EXISTS %I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = emptied
    UNION ALL
    SELECT format('TYPE IF EXISTS %I.%I', emptied, typname) FROM pg_type
      WHERE typnamespace = emptied::regnamespace AND typtype IN ('e', 'd')
    UNION ALL
    SELECT format('SEQUENCE IF EXISTS %I.%I', schemaname, sequencename) FROM pg_sequences WHERE schemaname = emptied
  LOOP
    EXECUTE format('DROP %s CASCADE', object);
  END LOOP;
END
$empty$;
