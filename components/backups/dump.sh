# shellcheck shell=bash
# Dumps the database at the scheduled times, and when asked, into the spool, from which the store takes the dump.
# Arguments: `loop`, or `probe`, which fails where the last dump failed or is overdue.
#
# A dump is complete or absent: it is made in the folder `new` and renamed to `ready-` with a number. The store takes
# the newest. A missed time is made up for at the next look. Each failure is tried again after a while.
set -uo pipefail
umask 077
# shellcheck source=common.sh
. /run/config/common.sh

# libpq wants a password file of its own form; /tmp is in memory.
export PGPASSFILE=/tmp/pgpass PGCONNECT_TIMEOUT=10
log=/tmp/errors
no_tables=9

# A database that vanished is given up after 25 s, as the server gives it up.
psql() {
  command psql -d 'keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=25000' \
    -XqtA -v ON_ERROR_STOP=1 -v "schema=$SCHEMA" "$@"
}

# Makes a dump. Arguments: tag, request.
dump() {
  local began sum bytes described number tables waiting
  began=$(now)
  rm -rf "$spool/new" && mkdir "$spool/new" || return
  printf '*:*:*:*:%s\n' "$(sed 's/[\\:]/\\&/g' /run/secrets/backup_password)" >"$PGPASSFILE" || return
  tables=$(psql -c "SELECT count(*) FROM pg_tables WHERE schemaname = '$SCHEMA'") || return
  [ "$tables" != 0 ] || return "$no_tables"
  described=$(psql -f /run/config/dump.sql) || return
  # Of two objects one.
  described=${described/$'}\n{'/, }
  # psql before version 16 doesn't know how pg_dump ended.
  [ -e "$spool/new/dumped" ] && rm "$spool/new/dumped" || return
  pg_restore --list "$spool/new/kotauth.dump" >/dev/null || return
  sum=$(sha256sum <"$spool/new/kotauth.dump") && bytes=$(stat -c %s "$spool/new/kotauth.dump") || return
  put "$spool/new/manifest.json" "{\"format\":1,\"stack\":\"$(escaped "$STACK")\",\"tag\":\"$1\",\"request\":\"$2\",\"image\":\"$(escaped "$SERVER_IMAGE")\",\"bytes\":$bytes,\"sha256\":\"${sum%% *}\",\"seconds\":$(($(now) - began)),\"database\":$described}" || return
  sync "$spool/new/kotauth.dump" "$spool/new/manifest.json" || return
  waiting=("$spool"/ready-*) number=${waiting[-1]##*-}
  [[ $number =~ ^[0-9]+$ ]] || number=1000000
  mv -T "$spool/new" "$spool/ready-$((number + 1))" && put "$state/dumped" "$(now)" || return
  say INFO "dumped the database: $bytes bytes"
}

# Removes dumps that a store which doesn't run has not taken, all but the newest.
remove_older() {
  local dumps=("$spool"/ready-*)
  unset 'dumps[-1]'
  [ ${#dumps[@]} = 0 ] || rm -rf "${dumps[@]}"
}

# Makes a dump and notes how it ended. Arguments: tag, request.
run() {
  local code=0
  remove_older
  dump "$1" "$2" 2>"$log" || code=$?
  if [ "$code" = 0 ]; then
    rm -f "$state/dump-failed"
    retry_after=0
    return
  fi
  rm -rf "$spool/new"
  if [ "$code" = "$no_tables" ]; then
    # Before the server's first start, and while a restore is under way.
    [ -z "$2" ] || fail dump-failed "$2" "the database has no table: the server has not started yet, or a restore is not complete"
    return
  fi
  later
  # What pg_dump says first is the cause; its later lines tell the query.
  fail dump-failed "$2" "the dump failed, the next try is in $retry_after s: $(grep -m 1 -iE 'error|fatal|no space' "$log" || head -n 1 "$log")"
}

look() {
  local tag request
  # A request that comes meanwhile must not be lost, and neither must this one where the container ends in the middle.
  if [ -e "$state/request" ] && [ ! -e "$state/asked" ]; then
    mv "$state/request" "$state/asked"
  fi
  if [ -e "$state/asked" ]; then
    read -r tag request <"$state/asked" || true
    run "${tag:-manual}" "${request:-}"
    rm -f "$state/asked"
  elif [ "$(moment "$state/dumped")" -lt "$(latest_scheduled)" ] && ! waits "$retry_after" "$retry_at"; then
    run scheduled ""
  fi
}

case $1 in
  probe)
    starts || { [ ! -e "$state/dump-failed" ] && punctual dumped; }
    ;;
  loop)
    mkdir -p "$state"
    rm -rf "$spool/new" "$state/dump-failed"
    put /tmp/started "$(now)"
    trap 'exit 0' TERM INT
    while true; do
      look
      sleep 2 &
      wait $!
    done
    ;;
esac
