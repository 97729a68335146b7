// A shim's `start` as a daemon runs it, and the first call to the server that it leaves.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"
#include "load.h"

extern char **environ;

// Reads until nobody holds the other end: what a daemon waits for.
static void read_output(int descriptor, char *text, size_t room) {
  size_t length = 0;
  for (;;) {
    ssize_t got = read(descriptor, text + length, room - 1 - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read");
    if (got == 0) break;
    length += (size_t)got;
  }
  text[length] = '\0';
}

// Finds the address in whichever form the answer has: unix://PATH ends at a quote, a control character or the end.
static char *find_socket(char *answer, size_t length) {
  for (size_t at = 0; at + 7 < length; at++) {
    if (memcmp(answer + at, "unix://", 7) != 0) continue;
    char *path = answer + at + 7;
    size_t end = 0;
    while (path[end] > ' ' && path[end] != '"') end++;
    path[end] = '\0';
    return path;
  }
  errno = EPROTO;
  fail(answer);
}

int run_start(int count, char **words) {
  if (count < 3) return 2;
  size_t length;
  const uint8_t *request = read_file(words[0], &length);
  uint8_t *frame = malloc(FRAME_HEADER + length);
  if (frame == NULL) fail("malloc");
  write_header(frame, (uint32_t)length, 1);
  memcpy(frame + FRAME_HEADER, request, length);

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) fail("pipe2");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, words[1], O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2);

  static char answer[8192];
  pid_t child;
  uint64_t begin = now();
  errno = posix_spawn(&child, words[2], &actions, NULL, words + 2, environ);
  if (errno != 0) fail(words[2]);
  close(ends[1]);
  read_output(ends[0], answer, sizeof answer);
  int status;
  if (waitpid(child, &status, 0) < 0) fail("waitpid");
  uint64_t returned = now();
  struct rusage usage;
  if (getrusage(RUSAGE_CHILDREN, &usage) < 0) fail("getrusage");
  uint64_t used = ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000u +
                  ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000u;
  if (status != 0) {
    fprintf(stderr, "start: %s\n", answer);
    return 1;
  }
  char *path = find_socket(answer, sizeof answer);
  int connection = connect_to(path);
  write_all(connection, frame, FRAME_HEADER + length);
  static uint8_t response[4096];
  size_t held = 0;
  while (held < FRAME_HEADER || held < FRAME_HEADER + read_big_endian(response)) {
    ssize_t got = read(connection, response + held, sizeof response - held);
    if (got <= 0) fail("read");
    held += (size_t)got;
  }
  uint64_t answered = now();
  char text[200];
  if (is_failure(response + FRAME_HEADER, held - FRAME_HEADER, text, sizeof text)) {
    fprintf(stderr, "Connect: %s\n", text);
    return 1;
  }
  size_t size;
  const uint8_t *message = find_bytes(response + FRAME_HEADER, held - FRAME_HEADER, 2, &size);
  uint64_t pid = message == NULL ? 0 : find_number(message, size, 1);
  printf("{\"returned\":%lu,\"answered\":%lu,\"helper\":%lu,\"server\":%lu,\"pid\":%lu,\"socket\":\"%s\"}\n",
         (unsigned long)(returned - begin), (unsigned long)(answered - begin), (unsigned long)used,
         (unsigned long)processor_time((pid_t)pid), (unsigned long)pid, path);
  return 0;
}
