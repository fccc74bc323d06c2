# shellcheck shell=bash
# Refuses a start with a secret key that does not fit the database. The key must fit the fingerprint that role.sql stored
# before the first start, and the newest row of the audit log. With another key, Kotauth would start, stay healthy, and
# fail every login. The key never leaves this process: builtins only, and what is hashed is fed through pipes.
set -euo pipefail

secrets=/run/secrets
trim() { local text; text=$(<"$1"); text=${text#"${text%%[![:space:]]*}"}; printf '%s' "${text%"${text##*[![:space:]]}"}"; }
sha256() { sha256sum | { read -r hex _; printf '%s' "$hex"; }; }
ask() { psql -XAtqc "$1"; }
say() { echo "key guard: $*"; }
refuse() { say "the secret key (key id $our_id) does not fit this database: $*"; exit 1; }

# libpq wants a password file of its own form; /tmp is in memory and gone with this container.
umask 077
printf '*:*:*:*:%s\n' "$(trim "$secrets/database_password" | sed 's/[\\:]/\\&/g')" >/tmp/pgpass
export PGPASSFILE=/tmp/pgpass PGCONNECT_TIMEOUT=10
# A database that vanished is given up after 25 s, as the server gives it up.
psql() { command psql -d 'keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=25000' "$@"; }

key=$(trim "$secrets/secret_key")
our_fingerprint=$(printf 'kotauth-infra/key/v1|%s' "$key" | sha256)
our_fingerprint=${our_fingerprint:0:16}
inner=$(printf '%s|kauth/audit-log/v1' "$key" | sha256)
# shellcheck disable=SC2059 # the escapes are the bytes of the first hash
our_id=$(printf "$(printf '%s' "$inner" | sed 's/../\\x&/g')" | sha256)
our_id=${our_id:0:8}

found=$(ask "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                            WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')),
                    to_regclass('kotauth_infra.key_fingerprint') IS NOT NULL,
                    to_regclass('audit_log') IS NOT NULL,
                    EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('audit_log')
                            AND attname = 'chain_key_id' AND NOT attisdropped)")
IFS='|' read -r has_tables has_fingerprints has_log has_ids <<<"$found"
if [ "$has_tables" = f ]; then
  say "the database holds no table yet, nothing to compare"
  exit 0
fi

fingerprint="" id=""
if [ "$has_fingerprints" = t ]; then
  fingerprint=$(ask "SELECT fingerprint FROM kotauth_infra.key_fingerprint")
fi
if [ "$has_ids" = t ]; then
  id=$(ask "SELECT chain_key_id FROM audit_log WHERE chain_key_id IS NOT NULL ORDER BY id DESC LIMIT 1")
fi

consequence="Every login would fail, so the server is not started. Give back the old key; it can't be made again."
if [ -n "$id" ] && [ "$id" != "$our_id" ]; then
  refuse "its newest audit row was written with the key of id $id. $consequence"
elif [ -n "$fingerprint" ] && [ "$fingerprint" != "$our_fingerprint" ] && [ -n "$id" ]; then
  refuse "it wrote the newest audit row, but the fingerprint that was stored before the first start is another key's, so the server is not started. If the data were restored from a dump of another database, remove the fingerprint of the one before, as the database's administrator: DROP SCHEMA kotauth_infra CASCADE"
elif [ -n "$fingerprint" ] && [ "$fingerprint" != "$our_fingerprint" ]; then
  refuse "it is not the one whose fingerprint was stored before the first start. $consequence"
elif [ -n "$fingerprint$id" ]; then
  say "the secret key fits the database (${fingerprint:+fingerprint}${fingerprint:+${id:+, }}${id:+key id $id})"
  exit 0
fi

if [ "$has_log" = f ]; then
  seen="there is no audit log"
elif [ "$has_ids" = f ]; then
  seen="the audit log is older than key ids (Kotauth 1.19)"
elif [ "$(ask "SELECT EXISTS (SELECT FROM audit_log)")" = t ]; then
  seen="no row of the audit log has a key id (Kotauth 1.19 and newer write one)"
else
  seen="the audit log is empty"
fi
say "can't tell whether the secret key fits the database: no fingerprint of its key was stored before the first start, and $seen"
