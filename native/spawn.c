// Starts a program: clone(CLONE_VM | CLONE_VFORK), so that no page table is copied, and exec.
//
// Between clone and exec the child runs in our memory on a stack of its own while the calling thread waits. It makes
// plain system calls only: no allocation, no locks, and no signal handler of the JavaScript runtime can run in it,
// because every signal stays blocked until every disposition is back at its default.
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"
#include "kernel_entry.h"
#include "recent.h"

#define STACK_SIZE 65536
#define MOST_DESCRIPTORS 64
#define LAST_SIGNAL 64

// On a function of the child: its frames end with exec and are never unwound, which address checking takes for misuse.
#define IN_CHILD __attribute__((no_sanitize("address")))

enum { KILL_WITH_PARENT = 1, NEW_PROCESS_GROUP = 2, OPEN_FILES = 4 };

// Whether this process has turned huge pages off for itself.
static bool huge_pages_off;

static napi_value disableHugePages(napi_env env, napi_callback_info info) {
  (void)info;
  int before = prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0);
  if (before != 0) return outcome(env, before < 0 ? -1 : 0);
  int result = prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  huge_pages_off = result == 0;
  return outcome(env, result);
}

// Added to the errno in the answer when it was chdir that failed.
#define FAILED_DIRECTORY 10000

struct request {
  const char *path;
  char **argv;
  char **environment;
  const char *directory;
  const int32_t *descriptors;
  size_t count;
  int flags;
  struct rlimit open_files;
  pid_t parent;
  // Written by the child, read by the parent: the memory is the same.
  int failure;
};

// The kernel's own layout: glibc's sigset_t hides the two signals it keeps for itself.
typedef uint64_t kernel_signals;

static void set_mask(const kernel_signals *wanted, kernel_signals *previous) {
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, wanted, previous, sizeof(kernel_signals));
}

IN_CHILD static void default_dispositions(void) {
  struct {
    void *handler;
    unsigned long flags;
    void *restorer;
    kernel_signals mask;
  } action = {.handler = SIG_DFL};
  for (int signal = 1; signal <= LAST_SIGNAL; signal++) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    syscall(SYS_rt_sigaction, signal, &action, NULL, sizeof(kernel_signals));
  }
}

// Before Linux 5.9. Reads the list into the stack; entries are removed while it is read, so repeat until it is clean.
IN_CHILD static void close_listed(unsigned first) {
  int list = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (list < 0) return;
  _Alignas(8) char entries[4096];
  for (bool found = true; found;) {
    found = false;
    lseek(list, 0, SEEK_SET);
    for (;;) {
      long length = syscall(SYS_getdents64, list, entries, sizeof(entries));
      if (length <= 0) break;
      for (long at = 0; at < length;) {
        const struct kernel_entry *entry = (const void *)(entries + at);
        at += entry->length;
        unsigned descriptor = 0;
        const char *digit = entry->name;
        while (*digit >= '0' && *digit <= '9') descriptor = descriptor * 10 + (unsigned)(*digit++ - '0');
        if (digit == entry->name || descriptor < first || (int)descriptor == list) continue;
        if (close((int)descriptor) == 0) found = true;
      }
    }
  }
  close(list);
}

// Everything is first copied above the targets, because a target may be the source of another one.
IN_CHILD static bool arrange_descriptors(const struct request *request) {
  int lifted[MOST_DESCRIPTORS];
  int count = (int)request->count;
  for (int target = 0; target < count; target++) {
    int source = request->descriptors[target];
    if (source < 0) {
      int null = open("/dev/null", O_RDWR | O_CLOEXEC);
      if (null < 0) return false;
      lifted[target] = null >= count ? null : fcntl(null, F_DUPFD_CLOEXEC, count);
      if (null < count) close(null);
    } else {
      lifted[target] = fcntl(source, F_DUPFD_CLOEXEC, count);
    }
    if (lifted[target] < 0) return false;
  }
  for (int target = 0; target < count; target++) {
    if (dup3(lifted[target], target, 0) < 0) return false;
  }
  if (syscall(SYS_close_range, (unsigned)count, ~0U, 0) < 0) close_listed((unsigned)count);
  return true;
}

static int fail(struct request *request, int failure) {
  request->failure = failure;
  _exit(127);
}

