/*
 * The first instructions of the shipped binary, put in front of the runtime's own entry point by
 * scripts/build/entryPoint.mjs.
 *
 * The JavaScript runtime raises the soft limit of open files to the hard one before any script runs, and the kernel
 * does not keep the old value; containers, however, must inherit what the daemon gave the shim (contract 3.8). So the
 * limit is read here, while it is still untouched, and left in the auxiliary vector's AT_FLAGS entry, which is always
 * there, always 0 and read by nobody: bit 32 set, the limit below it. native/limits.c picks it up with getauxval(3).
 *
 * The runtime takes settings from the environment only, when it starts. It gets those of src/manager/serverEnvironment.ts
 * here, and no other variable whose name begins with BUN_: some make it something else than this program (BUN_OPTIONS:
 * other code first; BUN_BE_BUN: a package manager; BUN_INSPECT: a debugger's port). With the settings it starts sooner,
 * and has a single thread, so that `start` can go on as the server (native/fork.c).
 *
 * The environment is an array between the arguments and the auxiliary vector, with no room in it. So arguments and
 * environment are laid out anew below it, and the C library, which has been told of the old one already, is told of the
 * new one through `environ`.
 *
 * On entry, as at any ELF entry point: %rsp points at argc, %rdx holds the loader's exit function. %rdx stays.
 */
    .set PREFIX, 0x5f4e5542       /* "BUN_" */
    .set SETTINGS, 5

    .text
    .globl _start
_start:
    push %rdx
    sub $16, %rsp
    mov $97, %eax                 /* getrlimit */
    mov $7, %edi                  /* RLIMIT_NOFILE */
    mov %rsp, %rsi
    syscall
    mov (%rsp), %r8               /* rlim_cur */
    bts $32, %r8
    add $16, %rsp
    pop %rdx
    mov %rsp, %rsi                /* argc, the arguments, their null: all of it is copied */
    mov (%rsi), %rcx
    lea 16(%rsi, %rcx, 8), %r9    /* envp */
    mov %r9, %rdi
1:  add $8, %rdi
    cmpq $0, -8(%rdi)
    jne 1b                        /* now past envp: pairs of type and value, ended by type AT_NULL */
    test %eax, %eax
    jnz 3f
    mov %rdi, %r10
2:  mov (%r10), %rcx
    test %rcx, %rcx
    jz 3f
    add $16, %r10
    cmp $8, %rcx                  /* AT_FLAGS */
    jne 2b
    mov %r8, -8(%r10)

3:  sub %rsi, %rdi                /* bytes of the old layout; the new one has at most the settings more */
    sub %rdi, %rsp
    sub $SETTINGS * 8, %rsp
    and $-16, %rsp
    mov %rsp, %rdi
    mov %r9, %rcx
    sub %rsi, %rcx
    shr $3, %rcx
    cld
    rep movsq                     /* leaves %rsi at the old envp, %rdi at the new one */
    movabs $0, %r10               /* the address of `environ`, filled in by the build */
    mov %rdi, (%r10)
    lea settings(%rip), %r10
    mov $SETTINGS, %ecx
4:  mov %r10, %rax
    stosq
5:  inc %r10                      /* to the next one */
    cmpb $0, -1(%r10)
    jne 5b
    dec %ecx
    jnz 4b
6:  lodsq
    test %rax, %rax
    jz 7f
    cmpl $PREFIX, (%rax)          /* the strings end on the stack, behind the last one there is more */
    je 6b
    stosq
    jmp 6b
7:  stosq
    jmp 8f
settings:
    .asciz "BUN_JSC_useJIT=0"
    .asciz "BUN_JSC_numberOfGCMarkers=1"
    .asciz "BUN_JSC_useConcurrentGC=0"
    .asciz "BUN_JSC_useWasm=0"
    .asciz "BUN_GC_TIMER_DISABLE=1"
8:  .byte 0xe9                    /* jmp rel32 to the runtime's entry point, filled in by the build */
    .long 0
