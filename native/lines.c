// Lines of a file in /proc, without an allocation.
#include "lines.h"

#include <fcntl.h>
#include <unistd.h>

#include "common.h"

bool open_lines(struct lines *lines, const char *path) {
  lines->filled = 0;
  lines->at = 0;
  lines->descriptor = RETRY(open(path, O_RDONLY | O_CLOEXEC));
  return lines->descriptor >= 0;
}

bool next_piece(struct lines *lines, char end, char *piece, size_t size) {
  size_t length = 0;
  for (;;) {
    if (lines->at == lines->filled) {
      ssize_t count = RETRY(read(lines->descriptor, lines->buffer, sizeof(lines->buffer)));
      if (count <= 0) return false;
      lines->filled = (size_t)count;
      lines->at = 0;
    }
    char byte = lines->buffer[lines->at++];
    if (byte == end) break;
    if (length + 1 < size) piece[length++] = byte;
  }
  piece[length] = '\0';
  return true;
}

bool next_line(struct lines *lines, char *line, size_t size) { return next_piece(lines, '\n', line, size); }

void close_lines(struct lines *lines) { close(lines->descriptor); }
