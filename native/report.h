// What can be told of a process whose JavaScript does not answer.
#ifndef PODSHIM_REPORT_H
#define PODSHIM_REPORT_H

#include <stdint.h>
#include <sys/types.h>

#include "proc.h"

struct report {
  // Made when missing; refused when others than this user can look into it.
  char *directory;
  // The file's name in it. An earlier one is replaced.
  const char *file;
  // Lines that follow the first.
  const char *heading;
  // JavaScript's thread.
  pid_t thread;
  // Why it is written.
  const char *reason;
  // How long it does not answer, in milliseconds: for certain, and if it stopped right after it was last seen well.
  int64_t least, most;
  // What the thread had from the scheduler when it was found not to answer.
  struct scheduled before;
};

// 0, or an errno: then there is no new file. Allocates nothing and takes no lock of the C library's.
int write_report(const struct report *report);

#endif
