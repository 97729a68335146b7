#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_clock(clockid_t clock) {
  struct timespec time;
  if (clock_gettime(clock, &time) < 0) fail("clock_gettime");
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t now(void) { return read_clock(CLOCK_MONOTONIC); }

uint64_t processor_time(pid_t pid) {
  clockid_t clock;
  errno = clock_getcpuclockid(pid, &clock);
  if (errno != 0) fail("clock_getcpuclockid");
  return read_clock(clock);
}

void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

uint64_t number(const char *word) {
  char *end;
  uint64_t value = strtoull(word, &end, 10);
  if (*word == '\0' || *end != '\0') {
    fprintf(stderr, "not a number: %s\n", word);
    exit(1);
  }
  return value;
}

uint8_t *read_file(const char *path, size_t *length) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (descriptor < 0 || fstat(descriptor, &status) < 0) fail(path);
  *length = (size_t)status.st_size;
  uint8_t *bytes = malloc(*length + 1);
  if (bytes == NULL) fail("malloc");
  for (size_t done = 0; done < *length;) {
    ssize_t got = read(descriptor, bytes + done, *length - done);
    if (got <= 0) fail(path);
    done += (size_t)got;
  }
  close(descriptor);
  return bytes;
}

void write_all(int descriptor, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(descriptor, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write");
    bytes += written;
    length -= (size_t)written;
  }
}

struct sockaddr_un socket_address(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    fail(path);
  }
  strcpy(address.sun_path, path);
  return address;
}

int connect_to(const char *path) {
  struct sockaddr_un address = socket_address(path);
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0) fail(path);
  return descriptor;
}

static void take_signal(int signal) { (void)signal; }

void wait_for_start(void) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  // With a handler, so that /proc/PID/status tells from outside that a signal is waited for.
  struct sigaction action = {.sa_handler = take_signal};
  if (sigaction(SIGUSR1, &action, NULL) < 0) fail("sigaction");
  sigsuspend(&before);
}
