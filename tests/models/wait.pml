/* SPDX-License-Identifier: MIT */
/*
 * wait: a task is resumed exactly once, and no cancel is lost or hits the wrong wait
 * (runtime/sched/wait.h, runtime/sched/cancel.c, runtime/core/waiters.h).
 *
 * Modelled
 *   - one task that waits twice: for future 0 inside a time-out scope, for future 1 after it. With
 *     -DLIST the second is a wait of the other kind: not a result that is completed, but a place in
 *     a list, as of a lock, a queue or a timer; who unlinks it wakes
 *   - a canceller (two with -DCANCELLERS=2), the timer of the scope, and for each wait a thread
 *     that may resume it, or never does
 *   - the words ws and tokens, the lock in the task's own waiter word, the lock of each list, the
 *     lock of the timers; the hold, its AGAIN, and the submit that a waker leaves to the holder
 *
 * Abstracted
 *   - memory is sequentially consistent. The order of "publish WAITING, look at the tokens" is what
 *     BREAK_DEKKER takes away
 *   - one atomic access a step; a loop of load and compare-and-swap is one step, as it retries
 *     until nothing came between, and a failed round leaves no trace
 *   - the frame is a number: that of the wait whose records are alive, 0 while the task runs.
 *     Whoever touches a record asserts that it is there
 *
 * Checked
 *   - resumed once a wait, by whoever took its node out; never while a canceller holds it (`frame`)
 *   - a wait ends as cancelled only if somebody cancelled the task, or its scope has expired and
 *     not ended
 *   - a cancel that was accepted reaches the task, at the latest at its end
 *   - when nothing moves any more the task is done, or waits for what nobody resumes, with no token
 *     pending
 *
 * Broken on purpose; each must be found
 *   BREAK_HOLD      the canceller looks at the task's record without holding it
 *   BREAK_HANDBACK  the waker submits a task that is held, instead of leaving that to the holder
 *   BREAK_AGAIN     a canceller that meets a holder goes away without asking it to look again
 *   BREAK_LEVEL     the holder interrupts although no token is pending: a late walk hits an
 *                   innocent wait
 *   BREAK_DEKKER    the commit looks at the tokens before it publishes WAITING
 *   BREAK_UNLINK    (with LIST) the node stays in its list when its task is woken, and so is woken
 *                   twice
 *   BREAK_RETURN    tokens that a future has refused, as it is done, are not put back
 *   BREAK_SCOPE     the end of the scope does not unlink under the timers' lock: the expiry comes
 *                   too late
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
byte pending, count, sequence; /* tokens: one word, always changed in one step */
bit word_lock, word_done;      /* of its own waiter word */
byte wait_for;                 /* its wait record: which future */

/* The futures; the same members serve the list of LIST, where `done` means set. */
bit lock[2], done[2], linked[2];
byte result[2];

/* The scope's timer. */
bit timers_lock, timer_linked, expired;
byte timer_sequence;

/* Ghosts. */
byte frame;        /* the wait whose records are alive */
byte waits;        /* how many began */
bit submitted;     /* in a run queue */
bit woken;         /* in this wait */
byte accepted;     /* cancels that returned true */
byte delivered;    /* -ECANCELED that the task got */
bit in_scope, scope_hit;
bit finished;

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

/* weft__wake, by the one who took the node out of its list */
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
    :: held -> held = 0 /* the holder submits */
    :: else -> submit()
    fi
}

/* Future [f] is completed with [value], unless it is done. */
inline complete(f, value, had, held)
{
    take_lock(lock[f]);
    if
    :: done[f] -> lock[f] = 0
    :: else ->
        atomic { result[f] = value; had = linked[f]; linked[f] = 0; assert(!had || frame != 0) }
        atomic { done[f] = 1; lock[f] = 0 }
        if
        :: had -> had = 0; wake(held)
        :: else
        fi
    fi
}

