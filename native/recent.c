// What the addon did last, where another thread can read it: programs started, exits collected.
#include "recent.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "moment.h"

#define MOST_NOTES 24

static struct note {
  struct timespec at;
  pid_t pid;
  // -1: it was started.
  int status;
  char words[56];
} notes[MOST_NOTES];
static _Atomic uint32_t written;

static struct note *begin_note(pid_t pid, int status) {
  struct note *note = &notes[atomic_load_explicit(&written, memory_order_relaxed) % MOST_NOTES];
  clock_gettime(CLOCK_REALTIME, &note->at);
  note->pid = pid;
  note->status = status;
  note->words[0] = '\0';
  return note;
}

// Options and paths say little and are left out, but for the program's own name.
void note_spawn(pid_t pid, const char *words, size_t count) {
  struct note *note = begin_note(pid, -1);
  size_t length = 0;
  for (size_t index = 0; index < count && length + 1 < sizeof(note->words); index++) {
    const char *word = words;
    const char *slash = strrchr(word, '/');
    words += strlen(words) + 1;
    if (index == 0 && slash != NULL) word = slash + 1;
    if (index > 0 && (word[0] == '-' || word[0] == '/')) continue;
    int added = snprintf(note->words + length, sizeof(note->words) - length, " %s", word);
    if (added > 0) length += (size_t)added;
  }
  atomic_fetch_add_explicit(&written, 1, memory_order_release);
}

void note_exit(pid_t pid, int status) {
  begin_note(pid, status);
  atomic_fetch_add_explicit(&written, 1, memory_order_release);
}

// Read while JavaScript stands still. Should it go on just now, one note may be half old and half new.
void put_recent(struct output *output) {
  uint32_t end = atomic_load_explicit(&written, memory_order_acquire);
  for (uint32_t number = end > MOST_NOTES ? end - MOST_NOTES : 0; number != end; number++) {
    const struct note *note = &notes[number % MOST_NOTES];
    put_moment(output, note->at);
    put(output, note->status < 0 ? " spawn pid %d" : " exit pid %d", (int)note->pid);
    if (note->status >= 0) put(output, " status %d", note->status);
    put_bytes(output, note->words, strnlen(note->words, sizeof(note->words)));
    put(output, "\n");
  }
  if (end == 0) put(output, "no program was started\n");
}
