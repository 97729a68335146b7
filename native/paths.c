// Names in the file system: directories, links, status, permissions.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "common.h"
#include "compatible.h"
#include "paths.h"

static napi_value makeDirectory(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct text path;
  int mode;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[1], &mode) ||
      !read_text(env, arguments[0], &path)) {
    return NULL;
  }
  napi_value result = outcome(env, mkdir(path.at, (mode_t)mode));
  free_text(&path);
  return result;
}

static int ensure_directory(const char *path, mode_t mode) {
  if (mkdir(path, mode) == 0) return 0;
  if (errno != EEXIST) return -1;
  struct stat status;
  if (status_at(AT_FDCWD, path, &status, 0) < 0) return -1;
  if (S_ISDIR(status.st_mode)) return 0;
  errno = ENOTDIR;
  return -1;
}

int make_directories(char *path, mode_t mode) {
  if (ensure_directory(path, mode) == 0) return 0;
  if (errno != ENOENT) return -1;
  for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    int result = ensure_directory(path, mode);
    *slash = '/';
    if (result < 0) return -1;
  }
  return ensure_directory(path, mode);
}

static napi_value makeDirectories(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct text path;
  int mode;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[1], &mode) ||
      !read_text(env, arguments[0], &path)) {
    return NULL;
  }
  int result = -1;
  if (path.length == 0) {
    errno = ENOENT;
  } else {
    result = make_directories(path.at, (mode_t)mode);
  }
  napi_value value = outcome(env, result);
  free_text(&path);
  return value;
}

static napi_value with_path(napi_env env, napi_callback_info info, int (*call)(const char *)) {
  napi_value arguments[1];
  struct text path;
  if (!read_arguments(env, info, 1, arguments) || !read_text(env, arguments[0], &path)) return NULL;
  napi_value result = outcome(env, call(path.at));
  free_text(&path);
  return result;
}

static napi_value removeFile(napi_env env, napi_callback_info info) { return with_path(env, info, unlink); }

static napi_value removeDirectory(napi_env env, napi_callback_info info) { return with_path(env, info, rmdir); }

static napi_value with_two_paths(napi_env env, napi_callback_info info, int (*call)(const char *, const char *)) {
  napi_value arguments[2];
  struct text first, second;
  if (!read_arguments(env, info, 2, arguments) || !read_text(env, arguments[0], &first)) return NULL;
  if (!read_text(env, arguments[1], &second)) {
    free_text(&first);
    return NULL;
  }
  napi_value result = outcome(env, call(first.at, second.at));
  free_text(&first);
  free_text(&second);
  return result;
}

static napi_value renameFile(napi_env env, napi_callback_info info) { return with_two_paths(env, info, rename); }

static napi_value makeSymlink(napi_env env, napi_callback_info info) { return with_two_paths(env, info, symlink); }

static napi_value readLink(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct text path;
  char target[4096];
  if (!read_arguments(env, info, 1, arguments) || !read_text(env, arguments[0], &path)) return NULL;
  ssize_t length = readlink(path.at, target, sizeof(target));
  napi_value result = length < 0 ? outcome(env, -1) : string(env, target, (size_t)length);
  free_text(&path);
  return result;
}

// Names joined with '/', the one byte that no name contains.
static napi_value listDirectory(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct text path;
  if (!read_arguments(env, info, 1, arguments) || !read_text(env, arguments[0], &path)) return NULL;
  DIR *directory = opendir(path.at);
  int failure = errno;
  free_text(&path);
  if (directory == NULL) return number(env, -failure);
  char *names = NULL;
  size_t length = 0;
  size_t room = 0;
  failure = 0;
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(directory);
    if (entry == NULL) {
      failure = errno;
      break;
    }
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    size_t name = strlen(entry->d_name);
    if (length + name + 1 > room) {
      room = (room + name + 1) * 2;
      char *larger = realloc(names, room);
      if (larger == NULL) {
        failure = ENOMEM;
        break;
      }
      names = larger;
    }
    if (length > 0) names[length++] = '/';
    memcpy(names + length, entry->d_name, name);
    length += name;
  }
  closedir(directory);
  napi_value result = failure != 0 ? number(env, -failure) : string(env, names != NULL ? names : "", length);
  free(names);
  return result;
}

