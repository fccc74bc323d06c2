# shellcheck shell=bash
# Steps of a restore, in an image of PostgreSQL. The database's password is a secret file, the dump is in
# /restored/backup. Arguments: the steps, one after the other: `verify` with the bytes and the SHA-256 of the manifest,
# `look`, `key`, `empty`, or `restore`. The last line of a step that fails says which and why.
set -euo pipefail
umask 077

secrets=/run/secrets
dump=/restored/backup/kotauth.dump
trim() { local text; text=$(<"$1"); text=${text#"${text%%[![:space:]]*}"}; printf '%s' "${text%"${text##*[![:space:]]}"}"; }
sha256() { sha256sum | { read -r hex _; printf '%s' "$hex"; }; }
give_up() { echo "$*"; exit 1; }
errors=/tmp/errors
# What a tool says first is the cause; its later lines tell the query.
why() { grep -m 1 -iE 'error|fatal|no space' "$errors" || head -n 1 "$errors"; }

export PGPASSFILE=/tmp/pgpass PGCONNECT_TIMEOUT=10
[ ! -e "$secrets/database_password" ] || printf '*:*:*:*:%s\n' "$(trim "$secrets/database_password" | sed 's/[\\:]/\\&/g')" >"$PGPASSFILE"
# A database that vanished is given up after 25 s, as the server gives it up.
connection='keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=25000'
ask() { psql -d "$connection" -XqtA -v ON_ERROR_STOP=1 -v "schema=$SCHEMA" "$@"; }

while [ $# != 0 ]; do
  case $1 in
    verify)
      # What has the checksum is the dump that pg_dump made and pg_restore could list.
      bytes=$(stat -c %s "$dump")
      [ "$bytes" = "$2" ] || give_up "the backup is damaged: the dump has $bytes bytes, and its manifest says $2: it is truncated or changed"
      [ "$(sha256 <"$dump")" = "$3" ] || give_up "the backup is damaged: the dump does not have the checksum of its manifest: it was changed"
      shift 2
      ;;
    look) ask -f /run/config/look.sql 2>"$errors" || give_up "the database can't be read: $(why)" ;;
    key)
      key=$(trim "$secrets/secret_key")
      fingerprint=$(printf 'kotauth-infra/key/v1|%s' "$key" | sha256)
      inner=$(printf '%s|kauth/audit-log/v1' "$key" | sha256)
      # shellcheck disable=SC2059 # the escapes are the bytes of the first hash
      id=$(printf "$(printf '%s' "$inner" | sed 's/../\\x&/g')" | sha256)
      echo "${fingerprint:0:16} ${id:0:8}"
      ;;
    empty) ask -f /run/config/empty.sql 2>"$errors" || give_up "the schema can't be emptied: $(why)" ;;
    restore)
      # All or nothing: a restore that is interrupted leaves an empty schema.
      pg_restore --dbname="$connection" --single-transaction --exit-on-error --schema="$SCHEMA" --no-owner "$dump" \
        2>"$errors" || give_up "the restore failed, and the schema is empty: $(why)"
      ;;
  esac
  shift
done
