// Pseudo terminals.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common.h"

// slots -> path of the slave or negative errno; slots[0] is the master
static napi_value openTerminal(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  double *slots;
  char path[64];
  if (!read_arguments(env, info, 1, arguments) || !read_slots(env, arguments[0], 1, &slots)) return NULL;
  int master = RETRY(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (master < 0) return outcome(env, -1);
  int locked = 0;
  if (ioctl(master, TIOCSPTLCK, &locked) < 0 || ptsname_r(master, path, sizeof(path)) != 0) {
    int failure = errno;
    close(master);
    return number(env, -failure);
  }
  slots[0] = master;
  return string(env, path, strlen(path));
}

static napi_value setWindowSize(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  int descriptor;
  uint32_t columns, rows;
  if (!read_arguments(env, info, 3, arguments) || !read_int(env, arguments[0], &descriptor) ||
      !read_unsigned(env, arguments[1], &columns) || !read_unsigned(env, arguments[2], &rows)) {
    return NULL;
  }
  struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
  return outcome(env, ioctl(descriptor, TIOCSWINSZ, &size));
}

// descriptor, slots -> [columns, rows]
static napi_value windowSize(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int descriptor;
  double *slots;
  struct winsize size;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[0], &descriptor) ||
      !read_slots(env, arguments[1], 2, &slots)) {
    return NULL;
  }
  int result = ioctl(descriptor, TIOCGWINSZ, &size);
  if (result == 0) {
    slots[0] = size.ws_col;
    slots[1] = size.ws_row;
  }
  return outcome(env, result);
}

bool register_terminal(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(openTerminal), METHOD(setWindowSize), METHOD(windowSize)};
  return REGISTER(env, exports, methods);
}
