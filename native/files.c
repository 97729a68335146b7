// Open files: reading, writing, flags, pipes, memory files.
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"

#define CHUNK 32768

// Added to the errno in the answer when the file could be opened and the rest failed.
#define AFTER_OPEN 10000

static napi_value openFile(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct text path;
  int flags, mode;
  if (!read_arguments(env, info, 3, arguments) || !read_int(env, arguments[1], &flags) ||
      !read_int(env, arguments[2], &mode) || !read_text(env, arguments[0], &path)) {
    return NULL;
  }
  int descriptor = RETRY(open(path.at, flags | O_CLOEXEC, (mode_t)mode));
  napi_value result = outcome(env, descriptor);
  free_text(&path);
  return result;
}

static napi_value closeFile(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int descriptor;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &descriptor)) return NULL;
  // Linux has released the descriptor even when close says EINTR.
  int result = close(descriptor);
  return outcome(env, result < 0 && errno != EINTR ? -1 : 0);
}

// Reads to the end of the file. Small content stays in `chunk`; larger content moves to *memory, which the caller
// frees. Returns the length or a negative errno.
static ssize_t read_all(int descriptor, size_t limit, char *chunk, char **memory) {
  size_t length = 0;
  size_t room = CHUNK;
  char *at = chunk;
  *memory = NULL;
  for (;;) {
    ssize_t count = RETRY(read(descriptor, at + length, room - length));
    if (count < 0) return -errno;
    if (count == 0) return (ssize_t)length;
    length += (size_t)count;
    if (length > limit) return -EFBIG;
    if (length < room) continue;
    char *larger = realloc(*memory, room * 2);
    if (larger == NULL) return -ENOMEM;
    if (*memory == NULL) memcpy(larger, chunk, length);
    *memory = at = larger;
    room *= 2;
  }
}

// Uint8Array or string, or a negative errno less `after`
static napi_value content(napi_env env, int descriptor, double limit, bool as_text, int after) {
  char chunk[CHUNK];
  char *memory;
  ssize_t length = read_all(descriptor, (size_t)limit, chunk, &memory);
  napi_value result;
  const char *data = memory != NULL ? memory : chunk;
  if (length < 0) {
    result = number(env, length - after);
  } else if (as_text) {
    result = string(env, data, (size_t)length);
  } else {
    result = byte_array(env, data, (size_t)length);
  }
  free(memory);
  return result;
}

static napi_value readFile(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct text path;
  double limit;
  bool as_text;
  if (!read_arguments(env, info, 3, arguments) || !read_double(env, arguments[1], &limit) ||
      !read_bool(env, arguments[2], &as_text) || !read_text(env, arguments[0], &path)) {
    return NULL;
  }
  int descriptor = RETRY(open(path.at, O_RDONLY | O_CLOEXEC));
  int failure = errno;
  free_text(&path);
  if (descriptor < 0) return number(env, -failure);
  napi_value result = content(env, descriptor, limit, as_text, AFTER_OPEN);
  close(descriptor);
  return result;
}

static napi_value readToEnd(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int descriptor;
  double limit;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[0], &descriptor) ||
      !read_double(env, arguments[1], &limit)) {
    return NULL;
  }
  return content(env, descriptor, limit, false, 0);
}

static napi_value readSome(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  char chunk[CHUNK];
  int descriptor;
  uint32_t room;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[0], &descriptor) ||
      !read_unsigned(env, arguments[1], &room)) {
    return NULL;
  }
  char *data = chunk;
  if (room > CHUNK) {
    data = malloc(room);
    if (data == NULL) return number(env, -ENOMEM);
  }
  ssize_t count = RETRY(read(descriptor, data, room));
  napi_value result = count < 0 ? number(env, -errno) : byte_array(env, data, (size_t)count);
  if (data != chunk) free(data);
  return result;
}

static napi_value rewindFile(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int descriptor;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &descriptor)) return NULL;
  return outcome(env, lseek(descriptor, 0, SEEK_SET) < 0 ? -1 : 0);
}

static int write_all(int descriptor, const uint8_t *at, size_t length) {
  while (length > 0) {
    ssize_t count = RETRY(write(descriptor, at, length));
    if (count < 0 && errno == EAGAIN) {
      struct pollfd wait = {.fd = descriptor, .events = POLLOUT};
      RETRY(poll(&wait, 1, -1));
      continue;
    }
    if (count < 0) return -1;
    at += count;
    length -= (size_t)count;
  }
  return 0;
}

