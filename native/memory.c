// Giving back memory that the kernel can read again from its file.
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"
#include "lines.h"

// A mapping as /proc/self/smaps describes it.
struct mapping {
  uintptr_t start, end;
  bool droppable, stack;
};

// A private mapping of a file that cannot be written to: code and constants. Pages of a memfd or of a deleted file
// would come back as well, but there is nothing to win.
static bool read_header(const char *line, struct mapping *mapping) {
  char permissions[5];
  int path = 0;
  if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %n", &mapping->start, &mapping->end, permissions, &path) != 3) {
    return false;
  }
  mapping->stack = path > 0 && strcmp(line + path, "[stack]") == 0;
  mapping->droppable = path > 0 && line[path] == '/' && permissions[1] == '-' && permissions[3] == 'p';
  return true;
}

// What the deepest calls so far have left below the frames that are in use. A signal's frame lies above what is dropped, or
// is made after it. Of another thread's stack nobody knows where it ends: it may be one mapping with what is beside it.
static void drop_unused_stack(const struct mapping *mapping) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  if (!mapping->stack || here < mapping->start || here >= mapping->end) return;
  uintptr_t unused = (here & -page) - page;
  if (unused > mapping->start) madvise((void *)mapping->start, unused - mapping->start, MADV_DONTNEED);
}

// () -> KiB that were resident in what was given back, or a negative errno. Where a mapping that is read-only now was
// written to before (relocations), its own pages would be lost: such mappings have anonymous pages and are left alone.
static napi_value dropCleanPages(napi_env env, napi_callback_info info) {
  (void)info;
  static struct lines lines;
  if (!open_lines(&lines, "/proc/self/smaps")) return outcome(env, -1);
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
      if (read_header(line, &next)) {
        mapping = next;
        drop_unused_stack(&mapping);
      }
    }
  }
  close_lines(&lines);
  return number(env, dropped);
}

bool register_memory(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(dropCleanPages)};
  return REGISTER(env, exports, methods);
}
