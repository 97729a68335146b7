// Keeps the addon loadable with C libraries older than the one it is built with: the newest symbol it may use is of
// glibc 2.28. scripts/build-addon.sh checks that.
#ifndef PODSHIM_COMPATIBLE_H
#define PODSHIM_COMPATIBLE_H

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc 2.34 gave these a new version when they moved from libpthread to libc; the old one is still there.
#if defined(__GLIBC__) && defined(__x86_64__)
__asm__(".symver pthread_create, pthread_create@GLIBC_2.2.5");
__asm__(".symver pthread_join, pthread_join@GLIBC_2.2.5");
__asm__(".symver pthread_attr_setstacksize, pthread_attr_setstacksize@GLIBC_2.2.5");
#elif defined(__GLIBC__) && defined(__aarch64__)
__asm__(".symver pthread_create, pthread_create@GLIBC_2.17");
__asm__(".symver pthread_join, pthread_join@GLIBC_2.17");
__asm__(".symver pthread_attr_setstacksize, pthread_attr_setstacksize@GLIBC_2.17");
#endif

// stat and its kin are functions of the library only since glibc 2.33. On 64-bit machines the kernel's structure is the
// library's.
static inline int status_at(int directory, const char *path, struct stat *status, int flags) {
  return (int)syscall(SYS_newfstatat, directory, path, status, flags);
}

static inline int status_of(int descriptor, struct stat *status) {
  return status_at(descriptor, "", status, AT_EMPTY_PATH);
}

#endif
