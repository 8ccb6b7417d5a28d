/* SPDX-License-Identifier: MIT */
/*
 * operation: a cancel reaches a request to the kernel wherever that is (runtime/sched/operation.h,
 * runtime/sched/driver.h, the operation's interrupt and the mail of runtime/sched/worker.c).
 *
 * Modelled
 *   - one task that awaits two operations one after the other, at the same address: to the kernel
 *     both have the same user_data. A cancel by address is right only if the operation it means is
 *     alive
 *   - the ring's owner, which gives the kernel what was published as late as it likes, from its
 *     turn or from the handler of the kick; its mail, which a task is in at most once (a flag of
 *     its own, taken back by the owner before it asks)
 *   - the kernel, which ends an operation by itself, or when asked, or never; once it may end one
 *     with -ECANCELED that nobody asked for (its ring moved to another thread): the operation is
 *     awaited again
 *   - a reaper on any worker, and foreign cancellers that ask the kernel at once
 *
 * Abstracted
 *   - memory is sequentially consistent; a loop of load and compare-and-swap is one step (see
 *     wait.pml)
 *   - the kernel's answer to a cancel is one step: found and asked, or -ENOENT
 *   - flush gives the kernel all that was published. (A driver whose kernel refuses must keep that
 *     promise before the owner asks again, or answer the cancel from its own queue.)
 *   - the frame is a number, as in wait.pml: the operation that is alive, 0 while the task runs
 *
 * Checked
 *   - the kernel never has an operation whose frame is gone, and a cancel never ends another
 *     operation than the one it was meant for
 *   - resumed once an operation, by its completion only, or by the commit that did not publish it
 *   - a result that arrived wins, and leaves the tokens; -ECANCELED is shown only if somebody
 *     cancelled
 *   - when nothing moves any more no token is pending, and every cancel that was accepted reached
 *     the task
 *
 * Broken on purpose; each must be found
 *   BREAK_MAIL      -ENOENT is taken for an answer: an operation that was not submitted yet is not
 *                   cancelled
 *   BREAK_FLUSH     the owner asks again for its mail without flushing first
 *   BREAK_HOLD      the canceller asks the kernel without holding the task
 *   BREAK_HANDBACK  the reaper submits a task that is held
 *   BREAK_DEKKER    the commit publishes the operation without a look at the tokens
 *   BREAK_AGAIN     a canceller that meets a holder goes away without asking it to look again
 *   BREAK_TWICE     (two cancellers) the task is put into the mail although it is there already:
 *                   its one link would be in the list twice
 */
#ifndef CANCELLERS
#define CANCELLERS 1
#endif

#define WAITING 1
#define HELD 2
#define AGAIN 4

#define VALUE 1
#define CANCELED 2

/* The task. */
byte ws;
byte pending;
bit word_lock, word_done;
byte result; /* of the operation on its frame */
bit op_done;

/* The ring: what is published, what the kernel has, what it has completed. The numbers are
 * ghosts. */
bit published, in_flight, asked, ready;
byte published_no, in_flight_no, completion_no;
byte completion; /* 0, VALUE or CANCELED */
bit moved = 1;   /* -ECANCELED by itself, once */

/* The owner's thread runs the commit and the mail, one at a time. */
bit owner_busy, mail;

/* Ghosts. */
byte frame, waits;
bit submitted, woken, finished;
byte accepted, delivered;

inline take_lock(l)
{
    atomic { l == 0 -> l = 1 }
}

inline submit()
{
    atomic {
        assert(frame != 0);
        assert(!submitted && !woken);
        woken = 1;
        submitted = 1
    }
}

inline wake(held)
{
    atomic {
        assert(frame != 0);
        assert(ws & WAITING);
        held = (ws & HELD) != 0;
        ws = ws & (HELD | AGAIN)
    }
#ifdef BREAK_HANDBACK
    held = 0;
#endif
    if
    :: held -> held = 0
    :: else -> submit()
    fi
}

/* What the kernel does with the published entries. Whether it ends one by itself is not known
 * before. */
inline flush()
{
    atomic {
        if
        :: published && !in_flight ->
            published = 0;
            in_flight = 1;
            in_flight_no = published_no;
            asked = 0;
            if
            :: ready = 1
            :: ready = 0
            fi
        :: else
        fi
    }
}

/* weft__interrupt of a task that awaits an operation. [owner]: by the ring's worker, after a
 * flush. */
