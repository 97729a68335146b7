// What JavaScript noted down last.
#ifndef PODSHIM_RECENT_H
#define PODSHIM_RECENT_H

#include "output.h"

void put_recent(struct output *output);

#endif
