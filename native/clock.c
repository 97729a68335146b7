// The local time zone, as the C library knows it from TZ or /etc/localtime.
#include <time.h>

#include "common.h"

// (seconds since 1970) -> seconds east of UTC at that time; never an errno
static napi_value localOffset(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  double seconds;
  if (!read_arguments(env, info, 1, arguments) || !read_double(env, arguments[0], &seconds)) return NULL;
  time_t at = (time_t)seconds;
  struct tm local;
  return number(env, localtime_r(&at, &local) == NULL ? 0 : local.tm_gmtoff);
}

bool register_clock(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(localOffset)};
  return REGISTER(env, exports, methods);
}
