// JavaScript's face of the poller: movements and watches by slot, and the way back to JavaScript.
#include <stdlib.h>
#include <sys/epoll.h>

#include "common.h"
#include "poller.h"

#define MORE_SLOTS 32

// Only JavaScript's thread touches these two.
static struct entry **slots;
static int slot_count;
static bool started;
// Under the poller's lock.
static napi_threadsafe_function to_javascript;

static struct entry *create_entry(int source, int destination) {
  int slot = 0;
  while (slot < slot_count && slots[slot] != NULL) slot++;
  if (slot == slot_count) {
    struct entry **larger = realloc(slots, sizeof(*larger) * (size_t)(slot_count + MORE_SLOTS));
    if (larger == NULL) return NULL;
    slots = larger;
    for (int added = 0; added < MORE_SLOTS; added++) slots[slot_count++] = NULL;
  }
  struct entry *entry = calloc(1, sizeof(*entry));
  if (entry == NULL) return NULL;
  entry->slot = slot;
  entry->pump.source = source;
  entry->pump.destination = destination;
  slots[slot] = entry;
  return entry;
}

static void release(struct entry *entry) {
  slots[entry->slot] = NULL;
  pump_free(&entry->pump);
  free(entry);
}

// In the poller's thread, with its lock held.
static bool notify(void) {
  return to_javascript != NULL && napi_call_threadsafe_function(to_javascript, NULL, napi_tsfn_nonblocking) == napi_ok;
}

// In JavaScript's thread: hands over [slot, bytes, errno] of every notice in one call.
static void take_notices(napi_env env, napi_value callback, void *context, void *data) {
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
  to_javascript = NULL;
  pthread_mutex_unlock(&poller.lock);
}

// callback(notices). Once, and for one JavaScript environment: EALREADY.
static napi_value startPoller(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  napi_value name;
  if (!read_arguments(env, info, 1, arguments)) return NULL;
  if (started) return number(env, -EALREADY);
  if (napi_create_string_utf8(env, "podshim-io", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env, arguments[0], NULL, name, 0, 1, NULL, NULL, NULL, take_notices,
                                      &to_javascript) != napi_ok) {
    napi_throw_type_error(env, NULL, "expected a function");
    return NULL;
  }
  // Neither the movements nor the watches keep the program alive.
  napi_unref_threadsafe_function(env, to_javascript);
  poller.notify = notify;
  int failure = start_poller();
  if (failure != 0) {
    napi_release_threadsafe_function(to_javascript, napi_tsfn_abort);
    to_javascript = NULL;
    return number(env, -failure);
  }
  napi_add_env_cleanup_hook(env, forget_javascript, NULL);
  started = true;
  return number(env, 0);
}

// With the lock held. Returns 0 or an errno.
static int attach_movement(struct entry *entry) {
  const struct pump *pump = &entry->pump;
  int failure = attach_use(&poller.endpoints, pump->source, &entry->source, entry, EPOLLIN, false);
  if (failure == 0) {
    failure = attach_use(&poller.endpoints, pump->destination, &entry->destination, entry, EPOLLOUT, false);
  }
  if (failure != 0) return failure;
  bool blocking = may_block(&poller.endpoints, pump->source) || may_block(&poller.endpoints, pump->destination);
  return blocking ? EINVAL : 0;
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
  if (!started) return number(env, -ENXIO);
  struct entry *entry = create_entry(source, destination);
  if (entry == NULL) return number(env, -ENOMEM);
  int slot = entry->slot;
  entry->pump.terminal = terminal;
  // A terminal gives small pieces: copied, they fill the pages of a FIFO, and its 64 KiB stay 64 KiB.
  entry->pump.copying = terminal;
  pthread_mutex_lock(&poller.lock);
  int failure = attach_movement(entry);
  if (failure == 0) {
    enqueue(entry);
  } else {
    detach_entry(entry);
    release(entry);
  }
  pthread_mutex_unlock(&poller.lock);
  if (failure == 0) wake_poller();
  return number(env, failure == 0 ? slot : -failure);
}

// descriptor -> slot
static napi_value startWatch(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int descriptor;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &descriptor)) return NULL;
  if (!started) return number(env, -ENXIO);
  struct entry *entry = create_entry(descriptor, -1);
  if (entry == NULL) return number(env, -ENOMEM);
  int slot = entry->slot;
  entry->watch = true;
  pthread_mutex_lock(&poller.lock);
  int failure = attach_use(&poller.endpoints, descriptor, &entry->source, entry, EPOLLIN, true);
  if (failure != 0) release(entry);
  pthread_mutex_unlock(&poller.lock);
  return number(env, failure == 0 ? slot : -failure);
}

static struct entry *read_slot(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int slot;
  if (!read_arguments(env, info, 1, arguments) || !read_int(env, arguments[0], &slot)) return NULL;
  if (slot >= 0 && slot < slot_count && slots[slot] != NULL) return slots[slot];
  napi_throw_type_error(env, NULL, "no such movement or watch");
  return NULL;
}

// slot -> bytes so far
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
  wake_poller();
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
  detach_entry(entry);
  pthread_mutex_unlock(&poller.lock);
  int64_t bytes = (int64_t)atomic_load(&entry->pump.bytes);
  release(entry);
  return number(env, bytes);
}

bool register_poller(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
      METHOD(startPoller),   METHOD(startMovement),  METHOD(startWatch),
      METHOD(movementBytes), METHOD(finishMovement), METHOD(cancelPolled),
  };
  return REGISTER(env, exports, methods);
}
