# shellcheck shell=busybox disable=SC2034 # Its variables are for the scripts that read it.
# How the repository is reached, for busybox's sh. Its address is in RESTIC_REPOSITORY, its secrets are files.

export RESTIC_PASSWORD_FILE=/run/secrets/repository_password
[ ! -e /run/secrets/s3_credentials ] || export AWS_SHARED_CREDENTIALS_FILE=/run/secrets/s3_credentials
log=/tmp/errors
said=/tmp/said
running=0

# Runs restic, which a signal to this container ends first, so that it removes its lock. Returns its exit code.
restic() {
  if [ -e /run/secrets/sftp_key ]; then
    set -- -o "sftp.args=-F none -i /run/secrets/sftp_key -o UserKnownHostsFile=/run/config/known_hosts -o StrictHostKeyChecking=yes -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=10" "$@"
  fi
  command restic --quiet "$@" >"$said" 2>"$log" &
  running=$!
  (give_up_retries "$running") >/dev/null 2>&1 &
  wait "$running"
  restic_code=$?
  running=0
  return "$restic_code"
}

# Runs restic, and once more where it only lacked the lock of a process that is dead, or silent for half an hour.
unlocked() {
  restic "$@" || {
    restic_code=$?
    [ "$restic_code" = 11 ] || return "$restic_code"
    restic unlock && restic "$@"
  }
}

# Finds the number of the backup that was made last, empty without one, and its id. Numbers are tags, and tell the order
# in which backups were made: their times don't, after a jump of the host's clock.
find_newest() {
  newest_id=latest
  restic snapshots --no-lock --json --host "$STACK" || return
  newest_number=$(grep -o '"number=[0-9]*"' "$said" | tr -dc '0-9\n' | sort -n | tail -n 1)
  [ -z "$newest_number" ] || newest_id=$(sed "s/.*\"number=$newest_number\"//" "$said" | grep -o '"short_id":"[0-9a-f]*"' | head -n 1 | cut -d '"' -f 4)
}

# Succeeds where something else is more urgent than what restic does; the store has a case.
outranked() { false; }

# Ends restic where it has tried the same request for a minute. By itself it tries for a quarter of an hour, in silence.
# The next try is this container's. Also ends it where it is outranked. Argument: restic's process. Ends with it.
give_up_retries() {
  in_vain=0
  # Not the sleep that a test replaces: it moves the clock.
  while /bin/sleep 5 && kill -0 "$1" 2>/dev/null; do
    case $(tail -n 1 "$log") in
      *"retrying after"*) in_vain=$((in_vain + 1)) ;;
      *) in_vain=0 ;;
    esac
    if [ "$in_vain" -ge 12 ] || outranked; then
      kill -TERM "$1"
      return
    fi
  done
}

# Says in one sentence why restic failed, by its exit code.
why() {
  case $1 in
    10) echo "the repository at $RESTIC_REPOSITORY is gone. If it was deleted on purpose, run make down STACK=$STACK and make up STACK=$STACK, which begin a new one" ;;
    11) echo "another process has locked the repository. If that process is dead, the lock counts for 30 minutes after its end: $(tail -n 1 "$log")" ;;
    12) echo "the repository at $RESTIC_REPOSITORY has another password than this stack's. Another stack made it: set backupRepository to a path of this stack's own" ;;
    137) echo "restic was killed, most likely because it needs more memory than this container may use" ;;
    *) grep -m 1 -iE 'fatal|error|refused|denied|no space' "$log" || tail -n 1 "$log" ;;
  esac
}