/* The list's owner grants to whoever waits, or remembers it for the next. */
inline grant(f, had, held)
{
    take_lock(lock[f]);
    atomic {
        had = linked[f];
        assert(!had || frame != 0);
        result[f] = VALUE;
#ifndef BREAK_UNLINK
        linked[f] = 0;
#endif
        done[f] = 1;
        lock[f] = 0
    }
    if
    :: had -> had = 0; wake(held)
    :: else
    fi
}

/* Future [f] is cancelled, and [n] tokens are gone with that; one that is done refuses them. */
inline cancel_future(f, n, had, held)
{
    atomic { n = pending; pending = 0; sequence++ } /* weft__tokens_take */
    take_lock(lock[f]);
    if
    :: done[f] ->
        lock[f] = 0;
#ifndef BREAK_RETURN
        atomic { /* weft__tokens_return */
            if
            :: count > 0 -> pending = pending + n
            :: else
            fi
        }
#endif
    :: else ->
        atomic { result[f] = CANCELED; had = linked[f]; linked[f] = 0; assert(!had || frame != 0) }
        atomic { done[f] = 1; lock[f] = 0 }
        if
        :: had -> had = 0; wake(held)
        :: else
        fi
    fi;
    n = 0
}

/* The kind's interrupt: of a future, or of a place in a list. */
inline interrupt_kind(f, n, had, held, woke)
{
#ifdef LIST
    if
    :: f == 0 -> cancel_future(f, n, had, held)
    :: else ->
        take_lock(lock[f]);
        atomic { woke = linked[f]; linked[f] = 0; lock[f] = 0 }
    fi
#else
    cancel_future(f, n, had, held)
#endif
}

/* weft__interrupt, with its hold and let_go */
inline interrupt(me, f, n, had, held, woke)
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
        assert(frame != 0);
#ifdef BREAK_LEVEL
        atomic { assert(frame != 0); f = wait_for }
        interrupt_kind(f, n, had, held, woke);
#else
        if
        :: pending > 0 ->
            atomic { assert(frame != 0); f = wait_for }
            interrupt_kind(f, n, had, held, woke)
        :: else
        fi;
#endif
#ifdef BREAK_HOLD
        if
        :: woke -> wake(held)
        :: else
        fi;
        break
#else
        atomic {
            assert(ws & HELD);
            if
            :: (ws & AGAIN) && (ws & WAITING) && !woke -> ws = WAITING | HELD
            :: else -> ws = (woke -> 0 : ws & WAITING); me = 0
            fi;
            woke = (!me && ws == 0) /* from here on: it is ours to submit */
        }
        if
        :: woke -> submit()
        :: else
        fi
#endif
    :: else -> break
    od;
    me = 0;
    f = 0;
    woke = 0
}

/* weft__cancel_task */
proctype canceller()
{
    byte f, n;
    bit me, had, held, woke;

    take_lock(word_lock);
    if
    :: word_done -> word_lock = 0
    :: else ->
        atomic { pending++; count++; accepted++ }
        word_lock = 0;
        interrupt(me, f, n, had, held, woke)
    fi
}

/* The expiry of the scope: the token under the timers' lock, the walk after it. */
proctype timer()
{
    byte f, n;
    bit me, had, held, woke;

    timer_linked || finished;
    take_lock(timers_lock);
    if
    :: timer_linked ->
        timer_linked = 0;
#ifdef BREAK_SCOPE
        timers_lock = 0;
#endif
        take_lock(word_lock);
        atomic {
            assert(!word_done);
            timer_sequence = sequence;
            pending++;
            count++;
            expired = 1;
            scope_hit = 1
        }
        word_lock = 0;
        timers_lock = 0;
        interrupt(me, f, n, had, held, woke)
    :: else -> timers_lock = 0
    fi
}

