// The one thread beside JavaScript's: it waits with epoll for every descriptor that is pumped or watched.
//
// Everything is registered edge-triggered: a hung-up pty or a full FIFO costs nothing until something happens to it,
// and a descriptor may be the source of one movement and the destination of others (a pty master is both). One lock
// guards all of the state; it is not held while bytes are moved. `running` marks the entry that the thread is busy with,
// so that cancelling can wait for the end of that one turn.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <unistd.h>

#include "common.h"
#include "pump.h"

#define STACK_SIZE 65536
#define LARGEST_STACK (1024 * 1024)
#define EVENTS_AT_ONCE 64

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

TAILQ_HEAD(queue, entry);

static struct {
  pthread_mutex_t lock;
  pthread_cond_t turn_over;
  int epoll;
  int wake;
  bool started;
  // Movements whose turn it is.
  struct queue queue;
  size_t queued;
  // Entries that JavaScript has to hear about.
  struct queue notices;
  size_t noticed;
  bool notifying;
  napi_threadsafe_function notify;
  // By descriptor.
  struct endpoint *endpoints;
  int endpoint_count;
  // Only JavaScript's thread touches these two.
  struct entry **slots;
  int slot_count;
} poller = {.lock = PTHREAD_MUTEX_INITIALIZER, .turn_over = PTHREAD_COND_INITIALIZER};

static void enqueue(struct entry *entry) {
  if (entry->queued || entry->noticed || entry->cancelled) return;
  entry->queued = true;
  poller.queued++;
  TAILQ_INSERT_TAIL(&poller.queue, entry, in_queue);
}

static void dequeue(struct entry *entry) {
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

static void remove_notice(struct entry *entry) {
  if (!entry->noticed) return;
  entry->noticed = false;
  poller.noticed--;
  TAILQ_REMOVE(&poller.notices, entry, in_notices);
}

static bool reserve_endpoint(int descriptor) {
  if (descriptor < poller.endpoint_count) return true;
  int count = descriptor + 16;
  struct endpoint *larger = calloc((size_t)count, sizeof(*larger));
  if (larger == NULL) return false;
  for (int index = 0; index < poller.endpoint_count; index++) {
    larger[index] = poller.endpoints[index];
    // The first use points back at the head, which has moved.
    if (!LIST_EMPTY(&larger[index].uses)) LIST_FIRST(&larger[index].uses)->beside.le_prev = &larger[index].uses.lh_first;
  }
  free(poller.endpoints);
  poller.endpoints = larger;
  poller.endpoint_count = count;
  return true;
}

// Returns 0 or an errno.
static int attach(int descriptor, struct use *use, struct entry *entry, uint32_t events) {
  if (descriptor < 0) return EBADF;
  if (!reserve_endpoint(descriptor)) return ENOMEM;
  struct endpoint *endpoint = &poller.endpoints[descriptor];
  bool first = LIST_EMPTY(&endpoint->uses);
  if (first) *endpoint = (struct endpoint){0};
  uint32_t all = endpoint->events | events;
  struct epoll_event event = {.events = all | EPOLLET, .data.fd = descriptor};
  if (first && epoll_ctl(poller.epoll, EPOLL_CTL_ADD, descriptor, &event) < 0) {
    if (errno != EPERM || entry->watch) return errno;
    endpoint->unpollable = true;
  } else if (!first && !endpoint->unpollable && all != endpoint->events &&
             epoll_ctl(poller.epoll, EPOLL_CTL_MOD, descriptor, &event) < 0) {
    return errno;
  }
  endpoint->events = all;
  use->entry = entry;
  LIST_INSERT_HEAD(&endpoint->uses, use, beside);
  return 0;
}

static void detach(int descriptor, struct use *use) {
  if (use->entry == NULL) return;
  use->entry = NULL;
  LIST_REMOVE(use, beside);
  struct endpoint *endpoint = &poller.endpoints[descriptor];
  if (LIST_EMPTY(&endpoint->uses) && !endpoint->unpollable) {
    epoll_ctl(poller.epoll, EPOLL_CTL_DEL, descriptor, NULL);
  }
}

static void detach_all(struct entry *entry) {
  detach(entry->pump.source, &entry->source);
  if (!entry->watch) detach(entry->pump.destination, &entry->destination);
}

static void descriptor_ready(int descriptor) {
  if (descriptor >= poller.endpoint_count) return;
  const struct use *use;
  LIST_FOREACH(use, &poller.endpoints[descriptor].uses, beside) {
    if (use->entry->watch) {
      add_notice(use->entry);
    } else {
      enqueue(use->entry);
    }
  }
}

// Called and left with the lock held.
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
    detach_all(entry);
    add_notice(entry);
  }
}

