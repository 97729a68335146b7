// Both ends of a stream that a shim carries: who writes into it in the container, and who reads it outside.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "load.h"

#define BLOCK 65536

// Moves without looking at it: what is measured is not the reader.
int run_drain(int count, char **words) {
  if (count != 2) return 2;
  uint64_t wanted = number(words[1]), bytes = 0, first = 0;
  int fifo = open(words[0], O_RDONLY | O_CLOEXEC);
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (fifo < 0 || nowhere < 0) fail(words[0]);
  while (bytes < wanted) {
    ssize_t moved = splice(fifo, NULL, nowhere, NULL, BLOCK, 0);
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) fail("splice");
    if (moved == 0) break;
    if (first == 0) first = now();
    bytes += (uint64_t)moved;
  }
  printf("{\"bytes\":%lu,\"wall\":%lu}\n", (unsigned long)bytes, (unsigned long)(now() - first));
  return 0;
}

int run_write(int count, char **words) {
  if (count != 1) return 2;
  static uint8_t block[BLOCK];
  wait_for_start();
  for (uint64_t left = number(words[0]); left > 0;) {
    uint64_t length = left < BLOCK ? left : BLOCK;
    write_all(STDOUT_FILENO, block, length);
    left -= length;
  }
  return 0;
}
