// Orphans, and the least that has to be done for them.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

#define BROOD 100

// What the orphans saw, each for itself.
struct sight {
  atomic_ulong adopted;
  atomic_int guardian;
  atomic_ulong elsewhere;
};

// An orphan that has to tell who adopted it waits until its mother is dead: nobody holds the other end any more.
static _Noreturn void live(struct sight *sight, int gate) {
  char nothing;
  if (read(gate, &nothing, 1) != 0) _exit(1);
  int guardian = getppid(), nobody = 0;
  if (!atomic_compare_exchange_strong(&sight->guardian, &nobody, guardian) && nobody != guardian) {
    atomic_fetch_add(&sight->elsewhere, 1);
  }
  atomic_fetch_add(&sight->adopted, 1);
  _exit(0);
}

static void bear(struct sight *sight, uint64_t children) {
  int gate[2];
  if (pipe2(gate, O_CLOEXEC) < 0) fail("pipe2");
  pid_t mother = fork();
  if (mother < 0) fail("fork");
  if (mother == 0) {
    close(gate[1]);
    for (uint64_t child = 0; child < children; child++) {
      pid_t pid = fork();
      if (pid < 0) _exit(1);
      if (pid == 0) live(sight, gate[0]);
    }
    _exit(0);
  }
  int status;
  if (waitpid(mother, &status, 0) < 0 || status != 0) fail("mother");
  close(gate[0]);
  close(gate[1]);
}

static void make_orphans(uint64_t count) {
  struct sight *sight = mmap(NULL, sizeof *sight, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (sight == MAP_FAILED) fail("mmap");
  for (uint64_t left = count; left > 0;) {
    uint64_t children = left < BROOD ? left : BROOD;
    bear(sight, children);
    left -= children;
  }
  while (atomic_load(&sight->adopted) < count) usleep(1000);
  printf("{\"adopted\":%lu,\"guardian\":%d,\"elsewhere\":%lu}\n", atomic_load(&sight->adopted),
         atomic_load(&sight->guardian), atomic_load(&sight->elsewhere));
  fflush(stdout);
}

int run_orphans(int count, char **words) {
  if (count != 1) return 2;
  wait_for_start();
  make_orphans(number(words[0]));
  return 0;
}

int run_reaper(int count, char **words) {
  if (count != 1) return 2;
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) fail("prctl");
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  pid_t maker = fork();
  if (maker < 0) fail("fork");
  if (maker == 0) {
    make_orphans(number(words[0]));
    return 0;
  }
  uint64_t before = processor_time(getpid()), reaped = 0;
  for (;;) {
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid > 0) {
      if (pid != maker) reaped++;
    } else if (pid < 0) {
      break;
    } else {
      sigwaitinfo(&signals, NULL);
    }
  }
  printf("{\"reaped\":%lu,\"cpu\":%lu}\n", (unsigned long)reaped, (unsigned long)(processor_time(getpid()) - before));
  return 0;
}
