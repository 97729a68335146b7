// The calls that a thread is in, as far as its stack tells.
#include "stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common.h"
#include "lines.h"

#define MOST_REGIONS 96
#define MOST_ADDRESSES 64
#define MOST_BYTES (256 * 1024)
#define CHUNK_WORDS 256

struct region {
  uintptr_t start, end;
  unsigned long offset;
  char name[96];
};

static struct region code[MOST_REGIONS];
static size_t code_count;
static uintptr_t stack_end;

// "START-END rwxp OFFSET DEVICE INODE   PATH"
static void read_region(char *line, uintptr_t stack) {
  char *at;
  uintptr_t start = strtoul(line, &at, 16);
  if (*at != '-') return;
  uintptr_t end = strtoul(at + 1, &at, 16);
  if (start <= stack && stack < end) stack_end = end;
  if (*at != ' ' || strlen(at) < 6 || at[1] != 'r' || at[3] != 'x' || code_count == MOST_REGIONS) return;
  struct region *region = &code[code_count++];
  *region = (struct region){.start = start, .end = end, .offset = strtoul(at + 6, &at, 16)};
  const char *path = strpbrk(at, "/[");
  if (path == NULL) return;
  const char *slash = strrchr(path, '/');
  snprintf(region->name, sizeof(region->name), "%s", slash == NULL ? path : slash + 1);
}

// Where code is, and where the stack ends. Mappings of long ago do no harm: whatever is read is read with care.
static void read_regions(uintptr_t stack) {
  static struct lines lines;
  char line[512];
  code_count = 0;
  stack_end = 0;
  if (!open_lines(&lines, "/proc/self/maps")) return;
  while (next_line(&lines, line, sizeof(line))) read_region(line, stack);
  close_lines(&lines);
}

static const struct region *region_of(uintptr_t address) {
  for (size_t index = 0; index < code_count; index++) {
    if (code[index].start <= address && address < code[index].end) return &code[index];
  }
  return NULL;
}

// Reads our own memory where it may not be there: an error instead of SIGSEGV.
static bool peek(uintptr_t address, void *into, size_t length) {
  struct iovec local = {.iov_base = into, .iov_len = length};
  struct iovec remote = {.iov_base = (void *)address, .iov_len = length};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)length;
}

// Is there a call instruction right before the address?
static bool follows_call(uintptr_t address) {
#if defined(__x86_64__)
  uint8_t before[7];
  if (!peek(address - sizeof(before), before, sizeof(before))) return false;
  // call REL32, or call through a register or through memory: FF /2 with up to six bytes in all.
  if (before[2] == 0xE8) return true;
  for (size_t length = 2; length <= 7; length++) {
    const uint8_t *at = before + sizeof(before) - length;
    if (at[0] == 0xFF && (at[1] & 0x38) == 0x10) return true;
  }
  return false;
#elif defined(__aarch64__)
  uint32_t before;
  if (address % 4 != 0 || !peek(address - 4, &before, sizeof(before))) return false;
  // BL, or BLR.
  return (before & 0xFC000000) == 0x94000000 || (before & 0xFFFFFC1F) == 0xD63F0000;
#else
  (void)address;
  return true;
#endif
}

static void put_in_region(struct output *output, const struct region *region, uintptr_t address) {
  if (region == NULL || region->name[0] == '\0') {
    put(output, "0x%lx (%s)\n", (unsigned long)address, region == NULL ? "no code" : "code made at run time");
  } else {
    put_bytes(output, region->name, strlen(region->name));
    put(output, "+0x%lx\n", (unsigned long)(address - region->start + region->offset));
  }
}

static void put_return_addresses(struct output *output, uintptr_t stack) {
  uintptr_t words[CHUNK_WORDS];
  uintptr_t at = stack & ~(sizeof(uintptr_t) - 1);
  uintptr_t end = stack_end > at && stack_end - at > MOST_BYTES ? at + MOST_BYTES : stack_end;
  int found = 0;
  while (at < end && found < MOST_ADDRESSES) {
    size_t count = (end - at) / sizeof(uintptr_t);
    if (count > CHUNK_WORDS) count = CHUNK_WORDS;
    if (count == 0 || !peek(at, words, count * sizeof(uintptr_t))) break;
    for (size_t index = 0; index < count && found < MOST_ADDRESSES; index++) {
      const struct region *region = region_of(words[index]);
      if (region == NULL || !follows_call(words[index])) continue;
      put(output, "  #%d ", found++);
      put_in_region(output, region, words[index]);
    }
    at += count * sizeof(uintptr_t);
  }
  if (found == 0) put(output, "  none found\n");
}

void put_stack(struct output *output, uintptr_t instruction, uintptr_t stack) {
  read_regions(stack);
  put(output, "at ");
  put_in_region(output, region_of(instruction), instruction);
  put(output, "return addresses on its stack, the innermost first (file and offset in it):\n");
  put_return_addresses(output, stack);
}
