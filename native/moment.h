// Times of day in text.
#ifndef PODSHIM_MOMENT_H
#define PODSHIM_MOMENT_H

#include <time.h>

#include "output.h"

// `2026-11-21T14:03:00.123Z`
void put_moment(struct output *output, struct timespec at);

#endif
