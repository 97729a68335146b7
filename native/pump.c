// Moves bytes from one descriptor to another without waiting.
#include "pump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// One turn ends after this much, or after so many steps.
#define TURN_BYTES (256 * 1024)
#define TURN_STEPS 32
#define SPLICE_BYTES (64 * 1024)

enum step { STEP_MOVED, STEP_WAIT, STEP_END };

static enum step end_with(struct pump *pump, int failure) {
  pump->failure = failure;
  return STEP_END;
}

static void count(struct pump *pump, size_t bytes) {
  atomic_fetch_add_explicit(&pump->bytes, bytes, memory_order_relaxed);
}

// splice says EAGAIN when the source is empty and when the destination is full. It says so, too, when the source has
// ended and the destination is full, which is an end for whoever waits for it (contract, trap 36a).
static bool source_has_ended(const struct pump *pump) {
  struct pollfd state = {.fd = pump->source, .events = POLLIN};
  return poll(&state, 1, 0) == 1 && (state.revents & POLLHUP) && !(state.revents & POLLIN);
}

static enum step splice_step(struct pump *pump) {
  ssize_t moved = splice(pump->source, NULL, pump->destination, NULL, SPLICE_BYTES, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (moved > 0) {
    count(pump, (size_t)moved);
    return STEP_MOVED;
  }
  if (moved == 0) return STEP_END;
  if (errno == EINTR) return STEP_MOVED;
  if (errno == EAGAIN) return source_has_ended(pump) ? STEP_END : STEP_WAIT;
  if (errno != EINVAL) return end_with(pump, errno);
  // Neither is a pipe, or the destination is O_APPEND, or its file system cannot.
  pump->copying = true;
  return STEP_MOVED;
}

static enum step write_kept(struct pump *pump) {
  ssize_t taken = write(pump->destination, pump->kept + pump->kept_at, pump->kept_length);
  if (taken < 0) {
    if (errno == EINTR) return STEP_MOVED;
    return errno == EAGAIN ? STEP_WAIT : end_with(pump, errno);
  }
  count(pump, (size_t)taken);
  pump->kept_at += (size_t)taken;
  pump->kept_length -= (size_t)taken;
  if (pump->kept_length == 0) pump_free(pump);
  return STEP_MOVED;
}

static enum step keep(struct pump *pump, const char *data, size_t length) {
  pump->kept = malloc(length);
  if (pump->kept == NULL) return end_with(pump, ENOMEM);
  memcpy(pump->kept, data, length);
  pump->kept_at = 0;
  pump->kept_length = length;
  return STEP_WAIT;
}

static enum step copy_step(struct pump *pump, char *scratch) {
  if (pump->kept != NULL) return write_kept(pump);
  // Looked at before the read: what came before finish() must not be missed.
  bool finishing = atomic_load(&pump->finishing);
  ssize_t length = read(pump->source, scratch, PUMP_SCRATCH);
  if (length == 0) return STEP_END;
  if (length < 0) {
    if (errno == EINTR) return STEP_MOVED;
    if (errno == EAGAIN || (errno == EIO && pump->terminal)) {
      return pump->terminal && finishing ? STEP_END : STEP_WAIT;
    }
    return end_with(pump, errno);
  }
  ssize_t taken = write(pump->destination, scratch, (size_t)length);
  if (taken < 0 && (errno == EAGAIN || errno == EINTR)) taken = 0;
  if (taken < 0) return end_with(pump, errno);
  count(pump, (size_t)taken);
  if (taken == length) return STEP_MOVED;
  enum step kept = keep(pump, scratch + taken, (size_t)(length - taken));
  // After a short write there may be room again, and no edge will tell: try once more.
  return kept == STEP_WAIT ? STEP_MOVED : kept;
}

enum turn pump_turn(struct pump *pump, char *scratch) {
  uint64_t bound = atomic_load_explicit(&pump->bytes, memory_order_relaxed) + TURN_BYTES;
  for (int step = 0; step < TURN_STEPS; step++) {
    if (atomic_load_explicit(&pump->stopped, memory_order_relaxed)) return TURN_WAIT;
    enum step result = pump->copying ? copy_step(pump, scratch) : splice_step(pump);
    if (result == STEP_END) return TURN_END;
    if (result == STEP_WAIT) return TURN_WAIT;
    if (atomic_load_explicit(&pump->bytes, memory_order_relaxed) >= bound) break;
  }
  return TURN_MORE;
}

void pump_free(struct pump *pump) {
  free(pump->kept);
  pump->kept = NULL;
  pump->kept_length = 0;
}
