# shellcheck shell=busybox
# Takes each dump from the spool into the repository, forgets old ones, and checks the repository once a week.
# Arguments: `loop`, or `probe`, which fails where the last backup or check failed or a backup is overdue.
#
# For busybox's sh, which the official image of restic has.
set -u
umask 077
# shellcheck source=common.sh
. /run/config/common.sh
# shellcheck source=repository.sh
. /run/config/repository.sh

export RESTIC_CACHE_DIR="$spool/cache" TMPDIR="$spool/tmp"
week_seconds=604800
dump_tried=
# Tag of the backups of which old ones are still to be removed.
unforgotten=
# Number of the newest backup, empty until the repository was asked.
newest_number=
# The part of the data whose check failed, the seconds until it is read again, and the moment.
check_part='' check_after=0 check_at=0
# Not empty while the data are read.
checking=

# Puts the dump into the repository, which it makes at the first time. Arguments: tag, moment of the snapshot.
take() {
  cd "$spool/taking" || return
  [ -n "$newest_number" ] || { find_newest && newest_number=${newest_number:-0}; }
  code=$?
  if [ "$code" = 10 ] && [ ! -e "$state/repository" ]; then
    restic init && newest_number=0
    code=$?
  fi
  if [ "$code" = 0 ]; then
    backup "$@"
    code=$?
  fi
  cd /
  if [ "$code" != 0 ]; then
    newest_number=
    return "$code"
  fi
  newest_number=$((newest_number + 1))
  put "$state/repository" "$RESTIC_REPOSITORY"
  id=$(sed -n 's/.*"snapshot_id":"\([0-9a-f]\{8\}\).*/\1/p' "$said")
  bytes=$(sed -n 's/.*"total_bytes_processed":\([0-9]*\).*/\1/p' "$said")
  [ -n "$id" ] && [ -n "$bytes" ]
}

backup() {
  unlocked backup --json --host "$STACK" --tag "$1" --tag "number=$((newest_number + 1))" \
    --time "$(date -u -d "@$2" '+%Y-%m-%d %H:%M:%S')" .
}

# The value of a number or a plain text in the manifest. Argument: its name.
in_manifest() {
  sed -n "s/.*\"$1\":\"\\{0,1\\}\\([^,\"}]*\\).*/\\1/p" "$spool/taking/manifest.json" | head -n 1
}

# Notes a backup before it leaves the spool.
note() {
  put "$state/stored" "$(now)" &&
    put "$state/last" "{\"id\":\"$id\",\"request\":\"$request\",\"time\":$time,\"bytes\":$bytes,\"seconds\":$seconds}"
}

store() {
  began=$(now)
  tag=$(in_manifest tag) request=$(in_manifest request)
  dumping=$(in_manifest seconds) time=$(sed -n 's/.*"time" *: *\([0-9]*\).*/\1/p' "$spool/taking/manifest.json")
  if take "$tag" "$time"; then
    seconds=$((dumping + $(now) - began))
    # On a full disk, there is room once the dump is gone.
    note || { rm -rf "$spool/taking" && note; }
    rm -rf "$spool/taking" "$state/store-failed"
    retry_after=0
    say INFO "stored backup $id: $bytes bytes in $seconds s"
    unforgotten=$tag
    tidy
  else
    code=$?
    later
    fail store-failed "$request" "the backup is not stored, the next try is in $retry_after s: $(why "$code")"
  fi
}

# Removes old backups with a tag. Each of those that a command asked for counts, not only the newest of a day. The one
# that was made last stays: by a wrong time, it may be the oldest. restic compares times with that of the newest backup,
# so those that a command asked for also stay until as many backups were made as 90 days have times.
forget() {
  if [ "$1" = scheduled ]; then
    set -- "$1" --keep-daily "$KEEP_DAILY" --keep-weekly "$KEEP_WEEKLY" --keep-monthly "$KEEP_MONTHLY"
  else
    oldest=$((newest_number - 90 * $(echo "$SCHEDULE" | wc -w)))
    [ "$oldest" -gt 0 ] || oldest=1
    # shellcheck disable=SC2046 # several arguments
    set -- "$1" --keep-within 90d $(seq "$oldest" "$((newest_number - 1))" | sed 's/^/--keep-tag number=/')
  fi
  # For a command that waits.
  put "$state/busy" "the store removes old backups since $(iso "$(now)"), and then stores the backup"
  unlocked forget --host "$STACK" --group-by host --prune --keep-tag "number=$newest_number" --tag "$@"
  code=$?
  rm -f "$state/busy"
  return "$code"
}

