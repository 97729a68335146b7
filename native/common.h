// Shared by every file of the addon: argument reading, results, registration.
//
// Rules: a function returns its value, or a negative errno that TypeScript turns into a SystemError.
// Only misuse (a wrong argument type) throws, and it throws TypeError. Policy stays in TypeScript.
#ifndef PODSHIM_COMMON_H
#define PODSHIM_COMMON_H

#ifndef NAPI_VERSION
#define NAPI_VERSION 8
#endif

#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A string argument as UTF-8 with a final NUL. Short ones need no allocation.
struct text {
  char *at;
  size_t length;
  char inside[248];
};

// Bytes from a string (as UTF-8) or from a Uint8Array (borrowed until the call returns).
struct bytes {
  const uint8_t *at;
  size_t length;
  struct text text;
};

bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);
bool read_int(napi_env env, napi_value value, int *result);
bool read_unsigned(napi_env env, napi_value value, uint32_t *result);
bool read_double(napi_env env, napi_value value, double *result);
bool read_bool(napi_env env, napi_value value, bool *result);

// A string that goes to the kernel: a NUL inside it is refused with TypeError. Release with free_text.
bool read_text(napi_env env, napi_value value, struct text *result);
// The same, but NULs are kept (blocks of several strings).
bool read_block(napi_env env, napi_value value, struct text *result);
// undefined and null give at == NULL.
bool read_optional_text(napi_env env, napi_value value, struct text *result);
void free_text(struct text *text);

bool read_bytes(napi_env env, napi_value value, struct bytes *result);
void free_bytes(struct bytes *bytes);

// The Float64Array a caller hands in for functions with more than one result.
bool read_slots(napi_env env, napi_value value, size_t count, double **slots);
bool read_int32_array(napi_env env, napi_value value, int32_t **items, size_t *count);

napi_value number(napi_env env, int64_t value);
// result, or -errno when result is negative.
napi_value outcome(napi_env env, int64_t result);
napi_value string(napi_env env, const char *text, size_t length);
napi_value byte_array(napi_env env, const void *data, size_t length);

#define METHOD(name) {#name, NULL, name, NULL, NULL, NULL, napi_enumerable, NULL}
#define REGISTER(env, exports, methods) \
  (napi_define_properties(env, exports, sizeof(methods) / sizeof((methods)[0]), methods) == napi_ok)

// Repeats a system call that a signal interrupted.
#define RETRY(expression)                          \
  ({                                               \
    __typeof__(expression) result_;                \
    do {                                           \
      result_ = (expression);                      \
    } while (result_ < 0 && errno == EINTR);       \
    result_;                                       \
  })

bool register_files(napi_env env, napi_value exports);
bool register_paths(napi_env env, napi_value exports);
bool register_tree(napi_env env, napi_value exports);
bool register_spawn(napi_env env, napi_value exports);
bool register_fork(napi_env env, napi_value exports);
bool register_reap(napi_env env, napi_value exports);
bool register_signal(napi_env env, napi_value exports);
bool register_limits(napi_env env, napi_value exports);
bool register_clock(napi_env env, napi_value exports);
bool register_memory(napi_env env, napi_value exports);
bool register_socket(napi_env env, napi_value exports);
bool register_pass(napi_env env, napi_value exports);
bool register_terminal(napi_env env, napi_value exports);
bool register_mount(napi_env env, napi_value exports);
bool register_loop(napi_env env, napi_value exports);
bool register_idmap(napi_env env, napi_value exports);
bool register_poller(napi_env env, napi_value exports);
bool register_namespaces(napi_env env, napi_value exports);
bool register_eventfd(napi_env env, napi_value exports);
bool register_inotify(napi_env env, napi_value exports);
bool register_watch(napi_env env, napi_value exports);

#endif
