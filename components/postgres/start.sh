# shellcheck shell=bash
# Starts PostgreSQL on its volume, and makes the cluster and the database on the first start.
# The image's own entrypoint is not used: it wants to begin as root and leaves the administrator's password in the
# environment of the server process.
set -eu

data=/var/lib/postgresql/data/cluster

if [ ! -s "$data/PG_VERSION" ]; then
  # Made aside and moved: a first start that is cut off must not leave half a cluster that looks like a whole one.
  rm -rf "$data.new"
  initdb --pgdata="$data.new" --username="$ADMINISTRATOR" --pwfile=/run/secrets/administrator_password \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --data-checksums
  echo "host all all all scram-sha-256" >>"$data.new/pg_hba.conf"
  echo "CREATE DATABASE \"$DATABASE\"" | postgres --single -D "$data.new" postgres >/dev/null
  mv "$data.new" "$data"
fi

cluster=$(cat "$data/PG_VERSION")
server=$(postgres --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
if [ "$cluster" != "$server" ]; then
  echo "the data on this volume was made by PostgreSQL $cluster, the image holds $server: a major version needs dump and restore" >&2
  exit 1
fi

exec postgres -D "$data" "$@"
