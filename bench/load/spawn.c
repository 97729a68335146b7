// Commands at once, as a shell would run them with &.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "load.h"

extern char **environ;

// The word with its first % replaced by a number.
static char *fill_in(const char *word, uint64_t index) {
  const char *place = strchr(word, '%');
  char *filled;
  if (place == NULL) return strdup(word);
  if (asprintf(&filled, "%.*s%lu%s", (int)(place - word), word, (unsigned long)index, place + 1) < 0) fail("asprintf");
  return filled;
}

int run_spawn(int count, char **words) {
  if (count < 2) return 2;
  uint64_t processes = number(words[0]);
  char ***commands = calloc(processes, sizeof *commands);
  for (uint64_t index = 0; index < processes; index++) {
    commands[index] = calloc((size_t)count, sizeof **commands);
    for (int word = 1; word < count; word++) commands[index][word - 1] = fill_in(words[word], index);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);

  uint64_t begin = now();
  for (uint64_t index = 0; index < processes; index++) {
    pid_t child;
    errno = posix_spawnp(&child, commands[index][0], &actions, NULL, commands[index], environ);
    if (errno != 0) fail(commands[index][0]);
  }
  uint64_t failures = 0;
  for (uint64_t ended = 0; ended < processes; ended++) {
    int status;
    if (waitpid(-1, &status, 0) < 0) fail("waitpid");
    if (status != 0) failures++;
  }
  printf("{\"wall\":%lu,\"failures\":%lu}\n", (unsigned long)(now() - begin), (unsigned long)failures);
  return 0;
}
