# shellcheck shell=busybox
# Reads the repository for a command that an operator runs, and takes no lock. For busybox's sh.
# Arguments: `list`, which prints the backups of a stack as JSON and, where the spool is here, the state of the store;
# or `fetch`, the id of a backup or `latest`, and the command that lists them, which puts it into /restored/backup and
# prints its id and its manifest.
set -u
umask 077
# shellcheck source=common.sh
. /run/config/common.sh
# shellcheck source=repository.sh
. /run/config/repository.sh
export RESTIC_CACHE_DIR=/tmp/cache TMPDIR=/tmp

give_up() {
  echo "$1"
  exit 1
}

# Says why there is no repository: the spool of the stack knows whether there was one.
missing() {
  if [ -e "$state/repository" ]; then why 10; else echo "there is no repository at $RESTIC_REPOSITORY: the first backup makes it"; fi
}

case $1 in
  list)
    last=$(cat "$state/last" 2>/dev/null)
    restic snapshots --no-lock --json --host "$STACK"
    code=$?
    case $code in
      0) cat "$said" ;;
      10) if [ -d "$state" ] && [ ! -e "$state/repository" ]; then echo '[]'; else give_up "the backups can't be listed: $(missing)"; fi ;;
      *) give_up "the backups can't be listed: $(why "$code")" ;;
    esac
    [ ! -d "$state" ] || printf 'checked %s\n' "$(moment "$state/checked")"
    # Of a backup that was stored meanwhile, the list may know nothing.
    [ -z "$last" ] || [ "$last" != "$(cat "$state/last")" ] || printf 'last %s\n' "$last"
    for name in dump-failed store-failed check-failed; do
      [ ! -e "$state/$name" ] || printf '%s %s\n' "$name" "$(cat "$state/$name")"
    done
    ;;
  fetch)
    wanted=$2 code=0
    if [ "$wanted" = latest ]; then
      find_newest
      code=$? wanted=$newest_id
    fi
    if [ "$code" = 0 ]; then
      restic restore "$wanted" --no-lock --host "$STACK" --target /restored/backup
      code=$?
    fi
    case $code-$2-$(cat "$log") in
      0-*)
        # The next step runs as another user. Only the steps of a restore mount this volume.
        chmod 755 /restored/backup && chmod 444 /restored/backup/* && echo "$wanted" && cat /restored/backup/manifest.json
        ;;
      10-*) give_up "$(missing)" ;;
      *-latest-*"no snapshot found"*) give_up "stack $STACK has no backup yet" ;;
      *"no matching ID"* | *"no snapshot found"*) give_up "there is no backup $2 of stack $STACK: $3 lists them" ;;
      *) give_up "the backup $2 can't be read: $(why "$code")" ;;
    esac
    ;;
esac
