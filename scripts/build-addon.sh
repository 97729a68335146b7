#!/bin/sh
# Builds native/ into dist/podshim.node. CC and CFLAGS add to what is fixed here; ADDON names another output file.
set -eu
cd "$(dirname "$0")/.."
output=${ADDON:-dist/podshim.node}
mkdir -p "$(dirname "$output")"
# Beside the old file first: a process that has it loaded keeps its copy.
# shellcheck disable=SC2086
${CC:-cc} -std=gnu11 -O2 -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wundef -Wvla -Wnull-dereference \
  -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Werror -fvisibility=hidden -shared -fPIC \
  -D_GNU_SOURCE -DNAPI_VERSION=8 -isystem node_modules/node-api-headers/include \
  -Wl,-z,relro,-z,now,-z,nodelete -Wl,--as-needed ${CFLAGS:-} -o "$output.new" native/*.c
[ -n "${CFLAGS:-}" ] || strip --strip-unneeded "$output.new"
# The oldest C library it has to load with (native/compatible.h).
if command -v objdump >/dev/null; then
  newest=$(objdump -T "$output.new" | grep -o "GLIBC_[0-9.]*" | sort -V | tail -n 1)
  if [ "$(printf "%s\n" "$newest" GLIBC_2.28 | sort -V | tail -n 1)" != GLIBC_2.28 ]; then
    echo "build-addon.sh: $output needs $newest" >&2
    exit 1
  fi
fi
mv -f "$output.new" "$output"
