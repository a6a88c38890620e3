#!/bin/sh
# A client of a fleet in curl and sh: asks what this host is to have, keeps the last answer when nobody answers, and runs
# a command when it has changed.
#
#   SLUICE_URL    http://127.0.0.1:7811
#   SLUICE_TOKEN  a token with the role viewer, where tokens are used
#   SLUICE_HOST   the name of this host; `hostname` when it is not set
#   SLUICE_ROLE   what it is for
#   SLUICE_FLEET  its fleet
#   SLUICE_STATE  where the last answer is kept: desired.json and its ETag
#   SLUICE_EVERY  seconds between two questions; 0 = ask once and end
#   SLUICE_ACTUAL a command that prints what the host has, as name=value, name=value
#
# usage: pull.sh [command [argument...]]     the command gets the file with the answer as its last argument
set -u

url=${SLUICE_URL:-http://127.0.0.1:7811}
host=${SLUICE_HOST:-$(hostname)}
role=${SLUICE_ROLE:-default}
fleet=${SLUICE_FLEET:-default}
state=${SLUICE_STATE:-./sluice-state}
every=${SLUICE_EVERY:-60}

mkdir -p "$state" || exit 1
umask 077

ask() {
  set -- --silent --show-error --max-time 20 --get \
    --data-urlencode "fleet=$fleet" --data-urlencode "role=$role" \
    --dump-header "$state/headers" --output "$state/answer" --write-out '%{http_code}'
  [ -s "$state/etag" ] && set -- "$@" --header "If-None-Match: $(cat "$state/etag")"
  if [ -n "${SLUICE_TOKEN:-}" ]; then
    # In a file: the command line of a process can be read by everybody on the host.
    printf 'header = "Authorization: Bearer %s"\n' "$SLUICE_TOKEN" > "$state/curlrc"
    set -- "$@" --config "$state/curlrc"
  fi
  if [ -n "${SLUICE_ACTUAL:-}" ]; then
    actual=$(sh -c "$SLUICE_ACTUAL") && set -- "$@" --header "X-Sluice-Actual: $actual"
  fi
  curl "$@" "$url/v1/desired-state/$host"
}

once() {
  status=$(ask "$@") || status=000
  case $status in
    200)
      # Written whole or not at all: whoever reads desired.json never sees half of it.
      mv "$state/answer" "$state/desired.json"
      tr -d '\r' < "$state/headers" | sed -n 's/^[Ee][Tt][Aa][Gg]: //p' > "$state/etag.new"
      if [ $# -gt 0 ] && ! "$@" "$state/desired.json"; then
        # Not done: the next answer is taken as new again.
        rm -f "$state/etag" "$state/etag.new"
        echo "the command failed: it is tried again" >&2
        return 1
      fi
      mv "$state/etag.new" "$state/etag"
      ;;
    304) ;;
    *) echo "no answer ($status): what was last wanted still holds" >&2 ; return 1 ;;
  esac
}

while :; do
  once "$@"
  result=$?
  [ "$every" -eq 0 ] && exit "$result"
  sleep "$every"
done
