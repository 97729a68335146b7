/*
 * The first instructions of the shipped binary, put in front of the runtime's own entry point by
 * scripts/build/entryPoint.mjs.
 *
 * The JavaScript runtime raises the soft limit of open files to the hard one before any script runs, and the kernel
 * does not keep the old value; containers, however, must inherit what the daemon gave the shim (contract 3.8). So the
 * limit is read here, while it is still untouched, and left in the auxiliary vector's AT_FLAGS entry, which is always
 * there, always 0 and read by nobody: bit 32 set, the limit below it. native/limits.c picks it up with getauxval(3).
 *
 * The runtime's compiler threads are of no use to a helper that lives for milliseconds and cost it 1.4 ms, but they can
 * be turned off through the environment only. The daemon gives every shim a GOMAXPROCS, which means something to Go
 * alone (contract 1.3): its place in the environment is taken for the setting.
 *
 * So are the places of the variables that make the JavaScript runtime something else than this program: BUN_OPTIONS
 * (other code first), BUN_BE_BUN (a package manager) and BUN_INSPECT with its kin (a debugger's port).
 *
 * On entry, as at any ELF entry point: %rsp points at argc, %rdx holds the loader's exit function. Both stay.
 */
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
    add $16, %rsp
    pop %rdx
    test %eax, %eax
    jnz 4f

    mov (%rsp), %rcx              /* argc */
    lea 16(%rsp, %rcx, 8), %rsi   /* past argc, argv and its null: envp */
1:  mov (%rsi), %rcx
    add $8, %rsi
    test %rcx, %rcx
    jz 2f
    mov (%rcx), %r9               /* the first eight characters; there is more on the stack behind the last one */
    lea names(%rip), %r10
    mov $(setting - names) / 8, %ecx
5:  cmp %r9, (%r10)
    je 6f
    add $8, %r10
    dec %ecx
    jnz 5b
    jmp 1b
6:  lea setting(%rip), %rcx
    mov %rcx, -8(%rsi)
    jmp 1b
2:  mov (%rsi), %rcx              /* auxv: pairs of type and value, ended by type AT_NULL */
    test %rcx, %rcx
    jz 4f
    cmp $8, %rcx                  /* AT_FLAGS */
    je 3f
    add $16, %rsi
    jmp 2b
3:  bts $32, %r8
    mov %r8, 8(%rsi)
    jmp 4f
names:
    .ascii "GOMAXPROBUN_OPTIBUN_BE_BBUN_INSP"
setting:
    .asciz "BUN_JSC_useJIT=0"
4:  .byte 0xe9                    /* jmp rel32 to the runtime's entry point, filled in by the build */
    .long 0
