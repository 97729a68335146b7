// A file for its owner alone, in a folder for its owner alone.
#include "report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "compatible.h"
#include "paths.h"

// Neither a link nor anything that somebody else can look into or write to.
static int open_own_directory(char *path) {
  if (make_directories(path, 0700) < 0) return -1;
  int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) return -1;
  struct stat status;
  if (status_of(directory, &status) == 0 && status.st_uid == geteuid() && (status.st_mode & 077) == 0) return directory;
  close(directory);
  errno = EPERM;
  return -1;
}

int open_report_file(struct report_file *file, char *directory, const char *name) {
  file->name = name;
  snprintf(file->temporary, sizeof(file->temporary), "%s.new", name);
  file->directory = open_own_directory(directory);
  if (file->directory < 0) return errno;
  // Left by a process of this pid that was ended in the middle of it.
  unlinkat(file->directory, file->temporary, 0);
  file->descriptor = openat(file->directory, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file->descriptor >= 0) return 0;
  int failure = errno;
  close(file->directory);
  return failure;
}

int show_report_file(struct report_file *file, int failure) {
  if (failure == 0 && renameat(file->directory, file->temporary, file->directory, file->name) < 0) failure = errno;
  if (failure != 0) unlinkat(file->directory, file->temporary, 0);
  return failure;
}

void close_report_file(struct report_file *file) {
  close(file->descriptor);
  close(file->directory);
}