static void fill_status(const struct stat *status, double *slots) {
  slots[0] = status->st_mode;
  slots[1] = (double)status->st_size;
  slots[2] = status->st_uid;
  slots[3] = status->st_gid;
  slots[4] = (double)status->st_dev;
  slots[5] = (double)status->st_ino;
  slots[6] = (double)status->st_mtim.tv_sec;
  slots[7] = (double)status->st_mtim.tv_nsec;
}

static napi_value path_status(napi_env env, napi_callback_info info, int flags) {
  napi_value arguments[2];
  struct text path;
  struct stat status;
  double *slots;
  if (!read_arguments(env, info, 2, arguments) || !read_slots(env, arguments[1], 8, &slots) ||
      !read_text(env, arguments[0], &path)) {
    return NULL;
  }
  int result = status_at(AT_FDCWD, path.at, &status, flags);
  if (result == 0) fill_status(&status, slots);
  napi_value value = outcome(env, result);
  free_text(&path);
  return value;
}

static napi_value fileStatus(napi_env env, napi_callback_info info) { return path_status(env, info, 0); }

static napi_value linkStatus(napi_env env, napi_callback_info info) {
  return path_status(env, info, AT_SYMLINK_NOFOLLOW);
}

static napi_value descriptorStatus(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct stat status;
  int descriptor;
  double *slots;
  if (!read_arguments(env, info, 2, arguments) || !read_slots(env, arguments[1], 8, &slots) ||
      !read_int(env, arguments[0], &descriptor)) {
    return NULL;
  }
  int result = status_of(descriptor, &status);
  if (result == 0) fill_status(&status, slots);
  return outcome(env, result);
}

static napi_value with_path_and_mode(napi_env env, napi_callback_info info, int (*call)(const char *, mode_t)) {
  napi_value arguments[2];
  struct text path;
  int mode;
  if (!read_arguments(env, info, 2, arguments) || !read_int(env, arguments[1], &mode) ||
      !read_text(env, arguments[0], &path)) {
    return NULL;
  }
  napi_value result = outcome(env, call(path.at, (mode_t)mode));
  free_text(&path);
  return result;
}

static napi_value changeMode(napi_env env, napi_callback_info info) { return with_path_and_mode(env, info, chmod); }

static napi_value makeFifo(napi_env env, napi_callback_info info) { return with_path_and_mode(env, info, mkfifo); }

static napi_value fileSystemType(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct text path;
  struct statfs status;
  if (!read_arguments(env, info, 1, arguments) || !read_text(env, arguments[0], &path)) return NULL;
  int result = RETRY(statfs(path.at, &status));
  napi_value value = result < 0 ? outcome(env, -1) : number(env, (uint32_t)status.f_type);
  free_text(&path);
  return value;
}

static int check_executable(const char *path) {
  struct stat status;
  if (status_at(AT_FDCWD, path, &status, 0) < 0) return -1;
  if (!S_ISREG(status.st_mode)) {
    errno = EACCES;
    return -1;
  }
  return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
}

static napi_value checkExecutable(napi_env env, napi_callback_info info) {
  return with_path(env, info, check_executable);
}

bool register_paths(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
      METHOD(makeDirectory), METHOD(makeDirectories),  METHOD(removeFile), METHOD(removeDirectory),
      METHOD(renameFile),    METHOD(makeSymlink),      METHOD(readLink),   METHOD(listDirectory),
      METHOD(fileStatus),    METHOD(linkStatus),       METHOD(descriptorStatus), METHOD(changeMode),
      METHOD(makeFifo),      METHOD(fileSystemType),   METHOD(checkExecutable),
  };
  return REGISTER(env, exports, methods);
}
