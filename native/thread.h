// Threads beside JavaScript's.
#ifndef PODSHIM_THREAD_H
#define PODSHIM_THREAD_H

// Starts a detached thread that takes no signal, with a stack as small as the C library allows. 0 or an errno.
int start_thread(void *(*run)(void *), void *argument);

#endif
