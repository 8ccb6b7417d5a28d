/* SPDX-License-Identifier: MIT */
/*
 * chain: a task awaits a task that awaits futures; cancels come at both levels (the walk of
 * runtime/sched/cancel.c, the commit and the publication of runtime/sched/await.c).
 *
 * Modelled
 *   - the outer task A awaits the inner task B. B waits for future 0; whatever comes out of that, a
 *     value or a cancel, it ends, or catches it and waits for future 1; then it ends
 *   - B as a task of its own, with a stack; with -DINLINED, B on A's stack: A is published as
 *     waiting when the stack suspends for the first time, and withdrawn when B has returned
 *   - cancellers of A and of B, one each or as many as OUTER and INNER say; for each future a
 *     thread that completes it, or never does
 *   - moving tokens inward, under the lock of B's word: out of A in one step, into B in another
 *   - with -DUNCANCEL, a third task that takes A's request back at any moment, also while A is held
 *
 * Abstracted
 *   - memory is sequentially consistent; a loop of load and compare-and-swap is one step (see
 *     wait.pml)
 *   - a token with which B's future was cancelled stays for B to raise, where the code has taken it
 *     out (see wait.pml): nobody looks in between
 *   - two tasks only: no cycles, no second awaiter of B
 *   - the frame is a bit for each stack (it is suspended) and one for each wait record (it may be
 *     read)
 *
 * Checked
 *   - a stack is submitted once for each time it suspends, and never while one of its tasks is held
 *   - no record and no node is touched after its task went on
 *   - tokens are neither lost nor made: in the end those taken (by a raise of A or B, or found at
 *     an end) and those taken back are as many as the accepted cancels. A task that was cancelled
 *     and got nothing itself has passed it on to a task that got it
 *   - B's wait ends as cancelled only if B then has a token to raise
 *   - when nothing moves any more both are done, or B waits for what nobody completes, with no
 *     token pending
 *
 * Broken on purpose; each must be found
 *   BREAK_DONE      tokens are moved to B although it is done: nobody will take them
 *   BREAK_TOKENS    the commit of A's wait does not look at A's tokens
 *   BREAK_WALK      the tokens are moved, but the walk does not go on to B
 *   BREAK_HANDBACK  who completes B submits A although it is held
 *   BREAK_TAKE      (with UNCANCEL) tokens are counted first and subtracted later: one may be gone
 *                   by then
 *   BREAK_PUBLISH   (with INLINED) tokens that A has when it is published are not passed on
 *   BREAK_HELD      (with INLINED) a published A goes on when B returned, although it is held
 */
#ifndef OUTER
#define OUTER 1
#endif
#ifndef INNER
#define INNER 1
#endif

#define WAITING 1
#define HELD 2
#define AGAIN 4

#define VALUE 1
#define CANCELED 2

#define A 0
#define B 1
#ifdef INLINED
#define STACK(t) 0
#else
#define STACK(t) t
#endif

/* The tasks. */
byte ws[2];
byte pending[2], count[2]; /* tokens: one word each */
bit word_lock[2], word_done[2];
bit linked_a;  /* A's node in B's list of waiters */
byte wait_for; /* B's record: which future; A's is always B */

/* The futures. */
bit lock[2], done[2], linked[2];
byte result[2];

/* Ghosts. */
bit suspended[2], submitted[2]; /* by stack */
bit record[2];                  /* by task: its wait record is alive */
byte accepted[2], delivered[2];
byte taken, withdrawn;
bit finished;

inline take_lock(l)
{
    atomic { l == 0 -> l = 1 }
}

inline submit(t)
{
    atomic {
        assert(suspended[STACK(t)] && !submitted[STACK(t)]);
        assert(!(ws[t] & HELD));
        submitted[STACK(t)] = 1
    }
}

inline wake(t, held)
{
    atomic {
        assert(suspended[STACK(t)]);
        assert(ws[t] & WAITING);
        held = (ws[t] & HELD) != 0;
        ws[t] = ws[t] & (HELD | AGAIN)
    }
#ifdef BREAK_HANDBACK
    held = 0;
#endif
    if
    :: held -> held = 0
    :: else -> submit(t)
    fi
}

inline complete(f, value, held)
{
    take_lock(lock[f]);
    if
    :: done[f] -> lock[f] = 0
    :: else ->
        atomic {
            result[f] = value;
            assert(!linked[f] || record[B]);
            held = linked[f];
            linked[f] = 0;
            done[f] = 1;
            lock[f] = 0
        }
        if
        :: held -> held = 0; wake(B, held)
        :: else
        fi
    fi
}

