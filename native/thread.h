// Threads beside JavaScript's.
#ifndef PODSHIM_THREAD_H
#define PODSHIM_THREAD_H

// Starts a detached thread that takes no signal, with a stack as small as the C library allows. 0 or an errno.
int start_thread(void *(*run)(void *), void *argument);

// To be called first by such a thread. The C library writes zeros over all of a thread's local storage, which for Bun's is
// several pages that this thread will never use: they go back to the kernel.
void drop_zero_pages(void);

#endif
