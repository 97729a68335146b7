// What the addon did last, where another thread can read it.
#ifndef PODSHIM_RECENT_H
#define PODSHIM_RECENT_H

#include <stddef.h>
#include <sys/types.h>

#include "output.h"

// A program that was started, with its words: `count` strings, each with its NUL.
void note_spawn(pid_t pid, const char *words, size_t count);
// A process that was collected.
void note_exit(pid_t pid, int status);
void put_recent(struct output *output);

#endif