IN_CHILD static int child(void *argument) {
  struct request *request = argument;
  default_dispositions();
  if ((request->flags & NEW_PROCESS_GROUP) && setpgid(0, 0) < 0) return fail(request, errno);
  if (!arrange_descriptors(request)) return fail(request, errno);
  if (request->directory != NULL && chdir(request->directory) < 0) return fail(request, errno + FAILED_DIRECTORY);
  if ((request->flags & OPEN_FILES) && prlimit(0, RLIMIT_NOFILE, &request->open_files, NULL) < 0) {
    return fail(request, errno);
  }
  if (request->flags & KILL_WITH_PARENT) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return fail(request, errno);
    // The parent may have died before the request took effect.
    if (getppid() != request->parent) _exit(127);
  }
  // It belongs to the memory, which is the parent's still, and exec hands it on. The parent takes it back.
  if (huge_pages_off) prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
  const kernel_signals none = 0;
  set_mask(&none, NULL);
  execve(request->path, request->argv, request->environment);
  return fail(request, errno);
}

// "a\0b\0" and the number of strings in it -> { "a", "b", NULL }; NULL when the number is another one.
static char **split(const struct text *block, size_t count) {
  char **strings = malloc((count + 1) * sizeof(char *));
  if (strings == NULL) return NULL;
  char *at = block->at;
  const char *end = block->at + block->length;
  for (size_t index = 0; index < count; index++) {
    char *stop = at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;
    if (stop == NULL) {
      free(strings);
      return NULL;
    }
    strings[index] = at;
    at = stop + 1;
  }
  strings[count] = NULL;
  if (at == end) return strings;
  free(strings);
  return NULL;
}

static int64_t start(struct request *request) {
  void *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return -errno;
  const kernel_signals all = ~(kernel_signals)0;
  kernel_signals previous;
  request->failure = 0;
  request->parent = getpid();
  set_mask(&all, &previous);
  pid_t pid = clone(child, (char *)stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, request);
  int failure = pid < 0 ? errno : request->failure;
  if (huge_pages_off) prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  // A child that never became another program is ours to collect: nobody may see its exit.
  if (pid > 0 && failure != 0) RETRY(waitpid(pid, NULL, 0));
  set_mask(&previous, NULL);
  munmap(stack, STACK_SIZE);
  return failure != 0 ? -failure : pid;
}

// path, argv block, argv count, environment block, environment count, directory, descriptors, flags, soft, hard
static napi_value spawn(napi_env env, napi_callback_info info) {
  napi_value arguments[10];
  struct text path, argv, environment, directory;
  struct request request = {0};
  uint32_t argv_count, environment_count;
  int32_t *descriptors;
  double soft, hard;
  napi_value result = NULL;
  if (!read_arguments(env, info, 10, arguments) || !read_unsigned(env, arguments[2], &argv_count) ||
      !read_unsigned(env, arguments[4], &environment_count) ||
      !read_int32_array(env, arguments[6], &descriptors, &request.count) ||
      !read_int(env, arguments[7], &request.flags) || !read_double(env, arguments[8], &soft) ||
      !read_double(env, arguments[9], &hard)) {
    return NULL;
  }
  if (request.count > MOST_DESCRIPTORS) return number(env, -EINVAL);
  if (!read_text(env, arguments[0], &path)) return NULL;
  if (!read_block(env, arguments[1], &argv)) goto free_path;
  if (!read_block(env, arguments[3], &environment)) goto free_argv;
  if (!read_optional_text(env, arguments[5], &directory)) goto free_environment;

  request.path = path.at;
  request.directory = directory.at;
  request.descriptors = descriptors;
  request.open_files.rlim_cur = isfinite(soft) ? (rlim_t)soft : RLIM_INFINITY;
  request.open_files.rlim_max = isfinite(hard) ? (rlim_t)hard : RLIM_INFINITY;
  request.argv = split(&argv, argv_count);
  request.environment = split(&environment, environment_count);
  if (request.argv == NULL || request.environment == NULL) {
    result = number(env, -EINVAL);
  } else {
    int64_t pid = start(&request);
    if (pid > 0) note_spawn((pid_t)pid, argv.at, argv_count);
    result = number(env, pid);
  }
  free(request.argv);
  free(request.environment);
  free_text(&directory);
free_environment:
  free_text(&environment);
free_argv:
  free_text(&argv);
free_path:
  free_text(&path);
  return result;
}

bool register_spawn(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(spawn), METHOD(disableHugePages)};
  return REGISTER(env, exports, methods);
}