/* weft__walk_into, with B's word locked and B not done */
inline move_tokens(n)
{
#ifdef BREAK_TAKE
    n = pending[A];
    atomic { pending[B] = pending[B] + n; count[B] = count[B] + n }
    atomic { assert(pending[A] >= n); pending[A] = pending[A] - n }
#else
    atomic { n = pending[A]; pending[A] = 0 }
    atomic { pending[B] = pending[B] + n; count[B] = count[B] + n }
#endif
}

/* The interrupt of a task that awaits a task, and of one that awaits a future. [n]: tokens
 * moved. */
inline interrupt_kind(t, held, n)
{
    if
    :: t == A ->
        take_lock(word_lock[B]);
#ifndef BREAK_DONE
        if
        :: word_done[B]
        :: else -> move_tokens(n)
        fi;
#else
        move_tokens(n);
#endif
        word_lock[B] = 0
    :: t == B ->
        assert(record[B]);
        if
        :: wait_for == 0 -> complete(0, CANCELED, held)
        :: wait_for == 1 -> complete(1, CANCELED, held)
        fi
    fi
}

/* weft__interrupt: the walk. [t] is where it begins. */
inline interrupt(t, me, held, n, inward)
{
    do
    :: true ->
        atomic {
            if
            :: !(ws[t] & WAITING) -> me = 0
            :: (ws[t] & WAITING) && (ws[t] & HELD) -> me = 0; ws[t] = ws[t] | AGAIN
            :: else -> me = 1; ws[t] = ws[t] | HELD
            fi
        }
        do
        :: me ->
            assert(record[t]);
            if
            :: pending[t] > 0 -> assert(record[t]); interrupt_kind(t, held, n)
            :: else
            fi;
#ifndef BREAK_WALK
            atomic { inward = inward || n > 0; n = 0 }
#else
            n = 0;
#endif
            atomic {
                assert(ws[t] & HELD);
                assert(record[t]);
                if
                :: (ws[t] & AGAIN) && (ws[t] & WAITING) -> ws[t] = WAITING | HELD
                :: else -> ws[t] = ws[t] & WAITING; me = 0; held = (ws[t] == 0)
                fi
            }
            if
            :: held -> held = 0; submit(t)
            :: else
            fi
        :: else -> break
        od;
        if
        :: inward -> inward = 0; t = B
        :: else -> break
        fi
    od
}

proctype canceller(byte t)
{
    byte n;
    bit me, held, inward;

    take_lock(word_lock[t]);
    if
    :: word_done[t] -> word_lock[t] = 0
    :: else ->
        atomic { pending[t]++; count[t]++; accepted[t]++ }
        word_lock[t] = 0;
        interrupt(t, me, held, n, inward)
    fi
}

/* weft_uncancel of A, by another task */
proctype uncancel()
{
    atomic {
        if
        :: count[A] > 0 ->
            count[A]--;
            if
            :: count[A] == 0 -> withdrawn = withdrawn + pending[A]; pending[A] = 0
            :: else
            fi
        :: else
        fi
    }
}

proctype resumer(byte f)
{
    bit held;

    if
    :: complete(f, VALUE, held)
    :: skip
    fi
}

/* Of the task itself: a raise, or what the end finds. */
#define TAKE_TOKENS(t) \
    taken = taken + pending[t]; \
    pending[t] = 0; \
    delivered[t]++; \
    assert(delivered[A] + delivered[B] <= accepted[A] + accepted[B])

/* B waits for future [f]: the commit, and what comes out. */
inline await_future(f, held, outcome)
{
    atomic { record[B] = 1; suspended[STACK(B)] = 1; wait_for = f }
    ws[B] = WAITING;
    take_lock(lock[f]);
    if
    :: done[f] -> lock[f] = 0; wake(B, held)
    :: else ->
        if
        :: atomic { pending[B] > 0 -> result[f] = CANCELED; done[f] = 1; lock[f] = 0 }
            wake(B, held)
        :: pending[B] == 0 -> atomic { linked[f] = 1; lock[f] = 0 }
        fi
    fi;
    atomic {
        submitted[STACK(B)] -> submitted[STACK(B)] = 0;
        assert(!(ws[B] & (WAITING | HELD)) && !linked[f]);
        suspended[STACK(B)] = 0;
        record[B] = 0
    }
    atomic {
        outcome = result[f];
        assert(outcome != CANCELED || pending[B] > 0);
        if
        :: pending[B] > 0 -> TAKE_TOKENS(B); outcome = CANCELED
        :: else
        fi
    }
    outcome = 0
}

