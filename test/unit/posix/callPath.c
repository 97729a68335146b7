// Prints what a report says of openat() with the path of the first argument, which lies at the very end of a page, or
// with so many characters of it on the next page: `callPath PATH CHARACTERS`. With `unmapped` that page cannot be read.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "calls.h"

int main(int count, char **words) {
  if (count < 3) return 2;
  const size_t page = 4096, length = strlen(words[1]);
  char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return 1;
  char *path = pages + page - length + strtoul(words[2], NULL, 10);
  memcpy(path, words[1], length);
  if (count > 3 && munmap(pages + page, page) != 0) return 1;
  static struct output output = {.descriptor = 1};
  const struct doing doing = {
      .kind = DOING_CALL,
      .call = SYS_openat,
      .arguments = {(unsigned long)AT_FDCWD, (uintptr_t)path},
  };
  put_doing(&output, &doing);
  flush_output(&output);
  return 0;
}
