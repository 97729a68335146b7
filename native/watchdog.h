// A thread that notices when JavaScript's does not answer.
#ifndef PODSHIM_WATCHDOG_H
#define PODSHIM_WATCHDOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct watchdog {
  // Milliseconds: between two looks while there is something to do and while there is nothing, and how long an answer
  // may take.
  int64_t rest, quiet_rest, limit;
  // JavaScript's thread.
  pid_t thread;
  // Whose handler calls want_report.
  int signal;
  char *directory, *file, *heading;
  // Asks JavaScript's thread for an answer; false when that is not possible (any more).
  bool (*ask)(void);

  // Changes with everything below: what the thread sleeps on.
  _Atomic uint32_t word;
  // JavaScript has called the addon since the last look.
  atomic_bool busy;
  // Nobody has called it for so long that the next look is far away.
  atomic_bool quiet;
  // Somebody asked for a report by a signal.
  atomic_bool wanted;
  // Questions asked, and the last one that was answered.
  _Atomic uint32_t question, answer;
  // A report was written (or could not be), and JavaScript does not know of it yet.
  atomic_bool news;
  _Atomic int failure;
  // When the question was asked that the report is about, and when JavaScript was seen well before.
  _Atomic int64_t asked_at, well_at;
};

extern struct watchdog watchdog;

void begin_busy_time(void);

// At every call from JavaScript: after the first one since the last look it is one comparison.
static inline void note_activity(void) {
  if (!atomic_load_explicit(&watchdog.busy, memory_order_relaxed)) begin_busy_time();
}

// Starts the thread. Returns 0 or an errno.
int start_watchdog(void);
// In a signal's handler, too: the loop is asked at once, and when it does not answer a report is written.
void want_report(void);

#endif
