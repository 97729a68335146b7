// On which cores the generator and a shim run.
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

static cpu_set_t allowed;

static void bind_all_threads(pid_t pid, const cpu_set_t *cores) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  DIR *threads = opendir(path);
  if (threads == NULL) fail(path);
  for (struct dirent *entry = readdir(threads); entry != NULL; entry = readdir(threads)) {
    pid_t thread = atoi(entry->d_name);
    if (thread > 0 && sched_setaffinity(thread, sizeof *cores, cores) < 0 && errno != ESRCH) fail("sched_setaffinity");
  }
  closedir(threads);
}

// One of the cores that are allowed, counted from 0.
static cpu_set_t allowed_core(int wanted) {
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int core = 0; core < CPU_SETSIZE; core++) {
    if (!CPU_ISSET(core, &allowed) || wanted-- > 0) continue;
    CPU_SET(core, &one);
    return one;
  }
  errno = ENODEV;
  fail("another core");
}

void place(const char *word, pid_t server) {
  if (sched_getaffinity(server, sizeof allowed, &allowed) < 0) fail("sched_getaffinity");
  if (strcmp(word, "anywhere") == 0) return;
  bool apart = strcmp(word, "apart") == 0;
  if (!apart && strcmp(word, "together") != 0) {
    errno = EINVAL;
    fail(word);
  }
  cpu_set_t first = allowed_core(0), other = allowed_core(apart ? 1 : 0);
  // A thread that one of them has just started may not have been listed.
  for (int times = 0; times < 2; times++) bind_all_threads(server, &first);
  bind_all_threads(getpid(), &other);
}

void release(pid_t server) {
  for (int times = 0; times < 2; times++) bind_all_threads(server, &allowed);
}
