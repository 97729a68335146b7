// Waiting for a word in memory to change. Waking is allowed in a signal handler.
#ifndef PODSHIM_FUTEX_H
#define PODSHIM_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

// Milliseconds on a clock that no one sets and that stands still while the machine sleeps.
int64_t monotonic(void);
// Returns when the word is not `seen` any more, when somebody wakes, or after so many milliseconds.
void wait_word(const _Atomic uint32_t *word, uint32_t seen, int64_t milliseconds);
// Changes the word and wakes who waits for it.
void wake_word(_Atomic uint32_t *word);

#endif
