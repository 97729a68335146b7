// Resource limits of this process.
#include <math.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "common.h"

// slots -> [soft, hard], Infinity for no limit
static napi_value openFileLimit(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct rlimit limit;
  double *slots;
  if (!read_arguments(env, info, 1, arguments) || !read_slots(env, arguments[0], 2, &slots)) return NULL;
  int result = getrlimit(RLIMIT_NOFILE, &limit);
  if (result == 0) {
    slots[0] = limit.rlim_cur == RLIM_INFINITY ? INFINITY : (double)limit.rlim_cur;
    slots[1] = limit.rlim_max == RLIM_INFINITY ? INFINITY : (double)limit.rlim_max;
  }
  return outcome(env, result);
}

// Set by native/entry beside the limit itself, to tell it from a kernel's own flags.
#define ENTRY_LIMIT_MARK (1ull << 32)

// The soft limit at the program's very first instruction; -1 where native/entry is not part of it.
static napi_value initialOpenFileLimit(napi_env env, napi_callback_info info) {
  (void)info;
  unsigned long long flags = getauxval(AT_FLAGS);
  napi_value result;
  double limit = (flags & ENTRY_LIMIT_MARK) != 0 ? (double)(flags & (ENTRY_LIMIT_MARK - 1)) : -1;
  return napi_create_double(env, limit, &result) == napi_ok ? result : NULL;
}

bool register_limits(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(openFileLimit), METHOD(initialOpenFileLimit)};
  return REGISTER(env, exports, methods);
}
