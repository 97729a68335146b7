// What system calls are named, and what they wait for.
#include "calls.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common.h"

#define NONE (-1)
#define CALL(name, path, descriptor) {SYS_##name, #name, path, descriptor}

// Calls that can take long. `path` and `descriptor` say which argument is one.
static const struct call {
  long number;
  const char *name;
  signed char path, descriptor;
} calls[] = {
#ifdef SYS_open
    CALL(open, 0, NONE),
    CALL(stat, 0, NONE),
    CALL(lstat, 0, NONE),
    CALL(access, 0, NONE),
    CALL(readlink, 0, NONE),
    CALL(mkdir, 0, NONE),
    CALL(rmdir, 0, NONE),
    CALL(unlink, 0, NONE),
    CALL(rename, 0, NONE),
    CALL(fork, NONE, NONE),
    CALL(vfork, NONE, NONE),
    CALL(poll, NONE, NONE),
    CALL(select, NONE, NONE),
    CALL(epoll_wait, NONE, 0),
#endif
    CALL(openat, 1, 0),
    CALL(newfstatat, 1, 0),
    CALL(statx, 1, 0),
    CALL(faccessat, 1, 0),
    CALL(readlinkat, 1, 0),
    CALL(mkdirat, 1, 0),
    CALL(unlinkat, 1, 0),
#ifdef SYS_renameat
    CALL(renameat, 1, 0),
#endif
    CALL(renameat2, 1, 0),
    CALL(statfs, 0, NONE),
    CALL(chdir, 0, NONE),
    CALL(mount, 1, NONE),
    CALL(umount2, 0, NONE),
    CALL(execve, 0, NONE),
    CALL(fstat, NONE, 0),
    CALL(fstatfs, NONE, 0),
    CALL(getdents64, NONE, 0),
    CALL(read, NONE, 0),
    CALL(write, NONE, 0),
    CALL(readv, NONE, 0),
    CALL(writev, NONE, 0),
    CALL(pread64, NONE, 0),
    CALL(pwrite64, NONE, 0),
    CALL(splice, NONE, 0),
    CALL(sendfile, NONE, 1),
    CALL(close, NONE, 0),
    CALL(fsync, NONE, 0),
    CALL(fdatasync, NONE, 0),
    CALL(flock, NONE, 0),
    CALL(fcntl, NONE, 0),
    CALL(ioctl, NONE, 0),
    CALL(connect, NONE, 0),
    CALL(accept4, NONE, 0),
    CALL(sendto, NONE, 0),
    CALL(recvfrom, NONE, 0),
    CALL(sendmsg, NONE, 0),
    CALL(recvmsg, NONE, 0),
    CALL(setns, NONE, 0),
    CALL(epoll_pwait, NONE, 0),
    CALL(ppoll, NONE, NONE),
    CALL(pselect6, NONE, NONE),
    CALL(futex, NONE, NONE),
    CALL(wait4, NONE, NONE),
    CALL(waitid, NONE, NONE),
    CALL(clone, NONE, NONE),
    CALL(unshare, NONE, NONE),
    CALL(nanosleep, NONE, NONE),
    CALL(clock_nanosleep, NONE, NONE),
    CALL(madvise, NONE, NONE),
    CALL(mmap, NONE, NONE),
    CALL(munmap, NONE, NONE),
    CALL(sync, NONE, NONE),
};

// The caller waits in its call, so the path stays where it is; should it go on meanwhile, this reads something else, or
// nothing.
static void put_path(struct output *output, unsigned long address) {
  char path[256];
  struct iovec local = {.iov_base = path, .iov_len = sizeof(path)};
  // In two pieces, since a piece is read whole or not at all: what lies behind the page may not be there.
  size_t rest = 4096 - address % 4096;
  if (rest > sizeof(path)) rest = sizeof(path);
  struct iovec remote[] = {
      {.iov_base = (void *)address, .iov_len = rest},
      {.iov_base = (void *)(address + rest), .iov_len = sizeof(path) - rest},
  };
  ssize_t count = process_vm_readv(getpid(), &local, 1, remote, 2, 0);
  if (count <= 0) return;
  put(output, " \"");
  put_bytes(output, path, strnlen(path, (size_t)count));
  put(output, "\"");
}

static void put_descriptor(struct output *output, int descriptor) {
  char link[48], target[256];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, target, sizeof(target));
  if (length < 0) return;
  put(output, " of descriptor %d, ", descriptor);
  put_bytes(output, target, (size_t)length);
}

static void put_call(struct output *output, const struct doing *doing) {
  put(output, "system call %ld", doing->call);
  for (size_t index = 0; index < sizeof(calls) / sizeof(calls[0]); index++) {
    const struct call *call = &calls[index];
    if (call->number != doing->call) continue;
    put(output, " %s", call->name);
    if (call->descriptor != NONE) put_descriptor(output, (int)doing->arguments[call->descriptor]);
    if (call->path != NONE) put_path(output, doing->arguments[call->path]);
    return;
  }
}

void put_doing(struct output *output, const struct doing *doing) {
  if (doing->kind == DOING_CALL) put_call(output, doing);
  else if (doing->kind == DOING_RUNS) put(output, "runs");
  else if (doing->kind == DOING_FAULT) put(output, "waits outside of a system call, for memory");
  else put(output, "unknown");
}