static void *run(void *argument) {
  char *scratch = argument;
  struct epoll_event events[EVENTS_AT_ONCE];
  prctl(PR_SET_NAME, "podshim-io");
  pthread_mutex_lock(&poller.lock);
  for (;;) {
    int wait = poller.queued > 0 ? 0 : -1;
    pthread_mutex_unlock(&poller.lock);
    int count = epoll_wait(poller.epoll, events, EVENTS_AT_ONCE, wait);
    pthread_mutex_lock(&poller.lock);
    for (int index = 0; index < count; index++) {
      // The wake-up counter is never read: every write is an edge.
      if (events[index].data.fd != poller.wake) descriptor_ready(events[index].data.fd);
    }
    for (size_t turns = poller.queued; turns > 0 && poller.queued > 0; turns--) {
      take_turn(TAILQ_FIRST(&poller.queue), scratch);
    }
    if (poller.noticed > 0 && !poller.notifying && poller.notify != NULL) {
      poller.notifying = napi_call_threadsafe_function(poller.notify, NULL, napi_tsfn_nonblocking) == napi_ok;
    }
  }
  return NULL;
}

static void wake_thread(void) {
  const uint64_t one = 1;
  ssize_t written = write(poller.wake, &one, sizeof(one));
  (void)written;
}

static void release(struct entry *entry) {
  poller.slots[entry->slot] = NULL;
  pump_free(&entry->pump);
  free(entry);
}

// In JavaScript's thread: hands over [slot, bytes, errno] of every notice in one call.
static void notify_javascript(napi_env env, napi_value callback, void *context, void *data) {
  (void)context;
  (void)data;
  if (env == NULL) return;
  pthread_mutex_lock(&poller.lock);
  poller.notifying = false;
  size_t count = poller.noticed;
  pthread_mutex_unlock(&poller.lock);
  if (count == 0) return;
  void *memory;
  napi_value buffer, array, receiver;
  if (napi_create_arraybuffer(env, count * 3 * sizeof(double), &memory, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_float64_array, count * 3, buffer, 0, &array) != napi_ok ||
      napi_get_undefined(env, &receiver) != napi_ok) {
    return;
  }
  double *at = memory;
  pthread_mutex_lock(&poller.lock);
  // Only this thread takes notices away, so there are still as many.
  for (size_t index = 0; index < count; index++) {
    struct entry *entry = TAILQ_FIRST(&poller.notices);
    remove_notice(entry);
    *at++ = entry->slot;
    *at++ = (double)atomic_load(&entry->pump.bytes);
    *at++ = entry->pump.failure;
    if (!entry->watch) release(entry);
  }
  pthread_mutex_unlock(&poller.lock);
  napi_call_function(env, receiver, callback, 1, &array, NULL);
}

static void forget_javascript(void *argument) {
  (void)argument;
  pthread_mutex_lock(&poller.lock);
  poller.notify = NULL;
  pthread_mutex_unlock(&poller.lock);
}

// Returns 0 or an errno. The stack also holds the thread-local storage of the whole program, whose size is not ours.
static int create_thread(char *scratch) {
  pthread_t thread;
  pthread_attr_t attributes;
  sigset_t all, before;
  int failure = pthread_attr_init(&attributes);
  if (failure != 0) return failure;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  failure = EINVAL;
  for (size_t size = STACK_SIZE; failure == EINVAL && size <= LARGEST_STACK; size *= 2) {
    failure = pthread_attr_setstacksize(&attributes, size);
    if (failure == 0) failure = pthread_create(&thread, &attributes, run, scratch);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return failure;
}

static int start_thread(void) {
  TAILQ_INIT(&poller.queue);
  TAILQ_INIT(&poller.notices);
  char *scratch = malloc(PUMP_SCRATCH);
  poller.epoll = epoll_create1(EPOLL_CLOEXEC);
  poller.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = poller.wake};
  int failure = 0;
  if (scratch == NULL) failure = ENOMEM;
  if (poller.epoll < 0 || poller.wake < 0 || epoll_ctl(poller.epoll, EPOLL_CTL_ADD, poller.wake, &event) < 0) {
    failure = errno;
  }
  if (failure == 0) failure = create_thread(scratch);
  if (failure == 0) return 0;
  free(scratch);
  if (poller.epoll >= 0) close(poller.epoll);
  if (poller.wake >= 0) close(poller.wake);
  return failure;
}

// callback(notices). Once, and for one JavaScript environment: EALREADY.
static napi_value startPoller(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  napi_value name;
  if (!read_arguments(env, info, 1, arguments)) return NULL;
  if (poller.started) return number(env, -EALREADY);
  if (napi_create_string_utf8(env, "podshim-io", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env, arguments[0], NULL, name, 0, 1, NULL, NULL, NULL, notify_javascript,
                                      &poller.notify) != napi_ok) {
    napi_throw_type_error(env, NULL, "expected a function");
    return NULL;
  }
  // Neither the movements nor the watches keep the program alive.
  napi_unref_threadsafe_function(env, poller.notify);
  int failure = start_thread();
  if (failure != 0) {
    napi_release_threadsafe_function(poller.notify, napi_tsfn_abort);
    poller.notify = NULL;
    return number(env, -failure);
  }
  napi_add_env_cleanup_hook(env, forget_javascript, NULL);
  poller.started = true;
  return number(env, 0);
}

