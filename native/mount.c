// mount(2) and umount2(2).
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common.h"
#include "compatible.h"

struct request {
  struct text directory;
  struct text source;
  struct text target;
  struct text type;
  struct text data;
  unsigned long flags;
  int failure;
};

static bool read_request(napi_env env, napi_value *arguments, struct request *request) {
  double flags;
  if (!read_double(env, arguments[3], &flags)) return false;
  request->flags = (unsigned long)flags;
  return read_text(env, arguments[0], &request->source) && read_text(env, arguments[1], &request->target) &&
         read_text(env, arguments[2], &request->type) && read_optional_text(env, arguments[4], &request->data);
}

static void free_request(struct request *request) {
  free_text(&request->directory);
  free_text(&request->source);
  free_text(&request->target);
  free_text(&request->type);
  free_text(&request->data);
}

static int perform(const struct request *request) {
  return mount(request->source.at, request->target.at, request->type.at, request->flags, request->data.at);
}

// source, target, type, flags, data
static napi_value mountFileSystem(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  struct request request = {0};
  if (!read_arguments(env, info, 5, arguments)) return NULL;
  napi_value result = NULL;
  if (read_request(env, arguments, &request)) result = outcome(env, perform(&request));
  free_request(&request);
  return result;
}

static void *mount_elsewhere(void *argument) {
  struct request *request = argument;
  if (unshare(CLONE_FS) < 0 || chdir(request->directory.at) < 0 || perform(request) < 0) request->failure = errno;
  return NULL;
}

// directory, source, target, type, flags, data: from a thread with a working directory of its own, so that relative
// lower directories keep the data below one page and nobody else's working directory moves.
static napi_value mountFromDirectory(napi_env env, napi_callback_info info) {
  napi_value arguments[6];
  struct request request = {0};
  if (!read_arguments(env, info, 6, arguments)) return NULL;
  napi_value result = NULL;
  if (read_text(env, arguments[0], &request.directory) && read_request(env, arguments + 1, &request)) {
    pthread_t thread;
    int failure = pthread_create(&thread, NULL, mount_elsewhere, &request);
    if (failure == 0) failure = pthread_join(thread, NULL);
    result = number(env, -(failure != 0 ? failure : request.failure));
  }
  free_request(&request);
  return result;
}

static napi_value unmountFileSystem(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct text target;
  int flags;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[1], &flags) ||
      !read_text(env, arguments[0], &target)) {
    return NULL;
  }
  napi_value result = outcome(env, umount2(target.at, flags));
  free_text(&target);
  return result;
}

bool register_mount(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
      METHOD(mountFileSystem),
      METHOD(mountFromDirectory),
      METHOD(unmountFileSystem),
  };
  return REGISTER(env, exports, methods);
}
