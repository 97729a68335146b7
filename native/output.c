// Text for a file, collected in memory that is always there.
#include "output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "lines.h"

#define LONGEST_LINE 512

void flush_output(struct output *output) {
  for (size_t at = 0; at < output->filled && output->failure == 0;) {
    ssize_t taken = RETRY(write(output->descriptor, output->buffer + at, output->filled - at));
    if (taken < 0) output->failure = errno;
    else at += (size_t)taken;
  }
  output->filled = 0;
}

static void reserve(struct output *output) {
  if (sizeof(output->buffer) - output->filled < LONGEST_LINE) flush_output(output);
}

void put(struct output *output, const char *format, ...) {
  va_list arguments;
  reserve(output);
  va_start(arguments, format);
  int length = vsnprintf(output->buffer + output->filled, LONGEST_LINE, format, arguments);
  va_end(arguments);
  if (length <= 0) return;
  output->filled += length < LONGEST_LINE ? (size_t)length : LONGEST_LINE - 1;
}

void put_bytes(struct output *output, const char *bytes, size_t length) {
  for (size_t at = 0; at < length; at++) {
    unsigned char byte = (unsigned char)bytes[at];
    if (output->filled == sizeof(output->buffer)) flush_output(output);
    output->buffer[output->filled++] = byte < ' ' || byte == 127 ? '?' : (char)byte;
  }
}

void put_file(struct output *output, const char *indent, const char *path) {
  static struct lines lines;
  char line[LONGEST_LINE];
  if (!open_lines(&lines, path)) return;
  while (next_line(&lines, line, sizeof(line))) {
    put(output, "%s", indent);
    put_bytes(output, line, strlen(line));
    put(output, "\n");
  }
  close_lines(&lines);
}
