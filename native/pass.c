// Descriptors as messages (SCM_RIGHTS).
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common.h"

// runc refuses names of this length and above, and so do we.
#define NAME_LIMIT 4096
#define MOST_RECEIVED 16

// One message with a name and exactly one descriptor. Anything else is EPROTO, and whatever came is closed.
static ssize_t receive_descriptor(int socket, char *name, int *descriptor) {
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * MOST_RECEIVED)];
  struct iovec part = {.iov_base = name, .iov_len = NAME_LIMIT};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
  ssize_t length = RETRY(recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT));
  if (length < 0) return -errno;
  int received[MOST_RECEIVED];
  size_t count = 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t here = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t index = 0; index < here && count < MOST_RECEIVED; index++) {
      memcpy(&received[count++], CMSG_DATA(header) + index * sizeof(int), sizeof(int));
    }
  }
  if (count == 1 && length > 0 && length < NAME_LIMIT && !(message.msg_flags & MSG_CTRUNC)) {
    *descriptor = received[0];
    return length;
  }
  for (size_t index = 0; index < count; index++) close(received[index]);
  return -EPROTO;
}

// socket, slots -> name or negative errno; slots[0] is the descriptor
static napi_value receiveDescriptor(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  char name[NAME_LIMIT];
  double *slots;
  int socket;
  int descriptor = -1;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[0], &socket) ||
      !read_slots(env, arguments[1], 1, &slots)) {
    return NULL;
  }
  ssize_t length = receive_descriptor(socket, name, &descriptor);
  if (length < 0) return number(env, length);
  slots[0] = descriptor;
  return string(env, name, (size_t)length);
}

static int send_descriptor(int socket, const struct text *name, int descriptor) {
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec part = {.iov_base = name->at, .iov_len = name->length};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  return RETRY(sendmsg(socket, &message, MSG_NOSIGNAL)) < 0 ? -1 : 0;
}

static napi_value sendDescriptor(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct text name;
  int socket;
  int descriptor = -1;
  if (!read_arguments(env, info, 3, arguments) || !read_int(env, arguments[0], &socket) ||
      !read_int(env, arguments[2], &descriptor) || !read_text(env, arguments[1], &name)) {
    return NULL;
  }
  napi_value result = outcome(env, send_descriptor(socket, &name, descriptor));
  free_text(&name);
  return result;
}

bool register_pass(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(receiveDescriptor), METHOD(sendDescriptor)};
  return REGISTER(env, exports, methods);
}
