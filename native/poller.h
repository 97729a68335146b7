// The thread beside JavaScript's, and the state that both share.
#ifndef PODSHIM_POLLER_H
#define PODSHIM_POLLER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "endpoints.h"
#include "pump.h"

// A movement, or a watch (which has only a source).
struct entry {
  struct pump pump;
  struct use source;
  struct use destination;
  TAILQ_ENTRY(entry) in_queue;
  TAILQ_ENTRY(entry) in_notices;
  int slot;
  bool watch;
  bool queued;
  bool running;
  bool cancelled;
  bool noticed;
};

TAILQ_HEAD(entries, entry);

// The lock guards all of it, and all entries but what is atomic in them. It is not held while bytes are moved: `running`
// marks the entry that the thread is busy with, so that whoever cancels it can wait for the end of that one turn.
struct poller {
  pthread_mutex_t lock;
  pthread_cond_t turn_over;
  struct endpoints endpoints;
  // Movements whose turn it is.
  struct entries queue;
  size_t queued;
  // Entries that JavaScript has to hear about.
  struct entries notices;
  size_t noticed;
  bool notifying;
  // Asks JavaScript's thread to take the notices; false when that is not possible (any more).
  bool (*notify)(void);
  int wake;
};

extern struct poller poller;

// Starts the thread. Returns 0 or an errno.
int start_poller(void);
void wake_poller(void);

// With the lock held.
void enqueue(struct entry *entry);
void dequeue(struct entry *entry);
void remove_notice(struct entry *entry);
void detach_entry(struct entry *entry);

#endif
