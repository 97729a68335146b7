// Collects dead children.
#include <sys/wait.h>

#include "common.h"
#include "recent.h"

// pairs of (pid, status) -> number of pairs written; fewer than fit means that nobody else is dead.
static napi_value reapExited(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int32_t *pairs;
  size_t length;
  if (!read_arguments(env, info, 1, arguments) || !read_int32_array(env, arguments[0], &pairs, &length)) return NULL;
  size_t room = length / 2;
  size_t count = 0;
  while (count < room) {
    int status;
    pid_t pid = RETRY(waitpid(-1, &status, WNOHANG));
    if (pid == 0 || (pid < 0 && errno == ECHILD)) break;
    if (pid < 0) return outcome(env, -1);
    pairs[count * 2] = pid;
    pairs[count * 2 + 1] = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    note_exit(pid, pairs[count * 2 + 1]);
    count++;
  }
  return number(env, (int64_t)count);
}

bool register_reap(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {METHOD(reapExited)};
  return REGISTER(env, exports, methods);
}
