// Threads beside JavaScript's.
#include "thread.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

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
