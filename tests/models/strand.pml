/* SPDX-License-Identifier: MIT */
/*
 * strand: at most one worker runs a strand's steps, and no step is left behind
 * (runtime/sched/strand.h, runtime/core/mpsc.h).
 *
 * Modelled
 *   - the head word: EMPTY, BUSY or a list; push, take and release as one compare-and-swap each
 *   - two producers that push steps; workers that find the strand in a run queue, hold it, run
 *     steps until none are left or the budget is spent, and release it
 *   - the commit: a step is over when the next stack has saved it, and the strand is let go after
 *     that
 *   - the references: of each task in the strand (dropped with its only step; a waker has none of
 *     its own), of a push while it lasts, of the entry that is responsible
 *
 * Abstracted
 *   - memory is sequentially consistent; a loop of load and compare-and-swap is one step
 *   - a list is a counter: its order is the matter of mpsc.h. CLOSED is left out
 *
 * Checked
 *   - the strand is in a run queue or held by a worker at most once, and one step runs at a time
 *   - nobody touches it when it is freed
 *   - when nothing moves any more every step was run, the head is EMPTY and the strand is freed
 *
 * Broken on purpose; each must be found
 *   BREAK_LOOK       released by a plain store of EMPTY, without a look at what came meanwhile
 *   BREAK_BUSY       a push that finds BUSY submits the strand too
 *   BREAK_EARLY      the strand is let go before the last step's commit
 *   BREAK_BATCH      the budget is spent and the holder looks at the head only: what it took is
 *                    left behind
 *   BREAK_REFERENCE  the entry's reference is taken after the strand was submitted
 */
#ifndef STEPS
#define STEPS 3 /* of each producer */
#endif
#ifndef BUDGET
#define BUDGET 2
#endif
#define WORKERS 2
#define PRODUCERS 2

#define EMPTY 0
#define BUSY 1
#define LIST 2

/* The strand. */
byte head = EMPTY;
byte listed; /* steps in the list */
byte batch;  /* the holder's: taken, not run */
byte refs = PRODUCERS * STEPS;

/* Ghosts. */
byte queued;  /* the strand's entry in run queues */
byte holders;
bit stepping; /* a step runs, or is not committed */
bit freed;
byte done;    /* steps run */

inline alive()
{
    assert(!freed)
}

inline ref()
{
    atomic { alive(); refs++ }
}

inline unref()
{
    atomic {
        alive();
        refs--;
        if
        :: refs == 0 -> freed = 1
        :: else
        fi
    }
}

inline submit()
{
    atomic {
        alive();
        queued++;
        assert(queued + holders == 1)
    }
}

/* weft__strand_push; [found] is what the compare-and-swap replaced. */
inline push(found)
{
#ifndef BREAK_REFERENCE
    ref();
#endif
    atomic { alive(); found = head; head = LIST; listed++ }
    if
#ifdef BREAK_BUSY
    :: found != LIST ->
#else
    :: found == EMPTY ->
#endif
        submit();
#ifdef BREAK_REFERENCE
        ref()
#endif
    :: else ->
#ifndef BREAK_REFERENCE
        unref()
#else
        skip
#endif
    fi;
    found = EMPTY
}

/* weft__strand_release */
inline release(found)
{
    atomic {
        alive();
        assert(holders == 1);
#ifdef BREAK_LOOK
        found = (batch > 0 -> LIST : EMPTY);
        if
        :: batch == 0 -> head = EMPTY; listed = 0
        :: else
        fi;
#else
#ifdef BREAK_BATCH
        found = head;
#else
        found = (batch > 0 -> LIST : head);
#endif
        if
        :: found == BUSY -> head = EMPTY; found = EMPTY
        :: else
        fi;
#endif
        holders--
    }
    if
    :: found == EMPTY -> unref()
    :: else -> submit()
    fi;
    found = EMPTY
}

proctype producer()
{
    byte steps = STEPS, found;

    do
    :: steps > 0 -> steps--; push(found)
    :: else -> break
    od
}

proctype worker()
{
    byte budget, found;
#ifdef BREAK_EARLY
    bit late;
#endif

    do
    :: atomic { queued > 0 -> queued--; holders++; assert(holders == 1); alive(); budget = BUDGET }
        do
        :: budget > 0 && batch == 0 && head == LIST -> /* weft__mpsc_take */
            atomic { alive(); batch = listed; listed = 0; head = BUSY }
        :: budget > 0 && batch > 0 ->
            atomic { alive(); batch--; budget--; assert(!stepping); stepping = 1; done++ }
#ifdef BREAK_EARLY
            if
            :: batch == 0 || budget == 0 -> late = 1; break
            :: else
            fi;
#endif
            stepping = 0;
            unref()
        :: budget == 0 || (batch == 0 && head != LIST) -> break
        od;
        release(found);
#ifdef BREAK_EARLY
        if
        :: late -> late = 0; stepping = 0; unref()
        :: else
        fi
#endif
    od
}

proctype watch()
{
    timeout ->
    assert(done == PRODUCERS * STEPS);
    assert(queued == 0 && holders == 0 && !stepping);
    assert(head == EMPTY && listed == 0 && batch == 0);
    assert(freed)
}

init
{
    atomic {
        run producer();
        run producer();
        run worker();
        run worker();
        run watch()
    }
}
