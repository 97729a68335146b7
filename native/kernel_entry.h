// The kernel's own layout of an entry of a folder, as getdents64 gives it.
#ifndef PODSHIM_KERNEL_ENTRY_H
#define PODSHIM_KERNEL_ENTRY_H

#include <stdint.h>

struct kernel_entry {
  uint64_t inode;
  int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

#endif
