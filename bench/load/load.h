// What the parts of the load generator share.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

// Nanoseconds of the monotonic clock.
uint64_t now(void);

// Processor time of a process with all of its threads, also those that are gone, in nanoseconds.
uint64_t processor_time(pid_t pid);

// Prints what failed, with errno's text, and ends with 1.
_Noreturn void fail(const char *what);

// The number in a word of the command line. Ends the program when it is none.
uint64_t number(const char *word);

// A whole file. The caller keeps it for good.
uint8_t *read_file(const char *path, size_t *length);

void write_all(int descriptor, const uint8_t *bytes, size_t length);

// The address of this path; ends with an error where it is too long.
struct sockaddr_un socket_address(const char *path);

// A connection to the Unix socket of this path.
int connect_to(const char *path);

// Binds the generator and all threads of a server to one core ("together") or each to one of its own ("apart"); "anywhere"
// leaves that to the kernel. `release` lets the server go again.
void place(const char *word, pid_t server);
void release(pid_t server);

// Returns when SIGUSR1 has come.
void wait_for_start(void);

// One of the load generator's commands: its words without the command's own.
typedef int command(int count, char **words);

command run_calls, run_start, run_spawn, run_drain, run_write, run_orphans, run_reaper, run_cpu, run_answer;