proctype resumer(byte f)
{
    bit had, held;

    if
#ifdef LIST
    :: f == 1 -> grant(f, had, held)
    :: f == 0 -> complete(f, VALUE, had, held)
#else
    :: complete(f, VALUE, had, held)
#endif
    :: skip
    fi
}

/* The rest of a commit that has met tokens: the task may be running elsewhere meanwhile. */
proctype interrupter()
{
    byte f, n;
    bit me, had, held, woke;

    interrupt(me, f, n, had, held, woke)
}

/* The commit of the wait for [f], on the next stack. */
inline commit(f, seen, held)
{
    atomic { waits++; frame = waits; woken = 0; wait_for = f }
#ifdef BREAK_DEKKER
    seen = pending;
    ws = WAITING;
    take_lock(lock[f]);
#else
    ws = WAITING;
    take_lock(lock[f]);
    if
    :: done[f]
    :: else -> seen = pending
    fi;
#endif
    if
    :: done[f] -> lock[f] = 0; wake(held)
#ifdef LIST
    :: !done[f] && seen > 0 && f == 1 -> lock[f] = 0; wake(held)
    :: !done[f] && seen > 0 && f == 0 ->
#else
    :: !done[f] && seen > 0 ->
#endif
        atomic { linked[f] = 1; lock[f] = 0 }
        run interrupter()
    :: else -> atomic { linked[f] = 1; lock[f] = 0 }
    fi;
    seen = 0
}

inline scope_end()
{
#ifdef BREAK_SCOPE
    timer_linked = 0;
#else
    take_lock(timers_lock);
    atomic { timer_linked = 0; timers_lock = 0 }
#endif
    if
    :: expired ->
        atomic { /* weft__token_take_back(own) */
            count--;
            if
            :: pending > 0 && sequence == timer_sequence -> pending--
            :: else
            fi;
            if
            :: count == 0 -> pending = 0
            :: else
            fi
        }
    :: else
    fi;
    in_scope = 0
}

proctype task()
{
    byte i, seen, outcome;
    bit held;

    in_scope = 1;
    take_lock(timers_lock);
    atomic { timer_linked = 1; timers_lock = 0 }
    do
    :: i < 2 ->
        commit(i, seen, held);
        atomic {
            submitted -> submitted = 0;
            assert(frame == waits);
            assert(!(ws & (WAITING | HELD)) && !linked[i]);
            frame = 0
        }
        outcome = result[i];
        atomic { /* weft__raise: one -ECANCELED for all that are pending */
            if
            :: pending > 0 -> pending = 0; sequence++; outcome = CANCELED
            :: else
            fi
        }
        assert(outcome != 0);
        atomic {
            if
            :: outcome == CANCELED ->
                delivered++;
                assert(accepted > 0 || (scope_hit && in_scope))
            :: else
            fi;
            outcome = 0
        }
        if
        :: i == 0 -> scope_end()
        :: else
        fi;
        i++
    :: else -> break
    od;
    take_lock(word_lock);
    atomic {
        if
        :: pending > 0 -> delivered++; assert(accepted > 0)
        :: else
        fi;
        word_done = 1;
        word_lock = 0
    }
    assert(accepted == 0 || delivered > 0);
    finished = 1
}

/* When nobody can move: the task is done, or waits for what is never resumed, and no token waits
 * for it. */
proctype watch()
{
    timeout ->
    if
    :: finished -> assert(!submitted)
    :: else ->
        assert(frame == waits && ws == WAITING && !submitted);
        assert(linked[wait_for] && !done[wait_for]);
        assert(pending == 0 && (accepted == 0 || delivered > 0));
        assert(!(scope_hit && in_scope) || delivered > 0)
    fi;
    assert(!word_lock && !timers_lock && !lock[0] && !lock[1])
}

init
{
    atomic {
        run task();
        run timer();
        run resumer(0);
        run resumer(1);
        run canceller();
#if CANCELLERS > 1
        run canceller();
#endif
        run watch()
    }
}
