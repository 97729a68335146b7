// Where a thread is that runs: its registers, which only the thread itself can tell.
#ifndef PODSHIM_SAMPLE_H
#define PODSHIM_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// Interrupts a thread that is not in a system call. Returns false when it does not answer within two seconds: it
// may be in the kernel after all.
bool sample_thread(pid_t thread, uintptr_t *stack, uintptr_t *instruction);

#endif
