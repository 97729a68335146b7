// Goes on as a second process: fork(2), detached from what the first one was started with.
//
// Only for a process whose only thread is the caller. Whatever else ran in it, and whatever locks that held, would be
// missing in the new one; with a single thread everything is there.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common.h"
#include "proc.h"

#define LAST_SIGNAL 64

// The words of the command line where /proc/self/cmdline shows them: one after the other, in the memory of the process.
static struct {
  char *at;
  size_t length;
} command_line;

// The C library passes what main gets to every constructor, that of a library which is loaded later too.
__attribute__((constructor)) static void note_command_line(int count, char **words) {
  if (count < 1 || words == NULL || words[0] == NULL) return;
  const char *last = words[count - 1];
  command_line.at = words[0];
  command_line.length = (size_t)(last - words[0]) + strlen(last) + 1;
}

static void count_thread(void *context, long number) {
  (void)number;
  int *threads = context;
  *threads += 1;
}

static bool is_alone(void) {
  int threads = 0;
  each_number("/proc/self/task", count_thread, &threads);
  return threads == 1;
}

static void rewrite_command_line(const struct text *words) {
  memset(command_line.at, 0, command_line.length);
  memcpy(command_line.at, words->at, words->length);
  // A privilege; without it the line ends with empty words.
  prctl(PR_SET_MM, PR_SET_MM_ARG_END, command_line.at + words->length, 0, 0);
}

struct kept {
  const int32_t *items;
  size_t count;
};

// The runtime's own are neither files nor pipes nor sockets, and the folder is open because it is being read.
static void close_foreign(void *context, long number) {
  const struct kept *kept = context;
  if (number <= STDERR_FILENO) return;
  for (size_t index = 0; index < kept->count; index++) {
    if (kept->items[index] == number) return;
  }
  char path[64], target[16] = "";
  snprintf(path, sizeof(path), "/proc/self/fd/%ld", number);
  if (readlink(path, target, sizeof(target) - 1) < 0) return;
  if (strncmp(target, "anon_inode:", 11) == 0 || strncmp(target, "/proc/", 6) == 0) return;
  close((int)number);
}

static bool replace_standard_streams(void) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return false;
  bool done = dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0;
  if (null > STDERR_FILENO) close(null);
  return done;
}

// What is ignored from birth, that is, not by the runtime, which ignores these two itself.
static void stop_ignoring(void) {
  for (int signal = 1; signal <= LAST_SIGNAL; signal++) {
    struct sigaction action;
    if (signal == SIGPIPE || signal == SIGXFSZ) continue;
    if (sigaction(signal, NULL, &action) < 0 || action.sa_handler != SIG_IGN) continue;
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, NULL);
  }
}

// descriptors to keep, block of the words of the new command line -> pid; 0 in the new process
static napi_value forkDetached(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int32_t *items;
  struct kept kept;
  struct text words;
  if (!read_arguments(env, info, 2, arguments) || !read_int32_array(env, arguments[0], &items, &kept.count) ||
      !read_block(env, arguments[1], &words)) {
    return NULL;
  }
  kept.items = items;
  int64_t result;
  if (!is_alone()) {
    result = -EBUSY;
  } else if (command_line.at == NULL || words.length > command_line.length) {
    result = -E2BIG;
  } else {
    pid_t pid = fork();
    result = pid < 0 ? -errno : pid;
    if (pid == 0) {
      if (setpgid(0, 0) < 0 || !replace_standard_streams()) _exit(127);
      rewrite_command_line(&words);
      each_number("/proc/self/fd", close_foreign, &kept);
      stop_ignoring();
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, NULL);
    }
  }
  free_text(&words);
  return number(env, result);
}

bool register_fork(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(forkDetached)};
  return REGISTER(env, exports, methods);
}
