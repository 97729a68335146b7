// Signals to others and to us, and what a process says about itself.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"

#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE 62
#endif
#define SCHED_CORE_CREATE 1
#define SCHED_CORE_PROCESS_GROUP 2

static napi_value sendSignal(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int pid, signal;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[0], &pid) ||
      !read_int(env, arguments[1], &signal)) {
    return NULL;
  }
  return outcome(env, kill(pid, signal));
}

static napi_value openPidfd(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int pid;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &pid)) return NULL;
  return outcome(env, syscall(SYS_pidfd_open, pid, 0));
}

static napi_value sendSignalThroughPidfd(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int descriptor, signal;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[0], &descriptor) ||
      !read_int(env, arguments[1], &signal)) {
    return NULL;
  }
  return outcome(env, syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0));
}

static napi_value ignoreSignal(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int which;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &which)) return NULL;
  struct sigaction action = {.sa_handler = SIG_IGN};
  return outcome(env, sigaction(which, &action, NULL));
}

static struct sigaction child_action;
static bool child_muted;

// The default for SIGCHLD is that it is dropped; dead children stay to be collected, which they would not with SIG_IGN.
static napi_value muteChildSignal(napi_env env, napi_callback_info info) {
  (void)info;
  if (child_muted) return number(env, 0);
  struct sigaction action = {.sa_handler = SIG_DFL};
  int result = sigaction(SIGCHLD, &action, &child_action);
  child_muted = result == 0;
  return outcome(env, result);
}

// Whoever listens gets the signal once, in the place of those that were dropped.
static napi_value unmuteChildSignal(napi_env env, napi_callback_info info) {
  (void)info;
  if (!child_muted) return number(env, 0);
  if (sigaction(SIGCHLD, &child_action, NULL) < 0) return outcome(env, -1);
  child_muted = false;
  return outcome(env, kill(getpid(), SIGCHLD));
}

static napi_value unblockSignal(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int which;
  sigset_t set;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &which)) return NULL;
  sigemptyset(&set);
  if (sigaddset(&set, which) < 0) return outcome(env, -1);
  return outcome(env, sigprocmask(SIG_UNBLOCK, &set, NULL));
}

static napi_value becomeSubreaper(napi_env env, napi_callback_info info) {
  (void)info;
  return outcome(env, prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
}

static napi_value createSchedulingCookie(napi_env env, napi_callback_info info) {
  (void)info;
  return outcome(env, prctl(PR_SCHED_CORE, SCHED_CORE_CREATE, 0, SCHED_CORE_PROCESS_GROUP, 0));
}

static napi_value parentPid(napi_env env, napi_callback_info info) {
  (void)info;
  return number(env, getppid());
}

static napi_value effectiveUser(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  double *slots;
  if (!read_arguments(env, info, 1, arguments) || !read_slots(env, arguments[0], 2, &slots)) return NULL;
  slots[0] = geteuid();
  slots[1] = getegid();
  return number(env, 0);
}

// Ends the process at once: no exit handlers, no teardown of the JavaScript runtime.
static napi_value exitNow(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int status;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &status)) return NULL;
  _exit(status);
}

bool register_signal(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
      METHOD(sendSignal),        METHOD(openPidfd),     METHOD(sendSignalThroughPidfd), METHOD(ignoreSignal),
      METHOD(muteChildSignal),   METHOD(unblockSignal), METHOD(becomeSubreaper),        METHOD(createSchedulingCookie),
      METHOD(unmuteChildSignal), METHOD(parentPid),     METHOD(effectiveUser),          METHOD(exitNow),
  };
  return REGISTER(env, exports, methods);
}
