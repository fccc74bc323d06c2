#!/bin/sh
# Options alone are Traefik's own.
case ${1-} in
  -*) set -- traefik "$@" ;;
esac
exec "$@"
