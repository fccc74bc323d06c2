# shellcheck shell=sh
# Runs role.sql as the administrator, whose password libpq wants in a file of its own form.
set -eu
umask 077
printf '*:*:*:*:%s\n' "$(sed 's/[\\:]/\\&/g' /run/secrets/administrator_password)" >/tmp/pgpass
export PGPASSFILE=/tmp/pgpass PGCONNECT_TIMEOUT=10
# A database that vanished is given up after 25 s, as the server gives it up.
psql() { command psql -d 'keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=25000' "$@"; }
fingerprint=/run/key/key_fingerprint
if [ -e "$fingerprint" ]; then
  PGOPTIONS="-c kotauth.key_fingerprint=$(cat "$fingerprint")"
  export PGOPTIONS
fi
psql -XqtA -v ON_ERROR_STOP=1 --single-transaction -o /dev/null -f /run/secrets/role.sql
