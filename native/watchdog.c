// A thread that notices when JavaScript's does not answer, and then writes down what can be seen from outside.
//
// It looks every few seconds while JavaScript calls the addon, which it does for whatever it has to do, and hardly ever
// while it does not. A look is one file in /proc: a loop that waits in epoll is well. Any other may only be busy; it is asked, and has time to answer.
// Time is counted in slices. Whatever stops the whole process, for an hour or a day, stops this thread, too, and makes
// one slice longer, which counts as one.
#include "watchdog.h"

#include <signal.h>
#include <sys/prctl.h>

#include "futex.h"
#include "proc.h"
#include "report.h"
#include "thread.h"

#define SLICE 250
#define SIGNAL_REST 1000

struct watchdog watchdog;

// Until the next look is due, or somebody wants a report.
static void rest(void) {
  // What is called from here on is seen by the next look but one, at the latest.
  bool quiet = !atomic_exchange(&watchdog.busy, false);
  atomic_store(&watchdog.quiet, quiet);
  for (int64_t begin = monotonic();;) {
    uint32_t seen = atomic_load(&watchdog.word);
    if (atomic_load(&watchdog.wanted)) break;
    if (quiet && atomic_load(&watchdog.busy)) {
      quiet = false;
      begin = monotonic();
    }
    int64_t left = begin + (quiet ? watchdog.quiet_rest : watchdog.rest) - monotonic();
    if (left <= 0) break;
    wait_word(&watchdog.word, seen, left);
  }
  atomic_store(&watchdog.quiet, false);
}

void begin_busy_time(void) {
  atomic_store(&watchdog.busy, true);
  if (atomic_load(&watchdog.quiet)) wake_word(&watchdog.word);
}

static bool is_answered(void) { return atomic_load(&watchdog.answer) == atomic_load(&watchdog.question); }

static bool is_answered_in_time(void) {
  for (int64_t counted = 0; counted < watchdog.limit;) {
    uint32_t seen = atomic_load(&watchdog.word);
    if (is_answered()) return true;
    int64_t before = monotonic();
    wait_word(&watchdog.word, seen, SLICE);
    int64_t passed = monotonic() - before;
    // A debugger may hold that thread and not this one.
    if (!is_stopped(watchdog.thread)) counted += passed < SLICE ? passed : SLICE;
  }
  return is_answered();
}

// JavaScript's thread may block the signal, or sleep so deeply that it does not see it. Then this thread takes it, which
// the kernel finds out when its mask changes.
static void take_signal(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, watchdog.signal);
  sigprocmask(SIG_BLOCK, &set, NULL);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static bool ask(void) {
  atomic_store(&watchdog.asked_at, monotonic());
  atomic_fetch_add(&watchdog.question, 1);
  return watchdog.ask();
}

static void report(const char *reason, struct scheduled before) {
  int64_t now = monotonic();
  struct report report = {
      .directory = watchdog.directory,
      .file = watchdog.file,
      .heading = watchdog.heading,
      .thread = watchdog.thread,
      .reason = reason,
      .least = now - atomic_load(&watchdog.asked_at),
      .most = now - atomic_load(&watchdog.well_at),
      .before = before,
  };
  atomic_store(&watchdog.failure, write_report(&report));
  atomic_store(&watchdog.news, true);
}

// One block: one report, and one more for each signal.
static void stay_with_block(bool by_signal) {
  struct scheduled before = read_scheduled(watchdog.thread);
  if (!ask() || is_answered_in_time()) return;
  bool wanted = atomic_exchange(&watchdog.wanted, false) || by_signal;
  report(wanted ? "asked for" : "watchdog", before);
  for (;;) {
    uint32_t seen = atomic_load(&watchdog.word);
    if (is_answered()) break;
    if (atomic_exchange(&watchdog.wanted, false)) report("asked for", before);
    else wait_word(&watchdog.word, seen, SIGNAL_REST);
    take_signal();
  }
  // It answered while the report was being written, and has not heard of it.
  if (atomic_load(&watchdog.news)) watchdog.ask();
}

static void *run(void *unused) {
  (void)unused;
  drop_zero_pages();
  prctl(PR_SET_NAME, "podshim-watch");
  take_signal();
  for (;;) {
    atomic_store(&watchdog.well_at, monotonic());
    rest();
    bool wanted = atomic_exchange(&watchdog.wanted, false);
    struct doing doing = read_doing(watchdog.thread);
    if (wanted || !sleeps_in_epoll(&doing)) stay_with_block(wanted);
  }
  return NULL;
}

int start_watchdog(void) { return start_thread(run, NULL); }

void want_report(void) {
  atomic_store(&watchdog.wanted, true);
  wake_word(&watchdog.word);
}