/* weft__task_finish of B */
inline finish_inner(held)
{
    take_lock(word_lock[B]);
    atomic {
        if
        :: pending[B] > 0 -> TAKE_TOKENS(B)
        :: else
        fi;
        assert(accepted[B] == 0 || delivered[B] > 0);
        held = linked_a;
        assert(!held || record[A]);
        linked_a = 0;
        word_done[B] = 1;
        word_lock[B] = 0
    }
    if
    :: held -> held = 0; wake(A, held)
    :: else
    fi
}

inline finish_outer()
{
    atomic { /* weft__raise */
        if
        :: pending[A] > 0 -> TAKE_TOKENS(A)
        :: else
        fi
    }
    take_lock(word_lock[A]);
    atomic {
        if
        :: pending[A] > 0 -> TAKE_TOKENS(A)
        :: else
        fi;
        word_done[A] = 1;
        word_lock[A] = 0
    }
    assert(accepted[A] == 0 || withdrawn > 0 || delivered[A] + delivered[B] > 0);
    finished = 1
}

#ifdef INLINED
/* A's record becomes visible, once; tokens that A has already go to B, which is not in its wait
 * yet. */
inline publish(published, t, me, held, n, inward)
{
    if
    :: !published ->
        published = 1;
        record[A] = 1;
        ws[A] = WAITING;
#ifndef BREAK_PUBLISH
        if
        :: pending[A] > 0 -> t = A; interrupt(t, me, held, n, inward)
        :: else
        fi
#endif
    :: else
    fi
}

proctype both()
{
    byte t, n, outcome;
    bit published, me, held, inward;

    publish(published, t, me, held, n, inward);
    await_future(0, held, outcome);
    if
    :: publish(published, t, me, held, n, inward);
        await_future(1, held, outcome)
    :: skip
    fi;
    finish_inner(held);
    if
    :: atomic { ws[A] == WAITING -> ws[A] = 0; record[A] = 0 }
    :: atomic { ws[A] != WAITING -> assert(ws[A] & HELD) }
#ifdef BREAK_HELD
        atomic { ws[A] = 0; record[A] = 0 }
#else
        suspended[STACK(A)] = 1; /* weft__suspend_held */
        wake(A, held);
        atomic {
            submitted[STACK(A)] -> submitted[STACK(A)] = 0;
            assert(!(ws[A] & (WAITING | HELD)));
            suspended[STACK(A)] = 0;
            record[A] = 0
        }
#endif
    fi;
    finish_outer()
}
#else
proctype inner()
{
    byte outcome;
    bit held;

    await_future(0, held, outcome);
    if
    :: await_future(1, held, outcome)
    :: skip
    fi;
    finish_inner(held)
}

proctype outer()
{
    byte t, n;
    bit me, held, inward;

    atomic { record[A] = 1; suspended[STACK(A)] = 1 }
    ws[A] = WAITING;
    take_lock(word_lock[B]);
    if
    :: word_done[B] -> word_lock[B] = 0; wake(A, held)
    :: else ->
#ifndef BREAK_TOKENS
        if
        :: pending[A] > 0 -> move_tokens(n)
        :: else
        fi;
#endif
        atomic { linked_a = 1; word_lock[B] = 0 } /* A's frame is not touched from here on */
        if
        :: n > 0 -> n = 0; t = B; interrupt(t, me, held, n, inward); t = 0
        :: else
        fi
    fi;
    atomic {
        submitted[STACK(A)] -> submitted[STACK(A)] = 0;
        assert(!(ws[A] & (WAITING | HELD)) && !linked_a);
        suspended[STACK(A)] = 0;
        record[A] = 0
    }
    finish_outer()
}
#endif

proctype watch()
{
    timeout ->
    if
    :: finished
    :: else ->
        assert(ws[A] == WAITING && ws[B] == WAITING && record[A] && record[B]);
        assert(linked[wait_for] && !done[wait_for]);
        assert(pending[A] == 0 && pending[B] == 0);
        assert(accepted[B] == 0 || delivered[B] > 0);
        assert(accepted[A] == 0 || withdrawn > 0 || delivered[B] > 0)
    fi;
    assert(taken + withdrawn == accepted[A] + accepted[B]);
    assert(!submitted[0] && !submitted[1]);
    assert(!word_lock[A] && !word_lock[B] && !lock[0] && !lock[1])
}

init
{
    atomic {
#ifdef INLINED
        run both();
#else
        run outer();
        run inner();
#endif
        run resumer(0);
        run resumer(1);
#if OUTER > 0
        run canceller(A);
#endif
#if OUTER > 1
        run canceller(A);
#endif
#if INNER > 0
        run canceller(B);
#endif
#ifdef UNCANCEL
        run uncancel();
#endif
        run watch()
    }
}
