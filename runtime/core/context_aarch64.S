/* SPDX-License-Identifier: MIT */
/*
 * context for aarch64 (AAPCS64). A saved context, from its stack pointer upwards: 176 bytes.
 *
 *    0  x29 (frame pointer), x30 (where to continue)
 *   16  x19 to x28
 *   96  d8 to d15 (of the vector registers only these halves are preserved by calls)
 *  160  fpcr, and 8 bytes unused
 *
 * The switch leaves by `ret`: a jump to the place after a call would not be allowed where branch
 * target identification is on, and a return needs no landing mark. x30 has been neither signed nor
 * authenticated between the call and here, so pointer authentication is not concerned.
 */
#if defined(__aarch64__) && !defined(WEFT__CONTEXT_UCONTEXT)

        .text

        .globl  weft__context_switch
        .hidden weft__context_switch
        .type   weft__context_switch, %function
        .p2align 5
weft__context_switch:                   /* x0: save, x1: to, x2: value */
        .cfi_startproc
        hint    #34                     /* bti c */
        stp     x29, x30, [sp, #-176]!
        .cfi_adjust_cfa_offset 176
        .cfi_rel_offset x29, 0
        .cfi_rel_offset x30, 8
        stp     x19, x20, [sp, #16]
        .cfi_rel_offset x19, 16
        .cfi_rel_offset x20, 24
        stp     x21, x22, [sp, #32]
        .cfi_rel_offset x21, 32
        .cfi_rel_offset x22, 40
        stp     x23, x24, [sp, #48]
        .cfi_rel_offset x23, 48
        .cfi_rel_offset x24, 56
        stp     x25, x26, [sp, #64]
        .cfi_rel_offset x25, 64
        .cfi_rel_offset x26, 72
        stp     x27, x28, [sp, #80]
        .cfi_rel_offset x27, 80
        .cfi_rel_offset x28, 88
        stp     d8, d9, [sp, #96]
        .cfi_rel_offset d8, 96
        .cfi_rel_offset d9, 104
        stp     d10, d11, [sp, #112]
        .cfi_rel_offset d10, 112
        .cfi_rel_offset d11, 120
        stp     d12, d13, [sp, #128]
        .cfi_rel_offset d12, 128
        .cfi_rel_offset d13, 136
        stp     d14, d15, [sp, #144]
        .cfi_rel_offset d14, 144
        .cfi_rel_offset d15, 152
        mrs     x3, fpcr
        str     x3, [sp, #160]
        mov     x4, sp
        str     x4, [x0]

        .globl  weft__context_parked
        .hidden weft__context_parked
weft__context_parked:                   /* for debuggers: where a parked context stands */
        mov     sp, x1
        mov     x0, x2
        ldr     x4, [sp, #160]
        cmp     x3, x4                  /* writing fpcr drains the pipeline, reading does not */
        b.eq    1f
        msr     fpcr, x4
1:      ldp     d14, d15, [sp, #144]
        ldp     d12, d13, [sp, #128]
        ldp     d10, d11, [sp, #112]
        ldp     d8, d9, [sp, #96]
        ldp     x27, x28, [sp, #80]
        ldp     x25, x26, [sp, #64]
        ldp     x23, x24, [sp, #48]
        ldp     x21, x22, [sp, #32]
        ldp     x19, x20, [sp, #16]
        ldp     x29, x30, [sp], #176
        .cfi_def_cfa sp, 0
        .cfi_restore x29
        .cfi_restore x30
        ret
        .cfi_endproc
        .size   weft__context_switch, . - weft__context_switch

        .globl  weft__context_make
        .hidden weft__context_make
        .type   weft__context_make, %function
        .p2align 4
weft__context_make:                     /* x0: top, x1: entry */
        .cfi_startproc
        hint    #34                     /* bti c */
        adr     x2, weft__context_start
        sub     x0, x0, #176
        stp     xzr, x2, [x0]
        str     x1, [x0, #16]           /* x19 */
        str     xzr, [x0, #160]         /* fpcr: no traps, round to nearest */
        ret
        .cfi_endproc
        .size   weft__context_make, . - weft__context_make

/* While it calls, its unwind table is that of a parked context whose stack pointer is in x19. */
        .globl  weft__context_beneath
        .hidden weft__context_beneath
        .type   weft__context_beneath, %function
        .p2align 4
weft__context_beneath:                  /* x0: parked, x1: fn, x2: arg */
        .cfi_startproc
        hint    #34                     /* bti c */
        stp     x29, x30, [sp, #-32]!
        .cfi_adjust_cfa_offset 32
        .cfi_rel_offset x29, 0
        .cfi_rel_offset x30, 8
        str     x19, [sp, #16]
        .cfi_rel_offset x19, 16
        mov     x19, x0
        mov     x0, x2
        .cfi_remember_state
        .cfi_def_cfa x19, 176
        .cfi_offset x29, -176
        .cfi_offset x30, -168
        .cfi_offset x19, -160
        .cfi_offset x20, -152
        .cfi_offset x21, -144
        .cfi_offset x22, -136
        .cfi_offset x23, -128
        .cfi_offset x24, -120
        .cfi_offset x25, -112
        .cfi_offset x26, -104
        .cfi_offset x27, -96
        .cfi_offset x28, -88
        blr     x1
        .cfi_restore_state
        ldr     x19, [sp, #16]
        ldp     x29, x30, [sp], #32
        .cfi_def_cfa sp, 0
        .cfi_restore x29
        .cfi_restore x30
        .cfi_restore x19
        ret
        .cfi_endproc
        .size   weft__context_beneath, . - weft__context_beneath

/* The first step of a new context: x19 is its entry, x0 the value, and the stack is at its top. */
        .type   weft__context_start, %function
        .p2align 4
weft__context_start:
        .cfi_startproc
        .cfi_undefined x30              /* nobody called us: unwinding ends here */
        blr     x19
        brk     #1                      /* an entry never returns */
        .cfi_endproc
        .size   weft__context_start, . - weft__context_start

#endif
        .section .note.GNU-stack, "", %progbits
