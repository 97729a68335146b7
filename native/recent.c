// What JavaScript noted down last, where another thread can read it.
#include "recent.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "common.h"
#include "moment.h"

#define MOST_NOTES 32

static struct note {
  struct timespec at;
  char text[112];
} notes[MOST_NOTES];
static _Atomic uint32_t written;

// text. A longer one is cut.
static napi_value noteRecent(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  size_t length;
  if (!read_arguments(env, info, 1, arguments)) return NULL;
  uint32_t number = atomic_load_explicit(&written, memory_order_relaxed);
  struct note *note = &notes[number % MOST_NOTES];
  clock_gettime(CLOCK_REALTIME, &note->at);
  if (napi_get_value_string_utf8(env, arguments[0], note->text, sizeof(note->text), &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "expected a string");
    return NULL;
  }
  atomic_store_explicit(&written, number + 1, memory_order_release);
  return NULL;
}

// Read while JavaScript stands still. Should it go on just now, one note may be half old and half new.
void put_recent(struct output *output) {
  uint32_t end = atomic_load_explicit(&written, memory_order_acquire);
  for (uint32_t number = end > MOST_NOTES ? end - MOST_NOTES : 0; number != end; number++) {
    const struct note *note = &notes[number % MOST_NOTES];
    put_moment(output, note->at);
    put(output, " ");
    put_bytes(output, note->text, strnlen(note->text, sizeof(note->text)));
    put(output, "\n");
  }
  if (end == 0) put(output, "nothing happened yet\n");
}

bool register_recent(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(noteRecent)};
  return REGISTER(env, exports, methods);
}
