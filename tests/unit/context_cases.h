/* SPDX-License-Identifier: MIT */
/*
 * What a context promises, whatever implements it. Included by test_context.c, under Criterion, and
 * by context_main.c, a plain program that also runs where Criterion is not to be had (under an
 * emulator of another processor, and with the portable twin). Each defines CASE(name) and
 * EXPECT(condition).
 */
#ifndef WEFT_TESTS_CONTEXT_CASES_H
#define WEFT_TESTS_CONTEXT_CASES_H

#include <fenv.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "runtime/core/context.h"
#include "runtime/core/sanitizer.h"

enum { STACK_BYTES = 64 * 1024 };

struct flow { /* a context and what a sanitizer must know of it */
    void *sp;
    struct weft__san san;
    char *memory;
};

static struct flow base, one, two;
static uintptr_t seen;

WEFT__INLINE uintptr_t hop_inlined(struct flow *from, struct flow *to, uintptr_t value, bool dying)
{
    weft__san_switch_begin(&from->san, &to->san, dying);
    value = weft__context_switch(&from->sp, to->sp, value);
    weft__san_switch_end(&from->san);
    return value;
}

static WEFT__NOINLINE uintptr_t hop(struct flow *from, struct flow *to, uintptr_t value)
{
    return hop_inlined(from, to, value, false);
}

static void *top_of(struct flow *flow)
{
    return flow->memory + STACK_BYTES;
}

static void begin(struct flow *flow, void (*entry)(uintptr_t value))
{
    weft__san_adopt(&base.san);
    flow->memory = aligned_alloc(4096, STACK_BYTES);
    EXPECT(flow->memory != NULL);
    weft__san_make(&flow->san, flow->memory, top_of(flow));
    flow->sp = weft__context_make(top_of(flow), entry);
}

static void finish(struct flow *flow)
{
    weft__san_unmake(&flow->san);
    weft__san_unpoison(flow->memory, top_of(flow));
    free(flow->memory);
}

/* Passes back one more than it was given, for ever. */
static void WEFT__SAN_NEVER_LEFT add_one(uintptr_t value)
{
    weft__san_switch_end(&one.san);
    for (;;)
        value = hop(&one, &base, value + 1);
}

CASE(values_go_both_ways)
{
    begin(&one, add_one);

    EXPECT(hop(&base, &one, 41) == 42);
    EXPECT(hop(&base, &one, 0) == 1);
    EXPECT(hop(&base, &one, UINTPTR_MAX - 1) == UINTPTR_MAX);
    finish(&one);
}

static void WEFT__SAN_NEVER_LEFT alignment_entry(uintptr_t value)
{
    weft__san_switch_end(&one.san);
    /* The frame begins two words below the caller's; both ABIs align it to 16 at each call. */
    seen = (uintptr_t)__builtin_frame_address(0) + value;
    hop(&one, &base, 0);
}

CASE(the_stack_is_aligned_at_entry)
{
    begin(&one, alignment_entry);

    hop(&base, &one, 0);

    EXPECT(seen % 16 == 0);
    EXPECT(seen > (uintptr_t)one.memory && seen < (uintptr_t)top_of(&one));
    finish(&one);
}

/*
 * across(save, to, value, registers): fills the callee-saved registers from the array, switches,
 * and stores in the array what is in them afterwards.
 */
#if defined(__x86_64__)
enum { REGISTERS = 6 };
__asm__(".text\n"
        "across:\n"
        "    pushq %rbp\n    pushq %rbx\n    pushq %r12\n    pushq %r13\n    pushq %r14\n"
        "    pushq %r15\n    pushq %rcx\n"
        "    movq 0(%rcx), %rbp\n    movq 8(%rcx), %rbx\n    movq 16(%rcx), %r12\n"
        "    movq 24(%rcx), %r13\n    movq 32(%rcx), %r14\n    movq 40(%rcx), %r15\n"
        "    call weft__context_switch\n"
        "    popq %rcx\n"
        "    movq %rbp, 0(%rcx)\n    movq %rbx, 8(%rcx)\n    movq %r12, 16(%rcx)\n"
        "    movq %r13, 24(%rcx)\n    movq %r14, 32(%rcx)\n    movq %r15, 40(%rcx)\n"
        "    popq %r15\n    popq %r14\n    popq %r13\n    popq %r12\n    popq %rbx\n    popq %rbp\n"
        "    ret\n");
