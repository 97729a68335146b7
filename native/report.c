// What can be told of a process whose JavaScript does not answer.
#include "report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "common.h"
#include "lines.h"
#include "moment.h"
#include "recent.h"
#include "report_file.h"
#include "sample.h"
#include "stack.h"

#define MOST_LISTED 500

static void put_seconds(struct output *output, int64_t milliseconds) {
  put(output, "%ld.%ld s", (long)(milliseconds / 1000), (long)(milliseconds % 1000 / 100));
}

static void put_title(struct output *output, const char *title) { put(output, "\n--- %s ---\n", title); }

// `NAME: state, in WCHAN`, of /proc/DIRECTORY.
static void put_process(struct output *output, const char *directory) {
  static struct lines lines;
  char path[64], line[128], waiting[64];
  snprintf(path, sizeof(path), "%s/status", directory);
  if (!open_lines(&lines, path)) return;
  while (next_line(&lines, line, sizeof(line))) {
    const char *value = strchr(line, '\t');
    if (value == NULL) continue;
    if (strncmp(line, "Name:", 5) == 0 || strncmp(line, "State:", 6) == 0) {
      put(output, line[0] == 'N' ? " " : ": ");
      put_bytes(output, value + 1, strlen(value + 1));
    }
  }
  close_lines(&lines);
  snprintf(path, sizeof(path), "%s/wchan", directory);
  if (read_small(path, waiting, sizeof(waiting)) > 0 && strcmp(waiting, "0") != 0) put(output, ", in %s", waiting);
}

static void put_thread(void *context, long thread) {
  struct output *output = context;
  char path[64];
  struct doing doing = read_doing((pid_t)thread);
  snprintf(path, sizeof(path), "/proc/self/task/%ld", thread);
  put(output, "thread %ld", thread);
  put_process(output, path);
  put(output, ", ");
  put_doing(output, &doing);
  put(output, "\n");
  snprintf(path, sizeof(path), "/proc/self/task/%ld/stack", thread);
  put_file(output, "  ", path);
}

static void put_javascript(struct output *output, const struct report *report) {
  struct scheduled now = read_scheduled(report->thread);
  put_title(output, "JavaScript's thread");
  put_thread(output, report->thread);
  put(output, "since it was asked: ");
  put_seconds(output, now.running - report->before.running);
  put(output, " on a processor, ");
  put_seconds(output, now.waiting - report->before.waiting);
  put(output, " waiting for one\n");
}

static void put_javascript_stack(struct output *output, const struct report *report) {
  struct doing doing = read_doing(report->thread);
  bool known = doing.kind == DOING_CALL || doing.kind == DOING_FAULT;
  if (doing.kind == DOING_RUNS) known = sample_thread(report->thread, &doing.stack, &doing.instruction);
  put_title(output, "its stack");
  if (known) put_stack(output, doing.instruction, doing.stack);
  else put(output, "its registers are not to be had\n");
}

static void put_children_of(void *context, long thread) {
  struct output *output = context;
  static struct lines lines;
  char path[64], child[16];
  snprintf(path, sizeof(path), "/proc/self/task/%ld/children", thread);
  if (!open_lines(&lines, path)) return;
  // One line without an end, with a blank after each number.
  for (int listed = 0; listed < MOST_LISTED; listed++) {
    if (!next_piece(&lines, ' ', child, sizeof(child))) break;
    put(output, "pid %s", child);
    snprintf(path, sizeof(path), "/proc/%s", child);
    put_process(output, path);
    put(output, "\n");
  }
  close_lines(&lines);
}

static void put_descriptor(void *context, long descriptor) {
  struct output *output = context;
  char link[48], target[256];
  snprintf(link, sizeof(link), "/proc/self/fd/%ld", descriptor);
  ssize_t length = readlink(link, target, sizeof(target));
  if (length < 0) return;
  put(output, "%ld ", descriptor);
  put_bytes(output, target, (size_t)length);
  put(output, "\n");
}

static void put_machine(struct output *output) {
  static const char *const pressures[] = {"cpu", "io", "memory"};
  char path[64];
  put(output, "load ");
  put_file(output, "", "/proc/loadavg");
  for (size_t index = 0; index < sizeof(pressures) / sizeof(pressures[0]); index++) {
    put(output, "pressure on %s\n", pressures[index]);
    snprintf(path, sizeof(path), "/proc/pressure/%s", pressures[index]);
    put_file(output, "  ", path);
  }
}

static void put_beginning(struct output *output, const struct report *report) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  put_moment(output, now);
  put(output, " %s: the event loop has been blocked for ", report->reason);
  put_seconds(output, report->least);
  put(output, " to ");
  put_seconds(output, report->most);
  put(output, "\n");
  for (const char *at = report->heading; *at != '\0';) {
    size_t length = strcspn(at, "\n");
    put_bytes(output, at, length);
    put(output, "\n");
    at += length + (at[length] == '\n' ? 1 : 0);
  }
  put(output, "written by a thread of its own, without JavaScript\n");
  put_javascript(output, report);
}

int write_report(const struct report *report) {
  static struct output output;
  struct report_file file;
  int failure = open_report_file(&file, report->directory, report->file);
  if (failure != 0) return failure;
  output = (struct output){.descriptor = file.descriptor};
  put_beginning(&output, report);
  put_title(&output, "programs and exits of late");
  put_recent(&output);
  flush_output(&output);
  // What has been found out so far is in its place before the rest is looked at, which may wait for what the other
  // thread holds.
  failure = show_report_file(&file, output.failure);
  if (failure == 0) {
    put_javascript_stack(&output, report);
    put_title(&output, "threads");
    each_number("/proc/self/task", put_thread, &output);
    put_title(&output, "children");
    each_number("/proc/self/task", put_children_of, &output);
    put_title(&output, "descriptors");
    each_number("/proc/self/fd", put_descriptor, &output);
    put_title(&output, "machine");
    put_machine(&output);
    put_title(&output, "memory");
    put_file(&output, "", "/proc/self/smaps_rollup");
    put(&output, "=== END ===\n");
    flush_output(&output);
  }
  close_report_file(&file);
  return failure;
}