static napi_value writeAll(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct bytes data;
  int descriptor;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[0], &descriptor) ||
      !read_bytes(env, arguments[1], &data)) {
    return NULL;
  }
  napi_value result = outcome(env, write_all(descriptor, data.at, data.length));
  free_bytes(&data);
  return result;
}

static napi_value writeSome(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct bytes data;
  int descriptor;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[0], &descriptor) ||
      !read_bytes(env, arguments[1], &data)) {
    return NULL;
  }
  napi_value result = outcome(env, RETRY(write(descriptor, data.at, data.length)));
  free_bytes(&data);
  return result;
}

// path, data, mode, extra open flags, whether to fsync
static napi_value writeFile(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  struct text path;
  struct bytes data;
  int mode, flags;
  bool durable;
  if (!read_arguments(env, info, 5, arguments) || !read_int(env, arguments[2], &mode) ||
      !read_int(env, arguments[3], &flags) || !read_bool(env, arguments[4], &durable) ||
      !read_text(env, arguments[0], &path)) {
    return NULL;
  }
  if (!read_bytes(env, arguments[1], &data)) {
    free_text(&path);
    return NULL;
  }
  int failure = 0;
  int descriptor = RETRY(open(path.at, O_WRONLY | O_CREAT | O_CLOEXEC | flags, (mode_t)mode));
  if (descriptor < 0) {
    failure = errno;
  } else {
    if (write_all(descriptor, data.at, data.length) < 0) failure = errno;
    if (failure == 0 && durable && fsync(descriptor) < 0) failure = errno;
    if (close(descriptor) < 0 && errno != EINTR && failure == 0) failure = errno;
    if (failure != 0) failure += AFTER_OPEN;
  }
  free_text(&path);
  free_bytes(&data);
  return number(env, -failure);
}

static napi_value setNonBlocking(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int descriptor;
  bool on;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[0], &descriptor) ||
      !read_bool(env, arguments[1], &on)) {
    return NULL;
  }
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0) return outcome(env, -1);
  int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  return outcome(env, wanted == flags ? 0 : fcntl(descriptor, F_SETFL, wanted));
}

static napi_value changeOwner(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  int descriptor;
  uint32_t uid, gid;
  if (!read_arguments(env, info, 3, arguments) || !read_int(env, arguments[0], &descriptor) ||
      !read_unsigned(env, arguments[1], &uid) || !read_unsigned(env, arguments[2], &gid)) {
    return NULL;
  }
  return outcome(env, fchown(descriptor, uid, gid));
}

// slots -> [read end, write end]
static napi_value makePipe(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  double *slots;
  int ends[2];
  if (!read_arguments(env, info, 1, arguments) || !read_slots(env, arguments[0], 2, &slots)) return NULL;
  int result = pipe2(ends, O_CLOEXEC);
  if (result == 0) {
    slots[0] = ends[0];
    slots[1] = ends[1];
  }
  return outcome(env, result);
}

static napi_value makeMemoryFile(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct text name;
  if (!read_arguments(env, info, 1, arguments) || !read_text(env, arguments[0], &name)) return NULL;
  napi_value result = outcome(env, memfd_create(name.at, MFD_CLOEXEC));
  free_text(&name);
  return result;
}

static napi_value duplicate(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int descriptor, onto;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[0], &descriptor) ||
      !read_int(env, arguments[1], &onto)) {
    return NULL;
  }
  return outcome(env, RETRY(dup3(descriptor, onto, onto <= 2 ? 0 : O_CLOEXEC)));
}

static napi_value copyDescriptor(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int descriptor;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &descriptor)) return NULL;
  return outcome(env, fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
}

static napi_value lockFile(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int descriptor;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &descriptor)) return NULL;
  return outcome(env, RETRY(flock(descriptor, LOCK_EX)));
}

bool register_files(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
      METHOD(openFile),  METHOD(closeFile),      METHOD(readFile),    METHOD(readToEnd), METHOD(readSome),
      METHOD(rewindFile), METHOD(writeAll),      METHOD(writeSome),   METHOD(writeFile), METHOD(setNonBlocking),
      METHOD(changeOwner), METHOD(makePipe),     METHOD(makeMemoryFile), METHOD(duplicate), METHOD(lockFile),
      METHOD(copyDescriptor),
  };
  return REGISTER(env, exports, methods);
}
