#!/bin/sh
# Generates src/proto/generated/messages.ts from proto/. Does nothing when it is up to date; --force generates anyway.
set -eu
cd "$(dirname "$0")/.."

target=scripts/proto-target.cjs
output=src/proto/generated/messages.ts

if [ "${1-}" != --force ] && [ -f "$output" ] &&
  [ -z "$(find proto "$target" scripts/generate-proto.sh -newer "$output" -print -quit)" ]; then
  exit 0
fi

mkdir -p "$(dirname "$output")"
# Written aside and moved: no one ever sees half of it, also when two runs meet.
part="$output.$$"
trap 'rm -f "$part"' EXIT
node_modules/.bin/pbjs -t "$target" -p proto -o "$part" proto/*.proto
mv "$part" "$output"
