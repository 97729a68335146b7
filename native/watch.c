// JavaScript's face of the watchdog.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"
#include "futex.h"
#include "watchdog.h"

static bool started;
static struct sigaction handler_before;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
// Under the lock.
static napi_threadsafe_function to_javascript;

// In the watchdog's thread.
static bool ask(void) {
  pthread_mutex_lock(&lock);
  bool asked =
      to_javascript != NULL && napi_call_threadsafe_function(to_javascript, NULL, napi_tsfn_nonblocking) == napi_ok;
  pthread_mutex_unlock(&lock);
  return asked;
}

// In JavaScript's thread. Most answers are no affair of JavaScript's: only after a report it is told
// (milliseconds at least, milliseconds at most, errno of the report).
static void answer(napi_env env, napi_value callback, void *context, void *data) {
  (void)context;
  (void)data;
  static double least, most;
  bool news = atomic_exchange(&watchdog.news, false);
  uint32_t question = atomic_load(&watchdog.question);
  if (atomic_exchange(&watchdog.answer, question) != question) {
    int64_t now = monotonic();
    least = (double)(now - atomic_load(&watchdog.asked_at));
    most = (double)(now - atomic_load(&watchdog.well_at));
  }
  wake_word(&watchdog.word);
  if (!news || env == NULL) return;
  napi_value receiver;
  napi_value arguments[3];
  if (napi_get_undefined(env, &receiver) == napi_ok && napi_create_double(env, least, &arguments[0]) == napi_ok &&
      napi_create_double(env, most, &arguments[1]) == napi_ok) {
    arguments[2] = number(env, atomic_load(&watchdog.failure));
    napi_call_function(env, receiver, callback, 3, arguments, NULL);
  }
}

static void forget_javascript(void *argument) {
  (void)argument;
  pthread_mutex_lock(&lock);
  to_javascript = NULL;
  pthread_mutex_unlock(&lock);
}

// The runtime's own handler still gets the signal: that JavaScript hears of it, too, is its affair. It is called in
// JavaScript's thread alone, as the runtime expects; the watchdog passes on what it takes.
static void on_signal(int signal, siginfo_t *info, void *context) {
  int before = errno;
  want_report();
  bool passed_on = syscall(SYS_gettid) != watchdog.thread && syscall(SYS_tgkill, getpid(), watchdog.thread, signal) == 0;
  errno = before;
  if (passed_on) return;
  if (handler_before.sa_flags & SA_SIGINFO) {
    handler_before.sa_sigaction(signal, info, context);
  } else if (handler_before.sa_handler != SIG_DFL && handler_before.sa_handler != SIG_IGN) {
    handler_before.sa_handler(signal);
  }
}

static int listen_to(int signal) {
  if (sigaction(signal, NULL, &handler_before) < 0) return errno;
  struct sigaction action = handler_before;
  action.sa_sigaction = on_signal;
  action.sa_flags = (handler_before.sa_flags | SA_SIGINFO | SA_RESTART) & ~(int)SA_RESETHAND;
  return sigaction(signal, &action, NULL) < 0 ? errno : 0;
}

static bool copy_text(napi_env env, napi_value value, char **copy) {
  struct text text;
  if (!read_text(env, value, &text)) return false;
  *copy = strdup(text.at);
  free_text(&text);
  return true;
}

static int start(napi_env env, int signal) {
  if (watchdog.directory == NULL || watchdog.file == NULL || watchdog.heading == NULL) return ENOMEM;
  watchdog.thread = (pid_t)syscall(SYS_gettid);
  watchdog.ask = ask;
  watchdog.signal = signal;
  int failure = listen_to(signal);
  if (failure == 0) failure = start_watchdog();
  if (failure == 0) napi_add_env_cleanup_hook(env, forget_javascript, NULL);
  return failure;
}

// callback, directory, file, heading, rest, quietRest, limit (milliseconds), signal. For the thread that calls, once:
// EALREADY.
static napi_value startWatchdog(napi_env env, napi_callback_info info) {
  napi_value arguments[8], name;
  double rest, quiet_rest, limit;
  int signal;
  if (!read_arguments(env, info, 8, arguments) || !read_double(env, arguments[4], &rest) ||
      !read_double(env, arguments[5], &quiet_rest) || !read_double(env, arguments[6], &limit) ||
      !read_int(env, arguments[7], &signal)) {
    return NULL;
  }
  if (started) return number(env, -EALREADY);
  if (!copy_text(env, arguments[1], &watchdog.directory) || !copy_text(env, arguments[2], &watchdog.file) ||
      !copy_text(env, arguments[3], &watchdog.heading)) {
    return NULL;
  }
  watchdog.rest = (int64_t)rest;
  watchdog.quiet_rest = (int64_t)quiet_rest;
  watchdog.limit = (int64_t)limit;
  if (napi_create_string_utf8(env, "podshim-watch", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env, arguments[0], NULL, name, 0, 1, NULL, NULL, NULL, answer, &to_javascript) !=
          napi_ok) {
    napi_throw_type_error(env, NULL, "expected a function");
    return NULL;
  }
  napi_unref_threadsafe_function(env, to_javascript);
  started = true;
  int failure = start(env, signal);
  if (failure != 0) {
    napi_release_threadsafe_function(to_javascript, napi_tsfn_abort);
    to_javascript = NULL;
  }
  return number(env, -failure);
}

bool register_watch(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(startWatchdog)};
  return REGISTER(env, exports, methods);
}
