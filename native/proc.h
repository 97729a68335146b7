// Files and folders in /proc, without an allocation.
#ifndef PODSHIM_PROC_H
#define PODSHIM_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The first `size` - 1 bytes of a file, with a final NUL and without a last newline; "" when it cannot be read.
size_t read_small(const char *path, char *text, size_t size);
// Calls `visit` for each entry of the folder whose name is a number.
void each_number(const char *directory, void (*visit)(void *context, long number), void *context);

// What a thread does in the kernel.
struct doing {
  enum { DOING_UNKNOWN, DOING_RUNS, DOING_FAULT, DOING_CALL } kind;
  // Number and arguments of the system call (DOING_CALL).
  long call;
  unsigned long arguments[6];
  // Where it left user space (DOING_CALL, DOING_FAULT).
  uintptr_t stack, instruction;
};

struct doing read_doing(pid_t thread);
// Waits for events with epoll: a JavaScript loop that has nothing to do.
bool sleeps_in_epoll(const struct doing *doing);
// Stopped by a signal or by a debugger: it would go on if it were let.
bool is_stopped(pid_t thread);

// What the scheduler knows of a thread, in milliseconds.
struct scheduled {
  int64_t running, waiting;
};

struct scheduled read_scheduled(pid_t thread);

#endif
