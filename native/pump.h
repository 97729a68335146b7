// Moves bytes from one descriptor to another without waiting.
#ifndef PODSHIM_PUMP_H
#define PODSHIM_PUMP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PUMP_SCRATCH 65536

struct pump {
  int source;
  int destination;
  // The source is a pty master, where "nothing there" and EIO pass as long as somebody may open the slave.
  bool terminal;
  // splice is not possible between these two: read and write.
  bool copying;
  // The process behind a terminal is gone.
  atomic_bool finishing;
  atomic_bool stopped;
  // Bytes that the destination has taken.
  _Atomic uint64_t bytes;
  // What was read and not yet taken (copying only).
  char *kept;
  size_t kept_at;
  size_t kept_length;
  // The errno that ended it, 0 for the end of the source.
  int failure;
};

enum turn { TURN_WAIT, TURN_MORE, TURN_END };

// Moves what can be moved now, up to a bound, so that no movement keeps the others waiting. `scratch` has
// PUMP_SCRATCH bytes.
enum turn pump_turn(struct pump *pump, char *scratch);
void pump_free(struct pump *pump);

#endif
