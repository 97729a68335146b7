// The calls that a thread is in, as far as its stack tells.
#ifndef PODSHIM_STACK_H
#define PODSHIM_STACK_H

#include <stdint.h>

#include "output.h"

// Where the thread is, and the return addresses on its stack, innermost first. Of code without frame pointers, and of
// JavaScript's, only this can be had: words that point behind a call instruction. Some may be left from calls that are
// over.
void put_stack(struct output *output, uintptr_t instruction, uintptr_t stack);

#endif
