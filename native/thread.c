// Threads beside JavaScript's.
#include "thread.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compatible.h"

#define STACK_SIZE 65536
#define LARGEST_STACK (1024 * 1024)

// The stack also holds the thread-local storage of the whole program, whose size is not ours to know.
int start_thread(void *(*run)(void *), void *argument) {
  pthread_t thread;
  pthread_attr_t attributes;
  sigset_t all, before;
  int failure = pthread_attr_init(&attributes);
  if (failure != 0) return failure;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  failure = EINVAL;
  for (size_t size = STACK_SIZE; failure == EINVAL && size <= LARGEST_STACK; size *= 2) {
    failure = pthread_attr_setstacksize(&attributes, size);
    if (failure == 0) failure = pthread_create(&thread, &attributes, run, argument);
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return failure;
}

__attribute__((no_sanitize("address"))) static bool is_zero(const uint64_t *words, size_t count) {
  for (size_t at = 0; at < count; at++) {
    if (words[at] != 0) return false;
  }
  return true;
}

// Nobody but the thread itself writes between its frames and its descriptor, where that lies above (x86-64).
void drop_zero_pages(void) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t end = (uintptr_t)pthread_self() & -page;
  for (uintptr_t at = ((uintptr_t)__builtin_frame_address(0) & -page) + page; at < end; at += page) {
    if (is_zero((const uint64_t *)at, page / sizeof(uint64_t))) madvise((void *)at, page, MADV_DONTNEED);
  }
}
