// The load generator of the benchmark: everything that is timed is sent, started and read by this program, which costs
// less than what it measures. Each command prints one line of JSON; times are in nanoseconds.
#include <stdio.h>
#include <string.h>

#include "load.h"

static const struct {
  const char *name;
  command *run;
  const char *words;
} commands[] = {
    {"calls", run_calls, "SOCKET PLAN FLOWS IN_FLIGHT PID PLACE: calls over ttrpc; PLACE is anywhere, together or apart"},
    {"start", run_start, "FRAME STDIN COMMAND...: a shim's start, until the first call is answered"},
    {"spawn", run_spawn, "COUNT COMMAND...: commands at once, until the last has ended; % in a word is its number"},
    {"drain", run_drain, "FIFO BYTES: reads that much and throws it away"},
    {"write", run_write, "BYTES: writes to standard output when SIGUSR1 comes"},
    {"orphans", run_orphans, "COUNT: has children adopted by whoever adopts, when SIGUSR1 comes"},
    {"reaper", run_reaper, "COUNT: does the least that a reaper of that many orphans has to do"},
    {"answer", run_answer, "SOCKET FILE: answers every call with what is in the file, doing nothing else"},
    {"cpu", run_cpu, "PID: processor time of a process"},
};

int run_cpu(int count, char **words) {
  if (count != 1) return 2;
  printf("{\"cpu\":%lu}\n", (unsigned long)processor_time((pid_t)number(words[0])));
  return 0;
}

int main(int count, char **words) {
  size_t known = sizeof commands / sizeof *commands;
  for (size_t at = 0; count > 1 && at < known; at++) {
    if (strcmp(words[1], commands[at].name) != 0) continue;
    int status = commands[at].run(count - 2, words + 2);
    if (status != 2) return status;
  }
  for (size_t at = 0; at < known; at++) fprintf(stderr, "load %s %s\n", commands[at].name, commands[at].words);
  return 2;
}
