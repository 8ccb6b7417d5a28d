/* SPDX-License-Identifier: MIT */
/*
 * select: of several places that a task waits in at once, one happens (runtime/sync/select.c, the
 * choice of runtime/sync/wait_queue.h, weft__wait_publish_held and weft__wait_let_go of
 * runtime/sched/cancel.c).
 *
 * Modelled
 *   - a task that selects: to receive from either of two channels, or that a time is over; it tries
 *     again until a value came or it is cancelled
 *   - a sender for each channel, which sends once: to who waits there, or into the one place
 *   - the timer, and cancellers. All of them may do nothing
 *   - the commit, which may run beside the task, if that were resumed too early; the choice, the
 *     hold with its AGAIN, the submit that a waker leaves to the holder; the way out of all queues
 *
 * Abstracted
 *   - memory is sequentially consistent; a loop of load and compare-and-swap is one step (see
 *     wait.pml)
 *   - a channel's queue has room for this one task
 *   - the frame is a number: that of the wait whose nodes are alive. Whoever touches one asserts
 *     that it is there
 *
 * Checked
 *   - what was sent is received once, or is left in the channel
 *   - resumed once a wait, when nobody works on the frame
 *   - a cancelled select has received nothing
 *   - when nothing moves any more the task is done, or waits with both channels empty and no token
 *     pending
 *
 * Broken on purpose; each must be found
 *   BREAK_HELD      the commit publishes the task without holding it
 *   BREAK_TOKENS    the commit lets go without a look at the tokens
 *   BREAK_CHOICE    who grants does not ask whether the choice is made
 *   BREAK_LOOK      the commit enters a queue without a look at the channel
 *   BREAK_TURN      the commit turns back without making the choice
 *   BREAK_LEAVE     the task goes on without leaving the queues
 *   BREAK_OURS      the canceller wakes although the choice was made
 */
#ifndef CANCELLERS
#define CANCELLERS 1
#endif

#define WAITING 1
#define HELD 2
#define AGAIN 4

/* The choice: open, the channel and one, or: */
#define LOOK 3
#define CANCELLED 4

/* The channels: a lock, one place, the node of the task. */
bit lock[2], filled[2], linked[2];

/* The task. */
byte ws, choice;
bit pending;
bit handed; /* a value was put into the node that was granted */

/* The timer. */
bit timer_lock, armed;

/* Ghosts. */
byte frame, waits; /* as in wait.pml */
byte committing;   /* the wait whose commit is to run */
bit submitted, finished, accepted;
byte sent, got;

inline take_lock(l)
{
    atomic { l == 0 -> l = 1 }
}

inline submit()
{
    atomic { assert(frame != 0 && !submitted); submitted = 1 }
}

inline wake()
{
    atomic {
        assert(frame != 0);
        assert(ws & WAITING);
        ws = ws & (HELD | AGAIN);
        if
        :: ws & HELD /* the holder submits */
        :: else -> submit()
        fi
    }
}

/* weft__choice_make */
inline make(what, ours)
{
    atomic {
        assert(frame != 0);
        ours = (choice == 0);
        if
        :: ours -> choice = what
        :: else
        fi
    }
}

/* Out of all queues. */
inline leave()
{
    take_lock(lock[0]);
    atomic { assert(frame != 0); linked[0] = 0; lock[0] = 0 }
    take_lock(lock[1]);
    atomic { assert(frame != 0); linked[1] = 0; lock[1] = 0 }
}

/* By a holder, if there is something to [look] at: as long as another one has asked to look again.
 */
inline interrupt_held(look, more, ours)
{
    more = 1;
    do
    :: more ->
        ours = 0;
        if
        :: look ->
            make(CANCELLED, ours);
#ifdef BREAK_OURS
            ours = 1;
#endif
            leave()
        :: else
        fi;
        atomic { /* let_go */
            assert(ws & HELD);
            if
            :: (ws & AGAIN) && (ws & WAITING) && !ours -> ws = WAITING | HELD
            :: else ->
                more = 0;
                assert(!ours || (ws & WAITING));
                ws = (ours -> 0 : ws & WAITING);
                if
                :: ws == 0 -> submit()
                :: else
                fi
            fi
        }
    :: else -> break
    od;
    ours = 0
}

/* One more queue, unless the channel has something. */
inline join(c, turned)
{
    take_lock(lock[c]);
    atomic {
        assert(frame == mine);
#ifndef BREAK_LOOK
        turned = filled[c];
#endif
        linked[c] = !turned;
        lock[c] = 0
    }
}

