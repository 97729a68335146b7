// Text for a file, collected in memory that is always there: nothing is allocated, because the thread that is being
// reported on may hold the allocator's lock.
#ifndef PODSHIM_OUTPUT_H
#define PODSHIM_OUTPUT_H

#include <stddef.h>

struct output {
  int descriptor;
  // The first errno; what follows it is dropped.
  int failure;
  size_t filled;
  char buffer[8192];
};

void put(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Bytes as they are, but for control characters, which become '?'.
void put_bytes(struct output *output, const char *bytes, size_t length);
// A whole file, each line with `indent` before it. What cannot be read is left out.
void put_file(struct output *output, const char *indent, const char *path);
void flush_output(struct output *output);

#endif
