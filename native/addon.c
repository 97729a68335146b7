// The addon's one entry. Loads in any runtime with Node-API version 8.
#include "common.h"

static bool (*const groups[])(napi_env, napi_value) = {
    register_files,  register_paths, register_tree,     register_spawn, register_reap,    register_signal,
    register_limits, register_clock, register_socket,   register_pass,  register_eventfd, register_inotify,
    register_mount,  register_loop,  register_terminal, register_idmap, register_poller,
    register_namespaces, register_memory, register_watch,  register_fork,
};

NAPI_MODULE_INIT() {
  for (size_t index = 0; index < sizeof(groups) / sizeof(groups[0]); index++) {
    if (groups[index](env, exports)) continue;
    napi_throw_error(env, NULL, "podshim.node: cannot register its functions");
    return NULL;
  }
  return exports;
}
