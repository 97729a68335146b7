// Argument reading and results, shared by every file of the addon.
#include "common.h"

#include <stdlib.h>
#include <string.h>

#include "watchdog.h"

static bool refuse(napi_env env, const char *message) {
  napi_throw_type_error(env, NULL, message);
  return false;
}

bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  note_activity();
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) != napi_ok) return false;
  if (given < count) return refuse(env, "too few arguments");
  return true;
}

bool read_int(napi_env env, napi_value value, int *result) {
  int32_t read;
  if (napi_get_value_int32(env, value, &read) != napi_ok) return refuse(env, "expected a number");
  *result = read;
  return true;
}

bool read_unsigned(napi_env env, napi_value value, uint32_t *result) {
  if (napi_get_value_uint32(env, value, result) != napi_ok) return refuse(env, "expected a number");
  return true;
}

bool read_double(napi_env env, napi_value value, double *result) {
  if (napi_get_value_double(env, value, result) != napi_ok) return refuse(env, "expected a number");
  return true;
}

bool read_bool(napi_env env, napi_value value, bool *result) {
  if (napi_get_value_bool(env, value, result) != napi_ok) return refuse(env, "expected a boolean");
  return true;
}

bool read_block(napi_env env, napi_value value, struct text *result) {
  size_t length;
  result->at = result->inside;
  if (napi_get_value_string_utf8(env, value, result->inside, sizeof(result->inside), &length) != napi_ok) {
    result->at = NULL;
    return refuse(env, "expected a string");
  }
  // A cut never splits a character, so a cut text may end up to three bytes early.
  if (length + 4 < sizeof(result->inside)) {
    result->length = length;
    return true;
  }
  result->at = NULL;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return refuse(env, "expected a string");
  char *memory = malloc(length + 1);
  if (memory == NULL) {
    napi_throw_error(env, NULL, "out of memory");
    return false;
  }
  if (napi_get_value_string_utf8(env, value, memory, length + 1, &length) != napi_ok) {
    free(memory);
    return refuse(env, "expected a string");
  }
  result->at = memory;
  result->length = length;
  return true;
}

bool read_text(napi_env env, napi_value value, struct text *result) {
  if (!read_block(env, value, result)) return false;
  if (memchr(result->at, 0, result->length) == NULL) return true;
  free_text(result);
  return refuse(env, "the string contains a NUL character");
}

bool read_optional_text(napi_env env, napi_value value, struct text *result) {
  napi_valuetype type;
  result->at = NULL;
  result->length = 0;
  if (napi_typeof(env, value, &type) != napi_ok) return refuse(env, "expected a string or undefined");
  if (type == napi_undefined || type == napi_null) return true;
  return read_text(env, value, result);
}

void free_text(struct text *text) {
  if (text->at != text->inside) free(text->at);
  text->at = NULL;
}

bool read_bytes(napi_env env, napi_value value, struct bytes *result) {
  napi_valuetype type;
  result->text.at = NULL;
  if (napi_typeof(env, value, &type) != napi_ok) return refuse(env, "expected a string or a Uint8Array");
  if (type == napi_string) {
    if (!read_block(env, value, &result->text)) return false;
    result->at = (const uint8_t *)result->text.at;
    result->length = result->text.length;
    return true;
  }
  napi_typedarray_type kind;
  void *data;
  size_t length;
  if (napi_get_typedarray_info(env, value, &kind, &length, &data, NULL, NULL) != napi_ok || kind != napi_uint8_array) {
    return refuse(env, "expected a string or a Uint8Array");
  }
  result->at = data;
  result->length = length;
  return true;
}

void free_bytes(struct bytes *bytes) {
  if (bytes->text.at != NULL) free_text(&bytes->text);
}

bool read_slots(napi_env env, napi_value value, size_t count, double **slots) {
  napi_typedarray_type kind;
  void *data;
  size_t length;
  if (napi_get_typedarray_info(env, value, &kind, &length, &data, NULL, NULL) != napi_ok ||
      kind != napi_float64_array || length < count) {
    return refuse(env, "expected a Float64Array of sufficient length");
  }
  *slots = data;
  return true;
}

bool read_int32_array(napi_env env, napi_value value, int32_t **items, size_t *count) {
  napi_typedarray_type kind;
  void *data;
  if (napi_get_typedarray_info(env, value, &kind, count, &data, NULL, NULL) != napi_ok || kind != napi_int32_array) {
    return refuse(env, "expected an Int32Array");
  }
  *items = data;
  return true;
}

napi_value number(napi_env env, int64_t value) {
  napi_value result = NULL;
  napi_create_int64(env, value, &result);
  return result;
}

napi_value outcome(napi_env env, int64_t result) {
  return number(env, result < 0 ? -(int64_t)errno : result);
}

napi_value string(napi_env env, const char *text, size_t length) {
  napi_value result = NULL;
  napi_create_string_utf8(env, text, length, &result);
  return result;
}

napi_value byte_array(napi_env env, const void *data, size_t length) {
  napi_value buffer;
  napi_value result = NULL;
  void *memory;
  if (napi_create_arraybuffer(env, length, &memory, &buffer) != napi_ok) return NULL;
  if (length > 0) memcpy(memory, data, length);
  napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &result);
  return result;
}
