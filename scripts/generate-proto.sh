#!/bin/sh
# Generates src/proto/generated/ from proto/. Does nothing when it is up to date; --force generates anyway.
set -eu
cd "$(dirname "$0")/.."

target=scripts/proto-target.cjs
directory=src/proto/generated
newest=$directory/introspection.ts

if [ "${1-}" != --force ] && [ -f "$newest" ] && [ -f "$directory/messages.ts" ] &&
  [ -z "$(find proto "$target" scripts/generate-proto.sh -newer "$newest" -print -quit)" ]; then
  exit 0
fi

mkdir -p "$directory"
part="$directory/$$.part"
trap 'rm -f "$part"' EXIT

# Written aside and moved: no one ever sees half of it, also when two runs meet.
generate() {
  output=$directory/$1
  shift
  node_modules/.bin/pbjs -t "$target" -p proto -o "$part" "$@"
  mv "$part" "$output"
}

# The server loads the messages of the daemon's services at once, and its own only when somebody asks.
set --
for file in proto/*.proto; do
  [ "$file" = proto/podshim_debug.proto ] || set -- "$@" "$file"
done
generate messages.ts "$@"
generate introspection.ts proto/podshim_debug.proto