#elif defined(__aarch64__)
enum { REGISTERS = 19 };
__asm__(".text\n"
        "across:\n"
        "    stp x29, x30, [sp, #-176]!\n    stp x19, x20, [sp, #16]\n    stp x21, x22, [sp, #32]\n"
        "    stp x23, x24, [sp, #48]\n    stp x25, x26, [sp, #64]\n    stp x27, x28, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n    stp d10, d11, [sp, #112]\n    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n    str x3, [sp, #160]\n"
        "    ldp x19, x20, [x3, #0]\n    ldp x21, x22, [x3, #16]\n    ldp x23, x24, [x3, #32]\n"
        "    ldp x25, x26, [x3, #48]\n    ldp x27, x28, [x3, #64]\n    ldp d8, d9, [x3, #80]\n"
        "    ldp d10, d11, [x3, #96]\n    ldp d12, d13, [x3, #112]\n    ldp d14, d15, [x3, #128]\n"
        "    ldr x29, [x3, #144]\n"
        "    bl weft__context_switch\n"
        "    ldr x3, [sp, #160]\n"
        "    stp x19, x20, [x3, #0]\n    stp x21, x22, [x3, #16]\n    stp x23, x24, [x3, #32]\n"
        "    stp x25, x26, [x3, #48]\n    stp x27, x28, [x3, #64]\n    stp d8, d9, [x3, #80]\n"
        "    stp d10, d11, [x3, #96]\n    stp d12, d13, [x3, #112]\n    stp d14, d15, [x3, #128]\n"
        "    str x29, [x3, #144]\n"
        "    ldp x19, x20, [sp, #16]\n    ldp x21, x22, [sp, #32]\n    ldp x23, x24, [sp, #48]\n"
        "    ldp x25, x26, [sp, #64]\n    ldp x27, x28, [sp, #80]\n    ldp d8, d9, [sp, #96]\n"
        "    ldp d10, d11, [sp, #112]\n    ldp d12, d13, [sp, #128]\n    ldp d14, d15, [sp, #144]\n"
        "    ldp x29, x30, [sp], #176\n"
        "    ret\n");
#endif

#if defined(__x86_64__) || defined(__aarch64__)
uintptr_t across(void **save, void *to, uintptr_t value, uint64_t *registers);

static void fill(uint64_t *registers, uint64_t from)
{
    for (unsigned i = 0; i < REGISTERS; i++)
        registers[i] = (from + i) * 0x0101010101010101u;
}

static bool all_are(const uint64_t *registers, uint64_t from)
{
    uint64_t expected[REGISTERS];

    fill(expected, from);
    return memcmp(registers, expected, sizeof(expected)) == 0;
}

static void WEFT__SAN_NEVER_LEFT scribbler(uintptr_t value)
{
    uint64_t registers[REGISTERS];

    weft__san_switch_end(&one.san);
    for (;;) {
        fill(registers, 100);
        weft__san_switch_begin(&one.san, &base.san, false);
        value = across(&one.sp, base.sp, value, registers);
        weft__san_switch_end(&one.san);
        seen = all_are(registers, 100);
    }
}

CASE(registers_are_preserved_on_both_sides)
{
    uint64_t registers[REGISTERS];
    bool kept = true;

    begin(&one, scribbler);
    for (unsigned round = 0; round < 3; round++) {
        fill(registers, round);
        weft__san_switch_begin(&base.san, &one.san, false);
        across(&base.sp, one.sp, 0, registers);
        weft__san_switch_end(&base.san);
        kept = kept && all_are(registers, round) && (round == 0 || seen == true);
    }

    EXPECT(kept);
    finish(&one);
}
#endif

static void WEFT__SAN_NEVER_LEFT rounds_up(uintptr_t value)
{
    weft__san_switch_end(&one.san);
    for (;;) {
        seen = (uintptr_t)fegetround();
        fesetround(FE_UPWARD);
        hop(&one, &base, value);
    }
}

CASE(each_context_has_its_own_rounding_mode)
{
    begin(&one, rounds_up);

    fesetround(FE_DOWNWARD);
    hop(&base, &one, 0);
    int ours = fegetround();
    hop(&base, &one, 0);
    uintptr_t its = seen;
    fesetround(FE_TONEAREST);

    EXPECT(ours == FE_DOWNWARD);
    EXPECT(its == FE_UPWARD);
    finish(&one);
}

