// Loop devices: a file as a block device.
#include <linux/loop.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common.h"

// control -> number of a free device
static napi_value freeLoopDevice(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int control;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &control)) return NULL;
  return outcome(env, ioctl(control, LOOP_CTL_GET_FREE));
}

// Linux before 5.8 sets the file and the rest in two steps.
static int configure_in_steps(int device, int file, const struct loop_info64 *details) {
  if (ioctl(device, LOOP_SET_FD, file) < 0) return -1;
  struct loop_info64 status = *details;
  status.lo_flags &= LO_FLAGS_AUTOCLEAR;
  if (ioctl(device, LOOP_SET_STATUS64, &status) < 0) {
    int failure = errno;
    ioctl(device, LOOP_CLR_FD, 0);
    errno = failure;
    return -1;
  }
  // Files on some file systems cannot do it; the device works without.
  if (details->lo_flags & LO_FLAGS_DIRECT_IO) ioctl(device, LOOP_SET_DIRECT_IO, 1UL);
  return 0;
}

// device, file, name, readOnly, directIo. The device lets go of the file with its last user.
static napi_value configureLoopDevice(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  int device;
  int file;
  struct text name;
  bool read_only;
  bool direct;
  if (!read_arguments(env, info, 5, arguments) || !read_int(env, arguments[0], &device) ||
      !read_int(env, arguments[1], &file) || !read_bool(env, arguments[3], &read_only) ||
      !read_bool(env, arguments[4], &direct) || !read_text(env, arguments[2], &name)) {
    return NULL;
  }
  struct loop_config config;
  memset(&config, 0, sizeof(config));
  config.fd = (uint32_t)file;
  config.info.lo_flags =
      LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0) | (direct ? LO_FLAGS_DIRECT_IO : 0);
  size_t length = name.length < LO_NAME_SIZE - 1 ? name.length : LO_NAME_SIZE - 1;
  memcpy(config.info.lo_file_name, name.at, length);
  free_text(&name);
  int result = ioctl(device, LOOP_CONFIGURE, &config);
  if (result < 0 && (errno == EINVAL || errno == ENOTTY || errno == ENOSYS)) {
    result = configure_in_steps(device, file, &config.info);
  }
  return outcome(env, result);
}

bool register_loop(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(freeLoopDevice), METHOD(configureLoopDevice)};
  return REGISTER(env, exports, methods);
}
