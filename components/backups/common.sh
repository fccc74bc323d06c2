# shellcheck shell=busybox disable=SC2034 # Its variables are for the scripts that read it.
# Functions of the two backup containers, for bash and for busybox's sh. Times are seconds since 1970, in UTC.

spool=/spool
state=$spool/state
# How long after its time a backup may be missing before a container counts as unhealthy.
overdue_seconds=7200

now() { date -u +%s; }
iso() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }

# Prints a text as JSON has it within quotation marks.
escaped() { printf '%s' "$1" | tr '\n\r\t' '   ' | tr -d '\000-\037' | sed 's/[\\"]/\\&/g'; }

# Prints a line in the form of Kotauth's log. Arguments: level, message.
say() {
  printf '{"@timestamp":"%s","level":"%s","logger_name":"backup","message":"%s"}\n' "$(iso "$(now)")" "$1" "$(escaped "$2")"
}

# Writes a file whole or not at all. Arguments: path, content.
put() {
  printf '%s\n' "$2" >"$1.incoming" && mv -f "$1.incoming" "$1"
}

# Prints a number from a file; 0 where there is none, and where it lies in the future, because the clock jumped back.
moment() {
  read -r moment_read <"$1" 2>/dev/null || moment_read=0
  case $moment_read in
    '' | *[!0-9]*) moment_read=0 ;;
  esac
  [ "$moment_read" -le $(($(now) + 300)) ] || moment_read=0
  echo "$moment_read"
}

# Prints the latest time at or before now for which a backup is scheduled. SCHEDULE has times of day such as "03:30".
latest_scheduled() {
  scheduled_now=$(now)
  scheduled_latest=0
  for scheduled_time in $SCHEDULE; do
    scheduled_hour=${scheduled_time%:*} scheduled_minute=${scheduled_time#*:}
    # Without the leading zero, which would make it octal.
    scheduled=$((scheduled_now / 86400 * 86400 + ${scheduled_hour#0} * 3600 + ${scheduled_minute#0} * 60))
    [ "$scheduled" -le "$scheduled_now" ] || scheduled=$((scheduled - 86400))
    [ "$scheduled" -le "$scheduled_latest" ] || scheduled_latest=$scheduled
  done
  echo "$scheduled_latest"
}

# Notes a failure, which the probe and `make backups` see. Arguments: file's name in the state, request, message.
fail() {
  say ERROR "$3"
  # A full disk still has room for an empty file.
  put "$state/$1" "{\"time\":$(now),\"request\":\"$2\",\"message\":\"$(escaped "$3")\"}" || : >"$state/$1"
}

# Succeeds in the first moments after a start, whatever fails: an `up` waits for the first success of the probe.
starts() {
  [ $(($(now) - $(moment /tmp/started))) -lt 15 ]
}

# Fails where a moment in a file of the state is before the latest scheduled time, for too long and since long enough
# after this container's start. Argument: the file's name.
punctual() {
  [ "$(moment "$state/$1")" -lt "$(latest_scheduled)" ] || return 0
  punctual_since=$(latest_scheduled)
  punctual_started=$(moment /tmp/started)
  [ "$punctual_started" -le "$punctual_since" ] || punctual_since=$punctual_started
  [ $(($(now) - punctual_since)) -lt $overdue_seconds ]
}

# When what failed is tried again: seconds after the failure, and the moment.
retry_after=0 retry_at=0

# Puts the next try off: a minute, then twice as long each time, at most a quarter of an hour.
later() {
  retry_after=$((retry_after == 0 ? 60 : retry_after * 2))
  [ "$retry_after" -le 900 ] || retry_after=900
  retry_at=$(($(now) + retry_after))
}

# Succeeds before the next try of what failed. A clock that jumped back must not put it off.
# Arguments: seconds after the failure, and the moment.
waits() {
  [ "$1" != 0 ] && [ "$(now)" -lt "$2" ] && [ "$2" -le $(($(now) + $1)) ]
}
