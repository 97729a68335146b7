// A pod's namespaces, held open by a thread that does nothing else. /proc/<its number>/ns leads to them, as it would for
// a pause process, at the price of a stack.
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"
#include "compatible.h"

enum { stack_bytes = 64 * 1024 };

// What was being done when it failed, for the caller's error.
enum step { step_thread, step_open, step_join, step_unshare, step_host_name, step_setting };

struct request {
  const char *network;
  int new_namespaces;
  const char *host_name;
  // Pairs of path and value, each with its NUL.
  const char *settings;
  size_t setting_count;
};

static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  pthread_t thread;
  const struct request *request;
  bool held;
  bool ready;
  bool released;
  pid_t number;
  int failure;
  enum step step;
  size_t setting;
} holder = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static int failed(enum step step) {
  int failure = errno;
  holder.step = step;
  return failure;
}

static int join_network(const char *path) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failed(step_open);
  int result = setns(descriptor, CLONE_NEWNET);
  int failure = result < 0 ? failed(step_join) : 0;
  close(descriptor);
  return failure;
}

// The kernel looks up /proc/sys/net and its like in the namespaces of the thread that opens them.
static int write_setting(const char *path, const char *value) {
  int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return failed(step_setting);
  ssize_t written = RETRY(write(descriptor, value, strlen(value)));
  int failure = written < 0 ? failed(step_setting) : 0;
  close(descriptor);
  return failure;
}

static int enter(const struct request *request) {
  if (request->network != NULL) {
    int failure = join_network(request->network);
    if (failure != 0) return failure;
  }
  if (unshare(request->new_namespaces) < 0) return failed(step_unshare);
  if (request->host_name != NULL && sethostname(request->host_name, strlen(request->host_name)) < 0) {
    return failed(step_host_name);
  }
  const char *at = request->settings;
  for (holder.setting = 0; holder.setting < request->setting_count; holder.setting++) {
    const char *path = at;
    const char *value = path + strlen(path) + 1;
    int failure = write_setting(path, value);
    if (failure != 0) return failure;
    at = value + strlen(value) + 1;
  }
  return 0;
}

static void *hold(void *nothing) {
  (void)nothing;
  prctl(PR_SET_NAME, "pod namespaces");
  int failure = enter(holder.request);
  pthread_mutex_lock(&holder.lock);
  holder.failure = failure;
  holder.number = (pid_t)syscall(SYS_gettid);
  holder.ready = true;
  pthread_cond_broadcast(&holder.changed);
  while (failure == 0 && !holder.released) pthread_cond_wait(&holder.changed, &holder.lock);
  pthread_mutex_unlock(&holder.lock);
  return NULL;
}

// All signals are somebody else's business.
static int start_thread(void) {
  pthread_attr_t attributes;
  sigset_t all;
  sigset_t before;
  int failure = pthread_attr_init(&attributes);
  if (failure != 0) return failure;
  pthread_attr_setstacksize(&attributes, stack_bytes);
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  failure = pthread_create(&holder.thread, &attributes, hold, NULL);
  sigprocmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return failure;
}

// The thread's number, or -errno.
static int64_t hold_namespaces(const struct request *request) {
  if (holder.held) return -EBUSY;
  holder.request = request;
  holder.ready = false;
  holder.released = false;
  holder.step = step_thread;
  holder.setting = 0;
  int failure = start_thread();
  if (failure != 0) return -failure;
  pthread_mutex_lock(&holder.lock);
  while (!holder.ready) pthread_cond_wait(&holder.changed, &holder.lock);
  pthread_mutex_unlock(&holder.lock);
  holder.request = NULL;
  if (holder.failure != 0) {
    pthread_join(holder.thread, NULL);
    return -holder.failure;
  }
  holder.held = true;
  return holder.number;
}

// network or undefined, CLONE_NEW… flags, host name or undefined, settings, their count, slots -> number of the thread.
// On failure the slots hold the step and the number of the setting.
static napi_value holdNamespaces(napi_env env, napi_callback_info info) {
  napi_value arguments[6];
  struct text network;
  struct text host_name;
  struct text settings;
  int flags;
  uint32_t setting_count;
  double *slots;
  if (!read_arguments(env, info, 6, arguments) || !read_int(env, arguments[1], &flags) ||
      !read_unsigned(env, arguments[4], &setting_count) || !read_slots(env, arguments[5], 2, &slots)) {
    return NULL;
  }
  napi_value result = NULL;
  if (read_optional_text(env, arguments[0], &network)) {
    if (read_optional_text(env, arguments[2], &host_name)) {
      if (read_block(env, arguments[3], &settings)) {
        struct request request = {network.at, flags, host_name.at, settings.at, setting_count};
        int64_t number_or_failure = hold_namespaces(&request);
        slots[0] = holder.step;
        slots[1] = (double)holder.setting;
        result = number(env, number_or_failure);
        free_text(&settings);
      }
      free_text(&host_name);
    }
    free_text(&network);
  }
  return result;
}

// Ends the thread; namespaces that nobody else uses go with it.
static napi_value releaseNamespaces(napi_env env, napi_callback_info info) {
  (void)info;
  if (!holder.held) return number(env, -ESRCH);
  pthread_mutex_lock(&holder.lock);
  holder.released = true;
  pthread_cond_broadcast(&holder.changed);
  pthread_mutex_unlock(&holder.lock);
  pthread_join(holder.thread, NULL);
  holder.held = false;
  return number(env, 0);
}

bool register_namespaces(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(holdNamespaces), METHOD(releaseNamespaces)};
  return REGISTER(env, exports, methods);
}
