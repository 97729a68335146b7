#!/bin/sh
# Generates src/proto/generated/ from proto/ and protobufjs. Does nothing when it is up to date; --force generates anyway.
set -eu
cd "$(dirname "$0")/.."

target=scripts/proto-target.cjs
runtime=scripts/protobuf-runtime.mjs
directory=src/proto/generated
# Moved into place after all others.
newest=$directory/protobufWriter.ts

if [ "${1-}" != --force ] && [ -f "$newest" ] &&
  [ -z "$(find proto "$target" "$runtime" scripts/generate-proto.sh -newer "$newest" -print -quit)" ]; then
  exit 0
fi

# Written aside and moved: no one ever sees half of it, also when two runs meet.
mkdir -p "$directory"
part=$directory/part.$$
mkdir "$part"
trap 'rm -rf "$part"' EXIT

node_modules/.bin/pbjs -t "$target" -p proto -o "$part/all" proto/*.proto
awk -v "directory=$part" '/^\/\/ file: / { if (file) close(file); file = directory "/" $3; next } { print > file }' "$part/all"
rm "$part/all"
node "$runtime" "$part"

for file in "$directory"/*.ts; do
  [ -e "$part/${file##*/}" ] || rm -f "$file"
done
for file in "$part"/*.ts; do
  [ "${file##*/}" = "${newest##*/}" ] || mv "$file" "$directory/"
done
mv "$part/${newest##*/}" "$newest"