#ifndef WEFT__CONTEXT_UCONTEXT
CASE(a_new_context_rounds_to_nearest)
{
    fesetround(FE_DOWNWARD);
    begin(&one, rounds_up);
    hop(&base, &one, 0);
    fesetround(FE_TONEAREST);

    EXPECT(seen == FE_TONEAREST);
    finish(&one);
}
#endif

struct walk {
    unsigned frames;
    bool saw_entry;
    uintptr_t entry;
};

static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *arg)
{
    struct walk *walk = arg;

    if (_Unwind_FindEnclosingFunction((void *)_Unwind_GetIP(context)) == (void *)walk->entry)
        walk->saw_entry = true;
    return ++walk->frames < 100 ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

static struct walk walk;
static _Unwind_Reason_Code walk_ended;

static void WEFT__SAN_NEVER_LEFT unwinds(uintptr_t value)
{
    weft__san_switch_end(&one.san);
    walk = (struct walk){.entry = (uintptr_t)unwinds};
    walk_ended = _Unwind_Backtrace(step, &walk);
    hop(&one, &base, value);
}

CASE(unwinding_passes_the_entry_and_stops)
{
    begin(&one, unwinds);

    hop(&base, &one, 0);

    EXPECT(walk.saw_entry);
    EXPECT(walk.frames < 5);
    EXPECT(walk_ended == _URC_END_OF_STACK);
    finish(&one);
}

static void WEFT__SAN_NEVER_LEFT inner(uintptr_t value)
{
    weft__san_switch_end(&two.san);
    for (;;)
        value = hop(&two, &one, value * 2);
}

static void WEFT__SAN_NEVER_LEFT outer(uintptr_t value)
{
    weft__san_switch_end(&one.san);
    for (;;)
        value = hop(&one, &base, hop(&one, &two, value) + 1);
}

CASE(contexts_nest)
{
    begin(&one, outer);
    begin(&two, inner);

    EXPECT(hop(&base, &one, 10) == 21);
    EXPECT(hop(&base, &one, 50) == 101);
    finish(&one);
    finish(&two);
}

enum { RING = 200, LAPS = 50 };
static struct flow ring[RING];
static unsigned visits[RING];

static WEFT__NOINLINE uintptr_t deep(unsigned levels, struct flow *from, struct flow *to,
                                     uintptr_t value)
{
    volatile unsigned char frame[64];

    memset((void *)frame, (int)levels, sizeof(frame));
    uintptr_t got = levels ? deep(levels - 1, from, to, value) : hop(from, to, value);
    return frame[13] == (unsigned char)levels ? got : 0;
}

static void WEFT__SAN_NEVER_LEFT ring_member(uintptr_t value)
{
    unsigned me = (unsigned)value % RING;

    weft__san_switch_end(&ring[me].san);
    for (;;) {
        visits[me]++;
        struct flow *next = value + 1 == RING * LAPS ? &base : &ring[(me + 1) % RING];
        value = deep(me % 17, &ring[me], next, value + 1);
    }
}

CASE(many_contexts_at_many_depths_keep_their_frames)
{
    unsigned total = 0;

    for (unsigned i = 0; i < RING; i++)
        begin(&ring[i], ring_member);

    uintptr_t last = hop(&base, &ring[0], 0);

    EXPECT(last == RING * LAPS);
    for (unsigned i = 0; i < RING; i++) {
        total += visits[i] == LAPS;
        finish(&ring[i]);
    }
    EXPECT(total == RING);
}

static WEFT__NOINLINE uintptr_t work(uintptr_t value)
{
    volatile uintptr_t numbers[32];

    for (unsigned i = 0; i < 32; i++)
        numbers[i] = value + i;
    return numbers[31];
}

static void WEFT__SAN_NEVER_LEFT lives_once(uintptr_t value)
{
    weft__san_switch_end(&one.san);
    value = work(value);
    hop_inlined(&one, &base, value, true);
    abort();
}

#ifdef WEFT__ASAN /* maps and unmaps the heap frames of each context, which takes a millisecond */
enum { LIVES = 500 };
#else
enum { LIVES = 100000 };
#endif

CASE(a_stack_serves_one_context_after_another)
{
    uintptr_t sum = 0;

    begin(&one, lives_once);
    for (unsigned i = 0; i < LIVES; i++) {
        sum += hop(&base, &one, i);
        weft__san_unpoison(one.memory, top_of(&one));
        one.sp = weft__context_make(top_of(&one), lives_once);
    }

    EXPECT(sum == (uintptr_t)LIVES * 31 + (uintptr_t)(LIVES - 1) * LIVES / 2);
    finish(&one);
}

#endif
