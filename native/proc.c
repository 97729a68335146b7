// Files and folders in /proc, without an allocation.
#include "proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"
#include "kernel_entry.h"

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

size_t read_small(const char *path, char *text, size_t size) {
  size_t length = 0;
  int descriptor = RETRY(open(path, O_RDONLY | O_CLOEXEC));
  if (descriptor >= 0) {
    ssize_t count = RETRY(read(descriptor, text, size - 1));
    if (count > 0) length = (size_t)count;
    close(descriptor);
  }
  if (length > 0 && text[length - 1] == '\n') length--;
  text[length] = '\0';
  return length;
}

void each_number(const char *directory, void (*visit)(void *context, long number), void *context) {
  _Alignas(8) char entries[2048];
  int list = RETRY(open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (list < 0) return;
  for (;;) {
    long length = syscall(SYS_getdents64, list, entries, sizeof(entries));
    if (length <= 0) break;
    for (long at = 0; at < length;) {
      const struct kernel_entry *entry = (const void *)(entries + at);
      char *end;
      at += entry->length;
      long found = strtol(entry->name, &end, 10);
      if (end != entry->name && *end == '\0' && found != list) visit(context, found);
    }
  }
  close(list);
}

static size_t read_of_thread(pid_t thread, const char *name, char *text, size_t size) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/self/task/%d/%s", (int)thread, name);
  return read_small(path, text, size);
}

// "running", "-1 SP PC", or "NUMBER A B C D E F SP PC".
struct doing read_doing(pid_t thread) {
  struct doing doing = {.kind = DOING_UNKNOWN};
  char text[256];
  if (read_of_thread(thread, "syscall", text, sizeof(text)) == 0) return doing;
  if (strcmp(text, "running") == 0) {
    doing.kind = DOING_RUNS;
    return doing;
  }
  char *at = text;
  doing.call = strtol(at, &at, 10);
  if (at == text) return doing;
  doing.kind = doing.call < 0 ? DOING_FAULT : DOING_CALL;
  for (size_t index = 0; doing.kind == DOING_CALL && index < 6; index++) doing.arguments[index] = strtoul(at, &at, 16);
  doing.stack = strtoul(at, &at, 16);
  doing.instruction = strtoul(at, &at, 16);
  return doing;
}

bool sleeps_in_epoll(const struct doing *doing) {
  if (doing->kind != DOING_CALL) return false;
#ifdef SYS_epoll_wait
  if (doing->call == SYS_epoll_wait) return true;
#endif
  return doing->call == SYS_epoll_pwait || doing->call == SYS_epoll_pwait2;
}

// The state follows the name, which stands in brackets and may contain brackets.
bool is_stopped(pid_t thread) {
  char text[512];
  read_of_thread(thread, "stat", text, sizeof(text));
  const char *name_end = strrchr(text, ')');
  return name_end != NULL && (name_end[1] == ' ') && (name_end[2] == 'T' || name_end[2] == 't');
}

struct scheduled read_scheduled(pid_t thread) {
  char text[128];
  char *at = text;
  read_of_thread(thread, "schedstat", text, sizeof(text));
  int64_t running = strtoll(at, &at, 10);
  int64_t waiting = strtoll(at, &at, 10);
  return (struct scheduled){.running = running / 1000000, .waiting = waiting / 1000000};
}
