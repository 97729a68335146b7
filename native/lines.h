// Lines of a file in /proc, without an allocation.
#ifndef PODSHIM_LINES_H
#define PODSHIM_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
  int descriptor;
  size_t filled, at;
  char buffer[16384];
};

// Returns false with errno when the file cannot be opened.
bool open_lines(struct lines *lines, const char *path);
// The next line without its end. Lines may end with a path, which can be as long as PATH_MAX: what does not fit into
// `size` is skipped.
bool next_line(struct lines *lines, char *line, size_t size);
// The same for pieces that end with another character.
bool next_piece(struct lines *lines, char end, char *piece, size_t size);
void close_lines(struct lines *lines);

#endif
