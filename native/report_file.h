// A file for its owner alone, in a folder for its owner alone.
#ifndef PODSHIM_REPORT_FILE_H
#define PODSHIM_REPORT_FILE_H

struct report_file {
  int directory;
  int descriptor;
  const char *name;
  char temporary[280];
};

// Makes the folder when it is missing. 0, or an errno: EPERM when the folder is not this user's alone, because somebody
// else could then have put a link in the file's place.
int open_report_file(struct report_file *file, char *directory, const char *name);
// Puts the file in its place, unless writing it failed; then it is removed. Returns `failure`, or a new errno.
int show_report_file(struct report_file *file, int failure);
void close_report_file(struct report_file *file);

#endif