tidy() {
  if forget "$unforgotten"; then
    rm -f "$state/store-failed"
    unforgotten='' retry_after=0
  else
    code=$?
    later
    fail store-failed "" "the backup is stored, but old ones could not be removed, the next try is in $retry_after s: $(why "$code")"
  fi
}

# Reads another eighth of the data each week. One that is damaged is read until it is intact, ever more seldom: another
# one's success would hide the damage, and each try is traffic. It takes hours, so it ends where a command waits for a
# backup, and begins again afterwards.
check() {
  part=${check_part:-$(($(now) / week_seconds % 8 + 1))} checking=yes
  unlocked check --read-data-subset "$part/8"
  code=$? checking=
  if [ "$code" = 0 ]; then
    put "$state/checked" "$(now)"
    rm -f "$state/check-failed" "$state/check-again"
    say INFO "the repository is intact"
    check_part='' check_after=0
  elif requested; then
    say INFO "the check of the repository begins again once the backup is stored that was requested"
  else
    case $check_after in
      0) check_after=900 ;;
      900) check_after=3600 ;;
      3600) check_after=21600 ;;
      *) check_after=86400 ;;
    esac
    check_part=$part check_at=$(($(now) + check_after))
    put "$state/check-again" "$check_part $check_after"
    fail check-failed "" "the check of the repository failed, the next try is at $(iso "$check_at"): $(why "$code")"
  fi
}

# Succeeds where a command waits for the store to take a dump.
requested() { grep -q '"request":"[^"]' "$spool"/ready-*/manifest.json 2>/dev/null; }

outranked() { [ -n "$checking" ] && requested; }

# Takes the newest dump for this container alone, in place of one that it could not store.
claim() {
  newest=
  for dump in "$spool"/ready-*; do
    [ -e "$dump/manifest.json" ] || continue
    [ -z "$newest" ] || rm -rf "$newest"
    newest=$dump
  done
  [ -z "$newest" ] || { rm -rf "$spool/taking" && mv "$newest" "$spool/taking"; }
}

look() {
  claim
  if [ -e "$spool/taking/manifest.json" ]; then
    # Another dump than the one that failed is tried at once.
    dump_now=$(cksum <"$spool/taking/manifest.json")
    [ "$dump_now" = "$dump_tried" ] || retry_after=0
    dump_tried=$dump_now
    waits "$retry_after" "$retry_at" || store
  elif [ -n "$unforgotten" ]; then
    waits "$retry_after" "$retry_at" || tidy
  elif [ "$(moment "$state/stored")" != 0 ] && [ $(($(now) - $(moment "$state/checked"))) -ge "$week_seconds" ]; then
    waits "$check_after" "$check_at" || check
  fi
}

leave() {
  if [ "$running" != 0 ]; then
    kill -TERM "$running" 2>/dev/null
    wait "$running"
  fi
  exit 0
}

case $1 in
  probe)
    starts || { [ ! -e "$state/store-failed" ] && [ ! -e "$state/check-failed" ] && punctual stored; }
    ;;
  loop)
    mkdir -p "$state" "$spool/cache" "$spool/tmp"
    rm -rf "$state/store-failed" "$state/busy" "${spool:?}/tmp/"*
    # A new repository gets a backup at once.
    if [ -e "$state/repository" ] && [ "$(cat "$state/repository")" != "$RESTIC_REPOSITORY" ]; then
      rm -rf "$state/repository" "$state/stored" "$state/checked" "$state/last" "$state/dumped" "${spool:?}/cache/"* \
        "$state/check-failed" "$state/check-again"
    fi
    # A restart is how an operator has the check repeated now.
    [ ! -e "$state/check-again" ] || read -r check_part check_after <"$state/check-again"
    put /tmp/started "$(now)"
    trap leave TERM INT
    while true; do
      look
      sleep 2 &
      wait $!
    done
    ;;
esac
