// What system calls are named, and what they wait for.
#ifndef PODSHIM_CALLS_H
#define PODSHIM_CALLS_H

#include "output.h"
#include "proc.h"

// `system call 257 openat "/run/x"`, `system call 0 read of descriptor 7, pipe:[81]`, `runs`.
void put_doing(struct output *output, const struct doing *doing);

#endif
