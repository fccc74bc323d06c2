# shellcheck shell=sh
# Asks the dump container for a backup and waits until it is stored. Arguments: tag, and a number that no other request has.
# Prints why it waits, if it does, and at last what the store noted, or the failure. Ends with 1 if it can't ask, and with
# 2 if the backup failed.
set -u
state=/spool/state
full="the disk of the Docker host is full: free space, then try again"
# A failure without words, from a full disk, can't be told from one of this request.
for failed in "$state/dump-failed" "$state/store-failed"; do
  [ -s "$failed" ] || rm -f "$failed"
done
# A request is there whole or not at all, and one that the dump has not seen yet stays.
echo "$1 $2" 2>/dev/null >"$state/request.$2" || { rm -f "$state/request.$2" && echo "$full" && exit 1; }
ln "$state/request.$2" "$state/request" 2>/dev/null
refused=$?
rm -f "$state/request.$2"
if [ "$refused" != 0 ]; then
  echo "another backup was requested a moment ago: wait for it, then try again"
  exit 1
fi
waited=0 told=
began=$(date -u +%s) before=$(cat "$state/last" 2>/dev/null)
while sleep 1; do
  for failed in "$state/dump-failed" "$state/store-failed"; do
    if [ -e "$failed" ] && [ ! -s "$failed" ]; then
      echo "$full"
      exit 1
    fi
    if grep -q "\"request\":\"$2\"" "$failed" 2>/dev/null; then
      cat "$failed"
      exit 2
    fi
  done
  # Or a newer dump took the place of this one before it was stored. One of the same second may be older than the request,
  # and the one that was there before may have a time in the future.
  last=$(cat "$state/last" 2>/dev/null)
  made=$(printf '%s' "$last" | sed -n 's/.*"time":\([0-9]*\).*/\1/p')
  if [ "$last" != "$before" ] && { [ "${made:-0}" -gt "$began" ] || echo "$last" | grep -q "\"request\":\"$2\""; }; then
    echo "$last"
    exit 0
  fi
  waited=$((waited + 1))
  waits=$(cat "$state/busy" 2>/dev/null)
  [ ! -e "$state/request" ] || waits="another backup is being dumped, and this one follows it"
  if [ "$waited" -gt 5 ] && [ -n "$waits" ] && [ "$waits" != "$told" ]; then
    told=$waits
    echo "waiting: $told"
  fi
done