inline interrupt(owner, me, unknown)
{
    atomic {
        if
        :: !(ws & WAITING) -> me = 0
        :: (ws & WAITING) && (ws & HELD) ->
            me = 0;
#ifndef BREAK_AGAIN
            ws = ws | AGAIN
#endif
        :: else ->
            me = 1;
#ifndef BREAK_HOLD
            ws = ws | HELD
#endif
        fi
    }
    do
    :: me ->
        if
        :: pending > 0 ->
            assert(frame != 0); /* reads op->driver */
            atomic {
                unknown = !in_flight;
                if
                :: in_flight -> asked = 1; assert(in_flight_no == frame && pending > 0)
                :: else
                fi
            }
#ifndef BREAK_MAIL
            if
            :: unknown && !owner ->
                atomic { assert(frame != 0); unknown = !op_done }
                if
#ifdef BREAK_TWICE
                :: unknown -> atomic { assert(!mail); mail = 1 }
#else
                :: unknown -> mail = 1
#endif
                :: else
                fi
            :: else
            fi;
#endif
            unknown = 0
        :: else
        fi;
#ifdef BREAK_HOLD
        break
#else
        atomic {
            assert(ws & HELD);
            if
            :: (ws & AGAIN) && (ws & WAITING) -> ws = WAITING | HELD
            :: else -> ws = ws & WAITING; me = 0; unknown = (ws == 0)
            fi
        }
        if
        :: unknown -> unknown = 0; submit() /* the completion left that to us */
        :: else
        fi
#endif
    :: else -> break
    od;
    me = 0
}

proctype canceller()
{
    bit me, unknown;

    take_lock(word_lock);
    if
    :: word_done -> word_lock = 0
    :: else ->
        atomic { pending++; accepted++ }
        word_lock = 0;
        interrupt(0, me, unknown)
    fi
}

/* The turn, or the kick's handler: flush. The mail: flush, ask again. */
proctype owner()
{
    bit me, unknown;

    do
    :: published && !in_flight -> flush()
    :: atomic { mail && !owner_busy -> owner_busy = 1 }
        mail = 0;
#ifndef BREAK_FLUSH
        flush();
#endif
        interrupt(1, me, unknown);
        owner_busy = 0
    od
}

proctype kernel()
{
    do
    :: atomic { in_flight && (ready || asked) && completion == 0 ->
        completion = (asked -> CANCELED : VALUE);
        completion_no = in_flight_no;
        in_flight = 0 }
    :: atomic { in_flight && ready && asked && completion == 0 -> /* too late to be stopped */
        completion = VALUE;
        completion_no = in_flight_no;
        in_flight = 0 }
    :: atomic { in_flight && moved && completion == 0 ->
        moved = 0;
        completion = CANCELED;
        completion_no = in_flight_no;
        in_flight = 0 }
    od
}

/* Any worker that has the completion lock. */
proctype reaper()
{
    byte value;
    bit held;

    do
    :: atomic { completion != 0 ->
        assert(frame == completion_no);
        value = completion;
        completion = 0 }
        atomic { assert(frame != 0); result = value }
        op_done = 1;
        wake(held);
        value = 0
    od
}

proctype task()
{
    byte i;
    bit held, seen;

    do
    :: i < 2 ->
        atomic { waits++; frame = waits; woken = 0; result = CANCELED; op_done = 0 }
        take_lock(owner_busy); /* the commit runs on the worker whose ring it is */
        ws = WAITING;
#ifndef BREAK_DEKKER
        seen = (pending > 0);
#endif
        if
        :: seen -> seen = 0; wake(held) /* never published */
        :: else -> atomic { published_no = waits; published = 1 }
        fi;
        owner_busy = 0;
        atomic {
            submitted -> submitted = 0;
            assert(frame == waits && !(ws & (WAITING | HELD)));
            assert(!published && !(in_flight && in_flight_no == waits) && completion == 0);
            frame = 0
        }
        if
        :: result == VALUE -> i++ /* it wins; the tokens stay */
        :: result == CANCELED && pending > 0 ->
            atomic { pending = 0; delivered++ }
            i++
        :: result == CANCELED && pending == 0 -> /* nobody asked for it: awaited again */
            assert(!moved)
        fi
    :: else -> break
    od;
    take_lock(word_lock);
    atomic {
        if
        :: pending > 0 -> delivered++
        :: else
        fi;
        word_done = 1;
        word_lock = 0
    }
    assert(accepted == 0 || delivered > 0);
    finished = 1
}

proctype watch()
{
    timeout ->
    if
    :: finished -> assert(!in_flight && !published)
    :: else ->
        assert(frame == waits && ws == WAITING && !submitted);
        assert(in_flight && !ready && !asked);
        assert(pending == 0 && (accepted == 0 || delivered > 0))
    fi;
    assert(!word_lock && !owner_busy)
}

init
{
    atomic {
        run task();
        run owner();
        run kernel();
        run reaper();
        run canceller();
#if CANCELLERS > 1
        run canceller();
#endif
        run watch()
    }
}
