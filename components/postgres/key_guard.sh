# Refuses a start with a secret key that did not write the newest row of the audit log.
# Kotauth would start with it, stay healthy, and fail every login. The key never leaves this process: builtins only,
# and the two hashes are fed through pipes.
set -euo pipefail

secrets=/run/secrets
trim() { local text; text=$(<"$1"); text=${text#"${text%%[![:space:]]*}"}; printf '%s' "${text%"${text##*[![:space:]]}"}"; }
sha256() { sha256sum | { read -r hex _; printf '%s' "$hex"; }; }

# libpq wants a password file of its own form; /tmp is in memory and gone with this container.
umask 077
printf '*:*:*:*:%s\n' "$(trim "$secrets/database_password")" >/tmp/pgpass
export PGPASSFILE=/tmp/pgpass PGCONNECT_TIMEOUT=10
# A database that vanished is given up after 25 s, as the server gives it up.
psql() { command psql -d 'keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=25000' "$@"; }

inner=$(printf '%s|kauth/audit-log/v1' "$(trim "$secrets/secret_key")" | sha256)
# shellcheck disable=SC2059 - the escapes are the bytes of the first hash
ours=$(printf "$(printf '%s' "$inner" | sed 's/../\\x&/g')" | sha256)
ours=${ours:0:8}

# A database that Kotauth has not migrated yet has no such table, and one before 1.19.0 no such column.
known=$(psql -XAtqc "SELECT count(*) FROM pg_attribute
                     WHERE attrelid = to_regclass('audit_log') AND attname = 'chain_key_id' AND NOT attisdropped")
if [ "$known" = 0 ]; then
  echo "key guard: the database has no audit log yet, nothing to compare"
  exit 0
fi
theirs=$(psql -XAtqc "SELECT chain_key_id FROM audit_log WHERE chain_key_id IS NOT NULL ORDER BY id DESC LIMIT 1")
if [ -z "$theirs" ]; then
  echo "key guard: the audit log is empty, nothing to compare"
elif [ "$theirs" = "$ours" ]; then
  echo "key guard: the secret key fits the database (key id $ours)"
else
  echo "key guard: the secret key (key id $ours) does not fit this database: its newest audit row was written with the key of id $theirs. Every login would fail, so the server is not started. Give back the old key; it can't be made again."
  exit 1
fi
