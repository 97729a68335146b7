// Notices of changes to files. Events are read like any file and parsed in TypeScript.
#include <sys/inotify.h>

#include "common.h"

static napi_value createInotify(napi_env env, napi_callback_info info) {
  (void)info;
  return outcome(env, inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
}

static napi_value addInotifyWatch(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct text path;
  uint32_t mask;
  int descriptor;
  if (!read_arguments(env, info, 3, arguments) || !read_int(env, arguments[0], &descriptor) ||
      !read_unsigned(env, arguments[2], &mask) || !read_text(env, arguments[1], &path)) {
    return NULL;
  }
  napi_value result = outcome(env, inotify_add_watch(descriptor, path.at, mask));
  free_text(&path);
  return result;
}

static napi_value removeInotifyWatch(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int descriptor, watch;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[0], &descriptor) ||
      !read_int(env, arguments[1], &watch)) {
    return NULL;
  }
  return outcome(env, inotify_rm_watch(descriptor, watch));
}

bool register_inotify(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(createInotify), METHOD(addInotifyWatch),
                                              METHOD(removeInotifyWatch)};
  return REGISTER(env, exports, methods);
}
