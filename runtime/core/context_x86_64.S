/* SPDX-License-Identifier: MIT */
/*
 * context for x86-64 (System V ABI). A saved context, from its stack pointer upwards: 64 bytes.
 *
 *    0  mxcsr (4 bytes), x87 control word (2 bytes)
 *    8  r15, r14, r13, r12
 *   40  rbx
 *   48  rbp
 *   56  where to continue
 *
 * The switch leaves by a return, and so keeps the processor's stack of predicted returns in step.
 * All contexts that are parked in the same call of the switch have the same place to continue, so
 * the prediction, which is the place after the caller's own call, holds: let the program suspend in
 * one function only. A jump instead leaves one entry too many behind each time, and every frame
 * that returns after it is mispredicted: 31 ns instead of 7 where tasks yield at depth 3. A new
 * context has nowhere to return to and is told apart by a comparison (36 ns instead of 44 for its
 * start and end).
 *
 * Between the store of the old stack pointer and the last pop both stacks look the same, so that
 * one set of unwind rules is right before, at and after the exchange.
 */
#if defined(__x86_64__) && !defined(WEFT__CONTEXT_UCONTEXT)

        .text

        .globl  weft__context_switch
        .hidden weft__context_switch
        .type   weft__context_switch, @function
        .p2align 5
weft__context_switch:                   /* rdi: save, rsi: to, rdx: value */
        .cfi_startproc
        endbr64
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r15, 0
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        movq    %rsp, (%rdi)

        .globl  weft__context_parked
        .hidden weft__context_parked
weft__context_parked:                   /* for debuggers: where a parked context stands */
        movq    %rsi, %rsp
        movq    %rdx, %rax
        fldcw   4(%rsp)
        ldmxcsr (%rsp)
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbp
        leaq    weft__context_start(%rip), %rcx
        cmpq    %rcx, (%rsp)
        je      1f
        ret
1:      addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        .cfi_undefined rip
        jmp     weft__context_start
        .cfi_endproc
        .size   weft__context_switch, . - weft__context_switch

        .globl  weft__context_make
        .hidden weft__context_make
        .type   weft__context_make, @function
        .p2align 4
weft__context_make:                     /* rdi: top, rsi: entry */
        .cfi_startproc
        endbr64
        leaq    weft__context_start(%rip), %rcx
        leaq    -64(%rdi), %rax
        movl    $0x1f80, (%rax)         /* all exceptions masked, round to nearest */
        movl    $0x037f, 4(%rax)
        movq    %rsi, 40(%rax)
        movq    $0, 48(%rax)
        movq    %rcx, 56(%rax)
        ret
        .cfi_endproc
        .size   weft__context_make, . - weft__context_make

/* While it calls, its unwind table is that of a parked context whose stack pointer is in rbx. */
        .globl  weft__context_beneath
        .hidden weft__context_beneath
        .type   weft__context_beneath, @function
        .p2align 4
weft__context_beneath:                  /* rdi: parked, rsi: fn, rdx: arg */
        .cfi_startproc
        endbr64
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbx, 0
        movq    %rdi, %rbx
        movq    %rdx, %rdi
        .cfi_remember_state
        .cfi_def_cfa rbx, 64
        .cfi_offset rbp, -16
        .cfi_offset rbx, -24
        .cfi_offset r12, -32
        .cfi_offset r13, -40
        .cfi_offset r14, -48
        .cfi_offset r15, -56
        callq   *%rsi
        .cfi_restore_state
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbx
        ret
        .cfi_endproc
        .size   weft__context_beneath, . - weft__context_beneath

/* The first step of a new context: rbx is its entry, rax the value, and the stack is at its top. */
        .type   weft__context_start, @function
        .p2align 4
weft__context_start:
        .cfi_startproc
        .cfi_undefined rip              /* nobody called us: unwinding ends here */
        movq    %rax, %rdi
        callq   *%rbx
        ud2                             /* an entry never returns */
        .cfi_endproc
        .size   weft__context_start, . - weft__context_start

#endif
        .section .note.GNU-stack, "", @progbits
