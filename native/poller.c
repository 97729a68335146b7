// The one thread beside JavaScript's: it waits with epoll for every descriptor that is pumped or watched.
//
// Everything is registered edge-triggered: a hung-up pty or a full FIFO costs nothing until something happens to it,
// and a descriptor may be the source of one movement and the destination of others (a pty master is both).
#include "poller.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "thread.h"

#define EVENTS_AT_ONCE 64

struct poller poller = {.lock = PTHREAD_MUTEX_INITIALIZER, .turn_over = PTHREAD_COND_INITIALIZER};

void enqueue(struct entry *entry) {
  if (entry->queued || entry->noticed || entry->cancelled) return;
  entry->queued = true;
  poller.queued++;
  TAILQ_INSERT_TAIL(&poller.queue, entry, in_queue);
}

void dequeue(struct entry *entry) {
  if (!entry->queued) return;
  entry->queued = false;
  poller.queued--;
  TAILQ_REMOVE(&poller.queue, entry, in_queue);
}

static void add_notice(struct entry *entry) {
  if (entry->noticed || entry->cancelled) return;
  entry->noticed = true;
  poller.noticed++;
  TAILQ_INSERT_TAIL(&poller.notices, entry, in_notices);
}

void remove_notice(struct entry *entry) {
  if (!entry->noticed) return;
  entry->noticed = false;
  poller.noticed--;
  TAILQ_REMOVE(&poller.notices, entry, in_notices);
}

void detach_entry(struct entry *entry) {
  detach_use(&poller.endpoints, entry->pump.source, &entry->source);
  if (!entry->watch) detach_use(&poller.endpoints, entry->pump.destination, &entry->destination);
}

static void descriptor_ready(int descriptor) {
  for (const struct use *use = first_use(&poller.endpoints, descriptor); use != NULL; use = LIST_NEXT(use, beside)) {
    if (use->entry->watch) {
      add_notice(use->entry);
    } else {
      enqueue(use->entry);
    }
  }
}

static void take_turn(struct entry *entry, char *scratch) {
  dequeue(entry);
  entry->running = true;
  pthread_mutex_unlock(&poller.lock);
  enum turn result = pump_turn(&entry->pump, scratch);
  pthread_mutex_lock(&poller.lock);
  entry->running = false;
  if (entry->cancelled) {
    pthread_cond_broadcast(&poller.turn_over);
  } else if (result == TURN_MORE) {
    enqueue(entry);
  } else if (result == TURN_END) {
    dequeue(entry);
    detach_entry(entry);
    add_notice(entry);
  }
}

static void *run(void *scratch) {
  struct epoll_event events[EVENTS_AT_ONCE];
  drop_zero_pages();
  prctl(PR_SET_NAME, "podshim-io");
  pthread_mutex_lock(&poller.lock);
  for (;;) {
    int wait = poller.queued > 0 ? 0 : -1;
    pthread_mutex_unlock(&poller.lock);
    int count = epoll_wait(poller.endpoints.epoll, events, EVENTS_AT_ONCE, wait);
    pthread_mutex_lock(&poller.lock);
    for (int index = 0; index < count; index++) {
      // The wake-up counter is never read: every write is an edge.
      if (events[index].data.fd != poller.wake) descriptor_ready(events[index].data.fd);
    }
    for (size_t turns = poller.queued; turns > 0 && poller.queued > 0; turns--) {
      take_turn(TAILQ_FIRST(&poller.queue), scratch);
    }
    if (poller.noticed > 0 && !poller.notifying) poller.notifying = poller.notify();
  }
  return NULL;
}

void wake_poller(void) {
  const uint64_t one = 1;
  ssize_t written = write(poller.wake, &one, sizeof(one));
  (void)written;
}

int start_poller(void) {
  TAILQ_INIT(&poller.queue);
  TAILQ_INIT(&poller.notices);
  char *scratch = malloc(PUMP_SCRATCH);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  poller.endpoints.epoll = epoll;
  poller.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = poller.wake};
  int failure = 0;
  if (scratch == NULL) {
    failure = ENOMEM;
  } else if (epoll < 0 || poller.wake < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, poller.wake, &event) < 0) {
    failure = errno;
  } else {
    failure = start_thread(run, scratch);
  }
  if (failure == 0) return 0;
  free(scratch);
  if (epoll >= 0) close(epoll);
  if (poller.wake >= 0) close(poller.wake);
  return failure;
}
