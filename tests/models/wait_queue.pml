/* SPDX-License-Identifier: MIT */
/*
 * wait_queue: what is released goes to one who waits, also if he is cancelled at the same time
 * (runtime/sync/wait_queue.{h,c}, runtime/sync/state.h).
 *
 * Modelled
 *   - an object with permits, as a semaphore; with none at the start. Tasks that take one, wait if
 *     they must, and give it back
 *   - a canceller for each task (for one with -DCANCELLERS=1), which may take its cancel back;
 *     foreign threads that release one permit, or two in one step (as an event, a condition or a
 *     barrier lets several go). Each of them may do nothing
 *   - the state word with its lock and WAITED; the fast paths, which go by the lock; the queue; the
 *     grants, which are chained by the nodes and woken after the unlock; the hold
 *
 * Abstracted
 *   - memory is sequentially consistent; a loop of load and compare-and-swap is one step (see
 *     wait.pml)
 *   - what is done under the lock of the object is one step, but for the look at the tokens
 *   - one canceller for each task: that several meet is in wait.pml. So there is no AGAIN
 *   - the frame is a bit: the node is alive. Whoever touches one asserts that it is
 *
 * Checked
 *   - no more tasks have a permit than were released; none is lost, none made
 *   - a task is woken once a wait, by whoever took its node out
 *   - a wait ends without a permit only if somebody cancelled, and the task knows it then, also if
 *     the cancel was taken back
 *   - when nothing moves any more each task is done, or nothing was released, and it waits with no
 *     token pending
 *
 * Broken on purpose; each must be found
 *   BREAK_REFUSE    a task that was granted and is cancelled does not pass on what it got
 *   BREAK_TAKE      the commit links without another look at the object
 *   BREAK_TOKENS    the commit does not look at the tokens
 *   BREAK_STRIKE    the commit leaves it to the tokens to say that the wait was cancelled
 *   BREAK_WAITED    the commit does not say in the word that somebody waits
 *   BREAK_LINKED    the canceller wakes although the node was granted
 *   BREAK_HOLD      the canceller looks at the node without holding the task
 *   BREAK_NEXT      who wakes several reads the next one after the wake
 */
#define TASKS 2
#define NOBODY TASKS

#ifndef FOREIGN
#define FOREIGN 1
#endif
#ifndef CANCELLERS
#define CANCELLERS TASKS
#endif

#define WAITING 1
#define HELD 2

/* The object. */
bit locked, waited;
byte permits;
byte queue[TASKS], length; /* oldest first */

/* The tasks, and the nodes on their frames. */
byte ws[TASKS];
bit pending[TASKS], done[TASKS];
bit linked[TASKS], granted[TASKS], struck[TASKS];
byte next[TASKS];

/* Ghosts. */
bit frame[TASKS], submitted[TASKS];
bit accepted[TASKS];
byte released, inside;

inline take_lock()
{
    atomic { !locked -> locked = 1 }
}

inline submit(t)
{
    atomic { assert(frame[t] && !submitted[t]); submitted[t] = 1 }
}

inline wake(t)
{
    atomic {
        assert(frame[t]);
        assert(ws[t] & WAITING);
        ws[t] = ws[t] & HELD;
        if
        :: ws[t] & HELD /* the holder submits */
        :: else -> submit(t)
        fi
    }
}

/* Within a step: t out of the queue, wherever it is. */
inline take_out(t)
{
    assert(frame[t] && linked[t] && length > 0);
    if
    :: queue[0] == t -> queue[0] = queue[1]
    :: else -> assert(queue[1] == t)
    fi;
    length--;
    linked[t] = 0
}

/* [n] permits to those who wait, the rest to the object. */
inline give(n, first, t)
{
    take_lock();
    atomic {
        first = NOBODY;
        do
        :: n > 0 && length > 0 ->
            t = queue[0];
            take_out(t);
            granted[t] = 1;
            next[t] = NOBODY;
            if
            :: first == NOBODY -> first = t
            :: else -> next[first] = t /* of two, it is the second */
            fi;
            n--
        :: else -> break
        od;
        permits = permits + n;
        n = 0;
        waited = (length > 0);
        locked = 0
    }
    do
    :: first == NOBODY -> break
    :: else ->
#ifdef BREAK_NEXT
        wake(first);
        atomic { assert(frame[first]); first = next[first] }
#else
        atomic { assert(frame[first]); t = first; first = next[first] }
        wake(t)
#endif
    od;
    t = 0
}

