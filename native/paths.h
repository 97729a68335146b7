// Names in the file system, for other files of the addon.
#ifndef PODSHIM_PATHS_H
#define PODSHIM_PATHS_H

#include <sys/types.h>

// The folder and those above it that are missing. Writes into `path` and puts it back. -1 with errno on failure.
int make_directories(char *path, mode_t mode);

#endif
