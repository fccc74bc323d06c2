# shellcheck shell=sh
# Has a running container take new files, then makes them the ones that its next start reads.
# Arguments: the container's control socket and the command that reloads; or "-" and a command that checks the files.
set -eu

socket=$1
shift

if [ "$socket" = - ]; then
  "$@" 2>&1
elif [ -S "$socket" ]; then
  # A socket without a listener is left from a container that is gone: the next one reads the new files anyway.
  said=$("$@" 2>&1) || case $said in
    *"connection refused"*) ;;
    *)
      printf '%s\n' "$said"
      exit 1
      ;;
  esac
fi

for folder in /run/config /run/secrets; do
  for new in "$folder"/next/*; do
    [ -f "$new" ] || continue
    cp -f "$new" "$folder/.incoming"
    mv -f "$folder/.incoming" "$folder/${new##*/}"
  done
done
