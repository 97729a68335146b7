// Counters of the kernel that can be polled. They are read like any file: 8 bytes in host order.
#include <sys/eventfd.h>

#include "common.h"

static napi_value createEventCounter(napi_env env, napi_callback_info info) {
  (void)info;
  return outcome(env, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

bool register_eventfd(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(createEventCounter)};
  return REGISTER(env, exports, methods);
}