/* One permit: past the lock, if nobody waits. */
inline release(n, first, t)
{
    atomic {
        !locked ->
        if
        :: waited -> n = 1
        :: else -> permits++
        fi
    }
    if
    :: n > 0 -> give(n, first, t)
    :: else
    fi
}

/* By the commit. */
inline strike(t)
{
#ifndef BREAK_STRIKE
    struck[t] = 1
#else
    skip
#endif
}

/* The commit, on the next stack. */
inline commit(me, seen)
{
    ws[me] = WAITING;
    take_lock();
#ifndef BREAK_TOKENS
    seen = pending[me];
#endif
    atomic {
        if
#ifndef BREAK_TAKE
        :: permits > 0 -> permits--; granted[me] = 1
        :: permits == 0 && seen -> strike(me)
        :: permits == 0 && !seen ->
#else
        :: seen -> strike(me)
        :: else ->
#endif
            queue[length] = me;
            length++;
            linked[me] = 1;
#ifndef BREAK_WAITED
            waited = 1
#endif
        fi;
        seen = !linked[me]; /* from here on: it does not stay */
        locked = 0
    }
    if
    :: seen -> wake(me)
    :: else
    fi;
    seen = 0
}

proctype task(byte me)
{
    byte n, first, t;
    bit seen, cancelled;

    atomic {
        !locked ->
        if
        :: permits > 0 -> permits--; granted[me] = 1
        :: else -> frame[me] = 1
        fi
    }
    if
    :: frame[me] ->
        commit(me, seen);
        atomic {
            submitted[me] -> submitted[me] = 0;
            assert(!ws[me] && !linked[me]);
            frame[me] = 0;
            cancelled = (pending[me] || struck[me]);
            pending[me] = 0
        }
        assert(granted[me] || cancelled);
        assert(!cancelled || accepted[me])
    :: else
    fi;
    if
    :: granted[me] && !cancelled ->
        atomic { inside++; assert(inside <= released) }
        inside--;
        release(n, first, t)
    :: granted[me] && cancelled ->
#ifndef BREAK_REFUSE
        release(n, first, t)
#endif
    :: else
    fi;
    done[me] = 1
}

/* weft__cancel_task, and the interrupt of the wait queue */
proctype canceller(byte t)
{
    bit held, woke;

    atomic {
        if
        :: true /* never */
        :: !done[t] -> pending[t] = 1; accepted[t] = 1
        fi
    }
    atomic {
        if
        :: accepted[t] && (ws[t] & WAITING) ->
            held = 1;
#ifndef BREAK_HOLD
            ws[t] = ws[t] | HELD
#endif
        :: else
        fi
    }
    if
    :: held ->
        take_lock();
        atomic {
            assert(frame[t]);
#ifdef BREAK_LINKED
            woke = 1;
#else
            woke = linked[t];
#endif
            if
            :: linked[t] -> take_out(t)
            :: else
            fi;
            locked = 0
        }
#ifdef BREAK_HOLD
        if
        :: woke -> struck[t] = 1; wake(t)
        :: else
        fi
#else
        atomic { /* lets go; what was woken meanwhile is its to submit */
            assert(ws[t] & HELD);
            assert(!woke || (ws[t] & WAITING));
            if
            :: woke -> struck[t] = 1; ws[t] = 0; submit(t)
            :: !woke && !(ws[t] & WAITING) -> ws[t] = 0; submit(t)
            :: else -> ws[t] = WAITING
            fi
        }
#endif
    :: else
    fi;
    if
    :: true -> pending[t] = 0 /* weft_uncancel */
    :: true
    fi
}

proctype foreign()
{
    byte n, first, t;

    if
    :: atomic { released = released + 1 } release(n, first, t)
    :: atomic { released = released + 2; n = 2 } give(n, first, t)
    :: true /* never */
    fi
}

/* When nobody can move. */
proctype watch()
{
    byte t;

    timeout ->
    do
    :: t < TASKS ->
        assert(!submitted[t]);
        assert(done[t] || (frame[t] && linked[t] && ws[t] == WAITING && !pending[t]));
        assert(done[t] || released == 0);
        t++
    :: else -> break
    od;
    assert(!locked && inside == 0 && permits == released)
}

init
{
    atomic {
        run task(0);
        run task(1);
        run canceller(0);
#if CANCELLERS > 1
        run canceller(1);
#endif
        run foreign();
#if FOREIGN > 1
        run foreign();
#endif
        run watch()
    }
}