/* On the next stack: it works on the frame until it lets go. */
proctype commit()
{
    byte mine;
    bit turned, ours, more;

    do
    :: atomic { committing != 0 -> mine = committing; committing = 0 }
#ifdef BREAK_HELD
        ws = WAITING;
#else
        ws = WAITING | HELD;
#endif
        join(0, turned);
        if
        :: !turned -> join(1, turned)
        :: else
        fi;
        if
        :: turned ->
#ifndef BREAK_TURN
            make(LOOK, ours);
            if
            :: ours -> wake()
            :: else
            fi;
#endif
            ours = 0;
            turned = 0
        :: else
        fi;
        take_lock(timer_lock);
        atomic { assert(frame == mine); armed = 1; timer_lock = 0 }
#ifdef BREAK_HELD
        assert(frame == mine);
#elif defined(BREAK_TOKENS)
        interrupt_held(false, more, ours);
#else
        interrupt_held(pending, more, ours);
#endif
        mine = 0
    :: finished -> break
    od
}

proctype task()
{
    byte c;

    do
    :: true ->
        c = 0;
        do /* try_all */
        :: c < 2 ->
            take_lock(lock[c]);
            atomic {
                if
                :: filled[c] -> filled[c] = 0; got++; lock[c] = 0; goto out
                :: else -> lock[c] = 0
                fi;
                c++
            }
        :: else -> break
        od;
        c = 0;
        atomic { waits++; frame = waits; choice = 0; handed = 0; committing = waits }
        submitted;
        atomic { submitted = 0; assert(!(ws & (WAITING | HELD)) && choice != 0) }
#ifndef BREAK_LEAVE
        leave();
#endif
        take_lock(timer_lock);
        atomic { armed = 0; timer_lock = 0 }
        atomic {
            frame = 0;
            assert(handed == (choice == 1 || choice == 2));
            if
            :: choice == LOOK
            :: choice == CANCELLED -> assert(accepted); pending = 0; goto out
            :: else -> got++; goto out
            fi
        }
    od;
out:
    finished = 1
}

proctype sender(byte c)
{
    bit granted, ours;

    if
    :: true -> goto out /* never */
    :: true -> take_lock(lock[c])
    fi;
    if
    :: linked[c] ->
        linked[c] = 0;
#ifdef BREAK_CHOICE
        atomic { assert(frame != 0); ours = 1; choice = c + 1 }
#else
        make(c + 1, ours);
#endif
        if
        :: ours -> atomic { assert(frame != 0); handed = 1 }
        :: else -> filled[c] = 1 /* who goes on for something else is nobody */
        fi
    :: else -> filled[c] = 1
    fi;
    atomic { sent++; granted = ours; lock[c] = 0 }
    if
    :: granted -> wake()
    :: else
    fi;
out:
    skip
}

proctype timer()
{
    bit ours;

    if
    :: true -> goto out /* never */
    :: armed || finished -> take_lock(timer_lock)
    fi;
    if
    :: armed ->
        armed = 0;
        make(LOOK, ours);
        if
        :: ours -> wake()
        :: else
        fi
    :: else
    fi;
    timer_lock = 0;
out:
    skip
}

/* weft__cancel_task */
proctype canceller()
{
    bit me, ours;

    atomic {
        if
        :: true /* never */
        :: !finished -> pending = 1; accepted = 1
        fi
    }
    atomic {
        if
        :: !accepted || !(ws & WAITING)
        :: accepted && (ws & WAITING) && (ws & HELD) -> ws = ws | AGAIN
        :: else -> ws = ws | HELD; me = 1
        fi
    }
    if
    :: me -> interrupt_held(pending, me, ours)
    :: else
    fi
}

/* When nobody can move. */
proctype watch()
{
    timeout ->
    assert(!submitted && !lock[0] && !lock[1] && !timer_lock);
    assert(sent == got + filled[0] + filled[1]);
    if
    :: finished
    :: else ->
        assert(frame == waits && ws == WAITING && choice == 0 && !pending);
        assert(linked[0] && linked[1] && !filled[0] && !filled[1])
    fi
}

init
{
    atomic {
        run task();
        run commit();
        run sender(0);
        run sender(1);
        run timer();
        run canceller();
#if CANCELLERS > 1
        run canceller();
#endif
        run watch()
    }
}
