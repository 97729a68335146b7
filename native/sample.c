// Where a thread is that runs: its registers, which only the thread itself can tell.
#include "sample.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "futex.h"

#define PATIENCE 2000

static _Atomic uint32_t taken;
static _Atomic pid_t wanted;
static uintptr_t sampled_stack, sampled_instruction;

// In the interrupted thread. One that comes too late finds that nobody wants it any more.
static void take_sample(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  pid_t thread = (pid_t)syscall(SYS_gettid);
  if (!atomic_compare_exchange_strong(&wanted, &thread, 0)) return;
  const ucontext_t *registers = context;
#if defined(__x86_64__)
  sampled_stack = (uintptr_t)registers->uc_mcontext.gregs[REG_RSP];
  sampled_instruction = (uintptr_t)registers->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
  sampled_stack = (uintptr_t)registers->uc_mcontext.sp;
  sampled_instruction = (uintptr_t)registers->uc_mcontext.pc;
#else
  (void)registers;
  return;
#endif
  wake_word(&taken);
}

// A signal that nobody uses yet. The handler stays: the signal may still be on its way, and would end the process.
static int prepare_signal(void) {
  static int chosen;
  for (int candidate = SIGRTMAX - 1; chosen == 0 && candidate > SIGRTMIN; candidate--) {
    struct sigaction current;
    if (sigaction(candidate, NULL, &current) < 0 || current.sa_handler != SIG_DFL) continue;
    struct sigaction action = {.sa_sigaction = take_sample, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    if (sigaction(candidate, &action, NULL) == 0) chosen = candidate;
  }
  return chosen;
}

bool sample_thread(pid_t thread, uintptr_t *stack, uintptr_t *instruction) {
  int signal = prepare_signal();
  if (signal == 0) return false;
  uint32_t before = atomic_load(&taken);
  atomic_store(&wanted, thread);
  if (syscall(SYS_tgkill, getpid(), thread, signal) < 0) return false;
  for (int64_t end = monotonic() + PATIENCE; atomic_load(&taken) == before;) {
    int64_t left = end - monotonic();
    if (left > 0) {
      wait_word(&taken, before, left);
      continue;
    }
    // Whoever takes the request back first has it: the handler, or we.
    pid_t still = thread;
    if (atomic_compare_exchange_strong(&wanted, &still, 0)) return false;
    end += PATIENCE;
  }
  *stack = sampled_stack;
  *instruction = sampled_instruction;
  return true;
}
