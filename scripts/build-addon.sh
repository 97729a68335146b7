#!/bin/sh
# Builds native/ into dist/podshim.node. CC and CFLAGS add to what is fixed here; ADDON names another output file.
set -eu
cd "$(dirname "$0")/.."
output=${ADDON:-dist/podshim.node}
mkdir -p "$(dirname "$output")"
# Beside the old file first: a process that has it loaded keeps its copy.
# shellcheck disable=SC2086
${CC:-cc} -std=gnu11 -O2 -Wall -Wextra -Werror -fvisibility=hidden -shared -fPIC \
  -D_GNU_SOURCE -DNAPI_VERSION=8 -isystem node_modules/node-api-headers/include \
  -Wl,-z,relro,-z,now,-z,nodelete -Wl,--as-needed ${CFLAGS:-} -o "$output.new" native/*.c
[ -n "${CFLAGS:-}" ] || strip --strip-unneeded "$output.new"
mv -f "$output.new" "$output"