static bool is_blocking(int descriptor) {
  return !poller.endpoints[descriptor].unpollable && !(fcntl(descriptor, F_GETFL) & O_NONBLOCK);
}

static struct entry *create_entry(int source, int destination) {
  int slot = 0;
  while (slot < poller.slot_count && poller.slots[slot] != NULL) slot++;
  if (slot == poller.slot_count) {
    struct entry **larger = realloc(poller.slots, sizeof(*larger) * (size_t)(poller.slot_count + 32));
    if (larger == NULL) return NULL;
    poller.slots = larger;
    for (int added = 0; added < 32; added++) larger[poller.slot_count++] = NULL;
  }
  struct entry *entry = calloc(1, sizeof(*entry));
  if (entry == NULL) return NULL;
  entry->slot = slot;
  entry->pump.source = source;
  entry->pump.destination = destination;
  poller.slots[slot] = entry;
  return entry;
}

// source, destination, terminal -> slot
static napi_value startMovement(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  int source, destination;
  bool terminal;
  if (!read_arguments(env, info, 3, arguments) || !read_int(env, arguments[0], &source) ||
      !read_int(env, arguments[1], &destination) || !read_bool(env, arguments[2], &terminal)) {
    return NULL;
  }
  if (!poller.started) return number(env, -ENXIO);
  struct entry *entry = create_entry(source, destination);
  if (entry == NULL) return number(env, -ENOMEM);
  entry->pump.terminal = terminal;
  // A terminal gives small pieces: copied, they fill the pages of a FIFO, and its 64 KiB stay 64 KiB.
  entry->pump.copying = terminal;
  pthread_mutex_lock(&poller.lock);
  int failure = attach(source, &entry->source, entry, EPOLLIN);
  if (failure == 0) failure = attach(destination, &entry->destination, entry, EPOLLOUT);
  if (failure == 0 && (is_blocking(source) || is_blocking(destination))) failure = EINVAL;
  int slot = entry->slot;
  if (failure == 0) {
    enqueue(entry);
  } else {
    detach_all(entry);
    release(entry);
  }
  pthread_mutex_unlock(&poller.lock);
  if (failure == 0) wake_thread();
  return number(env, failure == 0 ? slot : -failure);
}

// descriptor -> slot
static napi_value startWatch(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int descriptor;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &descriptor)) return NULL;
  if (!poller.started) return number(env, -ENXIO);
  struct entry *entry = create_entry(descriptor, -1);
  if (entry == NULL) return number(env, -ENOMEM);
  entry->watch = true;
  int slot = entry->slot;
  pthread_mutex_lock(&poller.lock);
  int failure = attach(descriptor, &entry->source, entry, EPOLLIN);
  if (failure != 0) release(entry);
  pthread_mutex_unlock(&poller.lock);
  return number(env, failure == 0 ? slot : -failure);
}

static struct entry *read_slot(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int slot;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &slot)) return NULL;
  if (slot >= 0 && slot < poller.slot_count && poller.slots[slot] != NULL) return poller.slots[slot];
  napi_throw_type_error(env, NULL, "no such movement or watch");
  return NULL;
}

static napi_value movementBytes(napi_env env, napi_callback_info info) {
  const struct entry *entry = read_slot(env, info);
  return entry == NULL ? NULL : number(env, (int64_t)atomic_load(&entry->pump.bytes));
}

static napi_value finishMovement(napi_env env, napi_callback_info info) {
  struct entry *entry = read_slot(env, info);
  if (entry == NULL) return NULL;
  atomic_store(&entry->pump.finishing, true);
  pthread_mutex_lock(&poller.lock);
  enqueue(entry);
  pthread_mutex_unlock(&poller.lock);
  wake_thread();
  return number(env, 0);
}

// slot -> bytes. When it returns, the thread is done with the descriptors.
static napi_value cancelPolled(napi_env env, napi_callback_info info) {
  struct entry *entry = read_slot(env, info);
  if (entry == NULL) return NULL;
  atomic_store(&entry->pump.stopped, true);
  pthread_mutex_lock(&poller.lock);
  dequeue(entry);
  remove_notice(entry);
  entry->cancelled = true;
  while (entry->running) pthread_cond_wait(&poller.turn_over, &poller.lock);
  detach_all(entry);
  int64_t bytes = (int64_t)atomic_load(&entry->pump.bytes);
  release(entry);
  pthread_mutex_unlock(&poller.lock);
  return number(env, bytes);
}

bool register_poller(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
      METHOD(startPoller),   METHOD(startMovement),  METHOD(startWatch),
      METHOD(movementBytes), METHOD(finishMovement), METHOD(cancelPolled),
  };
  return REGISTER(env, exports, methods);
}
