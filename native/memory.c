// Giving back memory that the kernel can read again from its file.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

// A mapping as /proc/self/smaps describes it.
struct mapping {
  uintptr_t start, end;
  bool droppable;
};

// Lines of smaps end with the path of a file, which can be as long as PATH_MAX: the rest of a longer line is skipped.
struct lines {
  int descriptor;
  size_t filled, at;
  char buffer[16384];
};

static bool next_line(struct lines *lines, char *line, size_t size) {
  size_t length = 0;
  for (;;) {
    if (lines->at == lines->filled) {
      ssize_t count = RETRY(read(lines->descriptor, lines->buffer, sizeof(lines->buffer)));
      if (count <= 0) return false;
      lines->filled = (size_t)count;
      lines->at = 0;
    }
    char byte = lines->buffer[lines->at++];
    if (byte == '\n') break;
    if (length + 1 < size) line[length++] = byte;
  }
  line[length] = '\0';
  return true;
}

// A private mapping of a file that cannot be written to: code and constants. Pages of a memfd or of a deleted file
// would come back as well, but there is nothing to win.
static bool read_header(const char *line, struct mapping *mapping) {
  char permissions[5];
  int path = 0;
  if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %n", &mapping->start, &mapping->end, permissions, &path) != 3) {
    return false;
  }
  mapping->droppable = path > 0 && line[path] == '/' && permissions[1] == '-' && permissions[3] == 'p';
  return true;
}

// () -> KiB that were resident in what was given back, or a negative errno. Where a mapping that is read-only now was
// written to before (relocations), its own pages would be lost: such mappings have anonymous pages and are left alone.
static napi_value dropCleanPages(napi_env env, napi_callback_info info) {
  (void)info;
  static struct lines lines;
  lines = (struct lines){.descriptor = RETRY(open("/proc/self/smaps", O_RDONLY | O_CLOEXEC))};
  if (lines.descriptor < 0) return outcome(env, -1);
  char line[256];
  struct mapping mapping = {0};
  int64_t dropped = 0;
  long resident = 0;
  while (next_line(&lines, line, sizeof(line))) {
    long value;
    if (sscanf(line, "Rss: %ld", &value) == 1) {
      resident = value;
    } else if (sscanf(line, "Anonymous: %ld", &value) == 1) {
      // Another thread may map over it in between; it would have to be at the same place within microseconds, and
      // nothing of ours unmaps code.
      if (mapping.droppable && value == 0 && resident > 0 &&
          madvise((void *)mapping.start, mapping.end - mapping.start, MADV_DONTNEED) == 0) {
        dropped += resident;
      }
      mapping.droppable = false;
    } else {
      struct mapping next;
      if (read_header(line, &next)) mapping = next;
    }
  }
  close(lines.descriptor);
  return number(env, dropped);
}

bool register_memory(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(dropCleanPages)};
  return REGISTER(env, exports, methods);
}
