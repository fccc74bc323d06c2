#!/usr/bin/env bash
# Behaves like the official image's entrypoint where the tests can see it: POSTGRES_USER, _PASSWORD (or _PASSWORD_FILE),
# _DB, _INITDB_ARGS and /docker-entrypoint-initdb.d at the first start; runs as uid 999; scram over TCP.
set -euo pipefail

if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
if [ "$1" != postgres ]; then exec "$@"; fi

if [ "$(id -u)" = 0 ]; then
  install -d -m 0700 -o postgres "$PGDATA"
  find "$PGDATA" ! -user postgres -exec chown postgres {} +
  find /var/run/postgresql ! -user postgres -exec chown postgres {} +
  exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then POSTGRES_PASSWORD=$(< "$POSTGRES_PASSWORD_FILE"); fi
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo "Error: Database is uninitialized and superuser password is not specified (POSTGRES_PASSWORD)." >&2
    exit 1
  fi
  # shellcheck disable=SC2086  # several arguments in one variable, as the official image has it
  initdb --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --auth-local=trust \
    --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-} > /dev/null
  printf '\nhost all all all scram-sha-256\n' >> "$PGDATA/pg_hba.conf"
  # From version 16 on initdb writes the compiled-in folder over the sample's.
  printf "unix_socket_directories = '/var/run/postgresql'\n" >> "$PGDATA/postgresql.conf"
  pg_ctl --wait --silent --options="-c listen_addresses=''" start
  run=(psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username="$user")
  if [ "$database" != postgres ]; then
    "${run[@]}" --dbname=postgres --set=name="$database" <<< 'CREATE DATABASE :"name"'
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) bash "$file" ;;
      *.sql) "${run[@]}" --dbname="$database" --file="$file" ;;
      *.sql.gz) gunzip --stdout "$file" | "${run[@]}" --dbname="$database" ;;
    esac
  done
  pg_ctl --wait --silent --mode=fast stop
  unset POSTGRES_PASSWORD
fi
exec "$@"
