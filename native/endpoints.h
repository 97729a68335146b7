// Which entries use which descriptors, and what epoll has to know about it.
#ifndef PODSHIM_ENDPOINTS_H
#define PODSHIM_ENDPOINTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct entry;

// An entry's use of one descriptor.
struct use {
  struct entry *entry;
  LIST_ENTRY(use) beside;
};

struct endpoint {
  LIST_HEAD(, use) uses;
  uint32_t events;
  // Regular files and the like: epoll refuses them, they are always ready.
  bool unpollable;
};

struct endpoints {
  int epoll;
  // By descriptor.
  struct endpoint *table;
  int count;
};

// Registers a use, edge-triggered. Returns 0 or an errno; EPERM only when `pollable` is asked for.
int attach_use(struct endpoints *endpoints, int descriptor, struct use *use, struct entry *entry, uint32_t events,
               bool pollable);
// Ends it; nothing happens when it never began.
void detach_use(struct endpoints *endpoints, int descriptor, struct use *use);
// A descriptor in use that a read or write could wait for.
bool may_block(const struct endpoints *endpoints, int descriptor);
const struct use *first_use(const struct endpoints *endpoints, int descriptor);

#endif
