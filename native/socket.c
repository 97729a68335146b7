// Unix sockets.
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common.h"

// A path that starts with '@' is a name in the abstract namespace, as usual in NOTIFY_SOCKET.
static bool fill_address(const struct text *path, struct sockaddr_un *address, socklen_t *length) {
  memset(address, 0, sizeof(*address));
  address->sun_family = AF_UNIX;
  if (path->length == 0 || path->length >= sizeof(address->sun_path)) {
    errno = path->length == 0 ? EINVAL : ENAMETOOLONG;
    return false;
  }
  memcpy(address->sun_path, path->at, path->length);
  bool abstract = path->at[0] == '@';
  if (abstract) address->sun_path[0] = 0;
  *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path->length + (abstract ? 0 : 1));
  return true;
}

static int listen_unix(const struct text *path, int backlog) {
  struct sockaddr_un address;
  socklen_t length;
  if (!fill_address(path, &address, &length)) return -1;
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return -1;
  // bind gives the file the mode that the socket has (less the umask), so that there is no moment at which others
  // could connect, and no change of the umask that other threads would see.
  bool bound = false;
  if (fchmod(descriptor, 0600) == 0 && bind(descriptor, (struct sockaddr *)&address, length) == 0) {
    bound = true;
    if (listen(descriptor, backlog) == 0) return descriptor;
  }
  int failure = errno;
  if (bound && address.sun_path[0] != 0) unlink(address.sun_path);
  close(descriptor);
  errno = failure;
  return -1;
}

static napi_value listenUnix(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct text path;
  int backlog;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[1], &backlog) ||
      !read_text(env, arguments[0], &path)) {
    return NULL;
  }
  napi_value result = outcome(env, listen_unix(&path, backlog));
  free_text(&path);
  return result;
}

static int connect_unix(const struct text *path, int milliseconds) {
  struct sockaddr_un address;
  socklen_t length;
  if (!fill_address(path, &address, &length)) return -1;
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  // connect waits only for room in the backlog, and the send timeout bounds that wait. Zero would mean forever.
  if (milliseconds < 1) milliseconds = 1;
  struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = (milliseconds % 1000) * 1000};
  struct timeval none = {0};
  if (setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
      RETRY(connect(descriptor, (struct sockaddr *)&address, length)) == 0 &&
      setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none)) == 0) {
    return descriptor;
  }
  int failure = errno == EAGAIN ? ETIMEDOUT : errno;
  close(descriptor);
  errno = failure;
  return -1;
}

static napi_value connectUnix(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct text path;
  int milliseconds;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[1], &milliseconds) ||
      !read_text(env, arguments[0], &path)) {
    return NULL;
  }
  napi_value result = outcome(env, connect_unix(&path, milliseconds));
  free_text(&path);
  return result;
}

// descriptor -> whether the other end is closed, read or unread what it sent
static napi_value hasHungUp(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct pollfd polled = {.events = POLLRDHUP};
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &polled.fd)) return NULL;
  int result = RETRY(poll(&polled, 1, 0));
  return outcome(env, result < 0 ? result : polled.revents != 0);
}

// descriptor, slots -> [pid, uid, gid]
static napi_value peerCredentials(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  int descriptor;
  double *slots;
  struct ucred peer;
  socklen_t length = sizeof(peer);
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[0], &descriptor) ||
      !read_slots(env, arguments[1], 3, &slots)) {
    return NULL;
  }
  int result = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length);
  if (result == 0) {
    slots[0] = peer.pid;
    slots[1] = peer.uid;
    slots[2] = peer.gid;
  }
  return outcome(env, result);
}

static napi_value socketPath(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int descriptor;
  struct sockaddr_un address;
  socklen_t length = sizeof(address);
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &descriptor)) return NULL;
  if (getsockname(descriptor, (struct sockaddr *)&address, &length) < 0) return outcome(env, -1);
  if (address.sun_family != AF_UNIX) return number(env, -EAFNOSUPPORT);
  if (length > sizeof(address)) length = sizeof(address);
  size_t size = length > offsetof(struct sockaddr_un, sun_path) ? length - offsetof(struct sockaddr_un, sun_path) : 0;
  if (size > 0 && address.sun_path[0] == 0) {
    address.sun_path[0] = '@';
    return string(env, address.sun_path, size);
  }
  return string(env, address.sun_path, strnlen(address.sun_path, size));
}

static napi_value acceptConnection(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int descriptor;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &descriptor)) return NULL;
  return outcome(env, RETRY(accept4(descriptor, NULL, NULL, SOCK_CLOEXEC)));
}

static int send_datagram(const struct text *path, const struct bytes *data) {
  struct sockaddr_un address;
  socklen_t length;
  if (!fill_address(path, &address, &length)) return -1;
  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return -1;
  ssize_t sent =
      RETRY(sendto(descriptor, data->at, data->length, MSG_NOSIGNAL, (struct sockaddr *)&address, length));
  int failure = errno;
  close(descriptor);
  errno = failure;
  return sent < 0 ? -1 : 0;
}

static napi_value sendDatagram(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct text path;
  struct bytes data;
  if (!read_arguments(env, info, 2, arguments) || !read_text(env, arguments[0], &path)) return NULL;
  napi_value result = NULL;
  if (read_bytes(env, arguments[1], &data)) {
    result = outcome(env, send_datagram(&path, &data));
    free_bytes(&data);
  }
  free_text(&path);
  return result;
}

bool register_socket(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
      METHOD(listenUnix), METHOD(connectUnix),      METHOD(peerCredentials),
      METHOD(socketPath), METHOD(acceptConnection), METHOD(sendDatagram),
      METHOD(hasHungUp),
  };
  return REGISTER(env, exports, methods);
}
