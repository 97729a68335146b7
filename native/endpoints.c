// Which entries use which descriptors, and what epoll has to know about it.
#include "endpoints.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>

static bool reserve(struct endpoints *endpoints, int descriptor) {
  if (descriptor < endpoints->count) return true;
  int count = descriptor + 16;
  struct endpoint *larger = calloc((size_t)count, sizeof(*larger));
  if (larger == NULL) return false;
  for (int index = 0; index < endpoints->count; index++) {
    larger[index] = endpoints->table[index];
    // The first use points back at the head, which has moved.
    struct use *first = LIST_FIRST(&larger[index].uses);
    if (first != NULL) first->beside.le_prev = &larger[index].uses.lh_first;
  }
  free(endpoints->table);
  endpoints->table = larger;
  endpoints->count = count;
  return true;
}

int attach_use(struct endpoints *endpoints, int descriptor, struct use *use, struct entry *entry, uint32_t events,
               bool pollable) {
  if (descriptor < 0) return EBADF;
  if (!reserve(endpoints, descriptor)) return ENOMEM;
  struct endpoint *endpoint = &endpoints->table[descriptor];
  bool first = LIST_EMPTY(&endpoint->uses);
  if (first) *endpoint = (struct endpoint){0};
  uint32_t all = endpoint->events | events;
  struct epoll_event event = {.events = all | EPOLLET, .data.fd = descriptor};
  if (first && epoll_ctl(endpoints->epoll, EPOLL_CTL_ADD, descriptor, &event) < 0) {
    if (errno != EPERM || pollable) return errno;
    endpoint->unpollable = true;
  } else if (!first && !endpoint->unpollable && all != endpoint->events &&
             epoll_ctl(endpoints->epoll, EPOLL_CTL_MOD, descriptor, &event) < 0) {
    return errno;
  }
  endpoint->events = all;
  use->entry = entry;
  LIST_INSERT_HEAD(&endpoint->uses, use, beside);
  return 0;
}

void detach_use(struct endpoints *endpoints, int descriptor, struct use *use) {
  if (use->entry == NULL) return;
  use->entry = NULL;
  LIST_REMOVE(use, beside);
  const struct endpoint *endpoint = &endpoints->table[descriptor];
  if (LIST_EMPTY(&endpoint->uses) && !endpoint->unpollable) {
    epoll_ctl(endpoints->epoll, EPOLL_CTL_DEL, descriptor, NULL);
  }
}

bool may_block(const struct endpoints *endpoints, int descriptor) {
  return !endpoints->table[descriptor].unpollable && !(fcntl(descriptor, F_GETFL) & O_NONBLOCK);
}

const struct use *first_use(const struct endpoints *endpoints, int descriptor) {
  return descriptor < endpoints->count ? LIST_FIRST(&endpoints->table[descriptor].uses) : NULL;
}
