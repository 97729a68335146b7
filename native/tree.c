// Removes a directory tree by descriptors, so that no name is resolved twice: a symlink put in place meanwhile is
// unlinked, never followed. What is mounted inside is left alone, with EBUSY.
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"
#include "compatible.h"

// Each level holds one descriptor.
#define DEEPEST 512

// Opens the directory `name` unless it is a symlink or a mount point (EXDEV).
static int open_inside(int parent, const char *name) {
  struct open_how how = {
      .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
      .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
  };
  int descriptor = (int)RETRY(syscall(SYS_openat2, parent, name, &how, sizeof(how)));
  if (descriptor >= 0 || (errno != ENOSYS && errno != EPERM)) return descriptor;
  // Before Linux 5.6, or under a seccomp filter that does not know openat2: the device number tells most mounts.
  descriptor = RETRY(openat(parent, name, (int)how.flags));
  if (descriptor < 0) return -1;
  struct stat here, above;
  if (status_of(descriptor, &here) == 0 && status_of(parent, &above) == 0 && here.st_dev == above.st_dev) return descriptor;
  close(descriptor);
  errno = EXDEV;
  return -1;
}

// Returns 0 or the first errno; goes on after an error, so that as much as possible is gone.
static int remove_entry(int parent, const char *name, int depth) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
  int refusal = errno;
  if (refusal != EISDIR && refusal != EPERM) return refusal;
  if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
  if (errno == ENOTDIR) return refusal;
  if (errno != ENOTEMPTY && errno != EEXIST) return errno;
  if (depth == DEEPEST) return ENAMETOOLONG;
  int descriptor = open_inside(parent, name);
  if (descriptor < 0) return errno == EXDEV ? EBUSY : errno;
  DIR *directory = fdopendir(descriptor);
  if (directory == NULL) {
    int failure = errno;
    close(descriptor);
    return failure;
  }
  int first = 0;
  // Some file systems skip entries while others are removed: repeat until a pass removes nothing.
  for (bool progress = true; progress;) {
    progress = false;
    first = 0;
    rewinddir(directory);
    for (;;) {
      errno = 0;
      const struct dirent *entry = readdir(directory);
      if (entry == NULL) {
        if (first == 0) first = errno;
        break;
      }
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
      int failure = remove_entry(dirfd(directory), entry->d_name, depth + 1);
      if (failure == 0) progress = true;
      if (first == 0) first = failure;
    }
  }
  closedir(directory);
  if (first != 0) return first;
  if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
  return errno;
}

static int remove_tree(char *path) {
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') path[--length] = 0;
  char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  if (*name == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return EINVAL;
  const char *above = ".";
  if (slash == path) {
    above = "/";
  } else if (slash != NULL) {
    *slash = 0;
    above = path;
  }
  int parent = RETRY(open(above, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (parent < 0) return errno == ENOENT ? 0 : errno;
  int failure = remove_entry(parent, name, 0);
  close(parent);
  return failure;
}

static napi_value removeTree(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct text path;
  if (!read_arguments(env, info, 1, arguments) || !read_text(env, arguments[0], &path)) return NULL;
  int failure = remove_tree(path.at);
  free_text(&path);
  return number(env, -failure);
}

bool register_tree(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(removeTree)};
  return REGISTER(env, exports, methods);
}
