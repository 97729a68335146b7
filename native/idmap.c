// Mounts whose owners are translated: a user namespace that carries the maps, and mount_setattr(2).
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

// Kernel interfaces that are younger than the C library this file may be compiled with.
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
enum {
  open_tree_clone = 1,
  open_tree_close_on_exec = O_CLOEXEC,
  move_mount_empty_path = 0x4,
  at_empty_path = 0x1000,
  attribute_id_map = 0x100000,
};
struct attributes {
  uint64_t set;
  uint64_t clear;
  uint64_t propagation;
  uint64_t user_namespace;
};

static int write_map(pid_t child, const char *file, const struct text *map) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/%s", (int)child, file);
  int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return -1;
  ssize_t written = RETRY(write(descriptor, map->at, map->length));
  int failure = errno;
  close(descriptor);
  errno = failure;
  return written < 0 ? -1 : 0;
}

// A child that does nothing holds the namespace until it has been opened.
static int open_namespace(const struct text *uid_map, const struct text *gid_map) {
  pid_t parent = getpid();
  pid_t child = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (child < 0) return -1;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
    for (;;) pause();
  }
  int result = write_map(child, "uid_map", uid_map);
  if (result == 0) result = write_map(child, "gid_map", gid_map);
  if (result == 0) {
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)child);
    result = open(path, O_RDONLY | O_CLOEXEC);
  }
  int failure = errno;
  kill(child, SIGKILL);
  RETRY(waitpid(child, NULL, 0));
  errno = failure;
  return result;
}

// uidMap, gidMap, in the format of /proc/PID/uid_map -> descriptor of a user namespace
static napi_value openUserNamespace(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct text uid_map;
  struct text gid_map;
  if (!read_arguments(env, info, 2, arguments) || !read_text(env, arguments[0], &uid_map)) return NULL;
  napi_value result = NULL;
  if (read_text(env, arguments[1], &gid_map)) {
    result = outcome(env, open_namespace(&uid_map, &gid_map));
    free_text(&gid_map);
  }
  free_text(&uid_map);
  return result;
}

static int mount_mapped(const char *source, const char *target, int namespace) {
  int tree = (int)syscall(SYS_open_tree, AT_FDCWD, source, open_tree_clone | open_tree_close_on_exec);
  if (tree < 0) return -1;
  struct attributes attributes = {.set = attribute_id_map, .user_namespace = (uint64_t)namespace};
  long result = syscall(SYS_mount_setattr, tree, "", at_empty_path, &attributes, sizeof(attributes));
  if (result == 0) result = syscall(SYS_move_mount, tree, "", AT_FDCWD, target, move_mount_empty_path);
  int failure = errno;
  close(tree);
  errno = failure;
  return (int)result;
}

// source, target, namespace: mounts the tree at `source` on `target`, its owners translated
static napi_value mountIdMapped(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct text source;
  struct text target;
  int namespace;
  if (!read_arguments(env, info, 3, arguments) || !read_int(env, arguments[2], &namespace) ||
      !read_text(env, arguments[0], &source)) {
    return NULL;
  }
  napi_value result = NULL;
  if (read_text(env, arguments[1], &target)) {
    result = outcome(env, mount_mapped(source.at, target.at, namespace));
    free_text(&target);
  }
  free_text(&source);
  return result;
}

bool register_idmap(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(openUserNamespace), METHOD(mountIdMapped)};
  return REGISTER(env, exports, methods);
}
