/* SPDX-License-Identifier: MIT */
/*
 * parking: no wake-up is lost between those who make something runnable and workers that go to
 * sleep (runtime/sched/idle.h, the park of runtime/sched/worker.c).
 *
 * Modelled
 *   - idle->word (searchers and parked, changed under idle->lock, read without it) and the
 *     list of sleepers, the truth under that lock
 *   - three kinds of producers: a thread outside that pushes to the injector (an RMW, then a look
 *     at the word), the same thread that sends mail to worker 0 (no look: it wakes the worker if it
 *     is on the list), and a worker that pushes onto its own deque
 *   - the worker's push as a plain store: it stays in a store buffer, which only its owner sees,
 *     until it is flushed by membarrier or at any later moment by itself. Nothing else flushes it:
 *     less than x86 promises, whose locks do
 *   - steps that run for long: such a worker pushes (or not) and is gone until everything that
 *     others could run was run by others. So "the owner will find it on its next turn" is no
 *     excuse, and one sleeper beside one queued entry is an error
 *   - the token, the wake in the driver (a level: a wake that came before the park ends it), the
 *     park that ends early, once (a completion, a deadline), and helpers, which reap foreign
 *     completions under the try-lock and so may eat a wake
 *
 * Abstracted
 *   - memory is sequentially consistent, except for that store buffer
 *   - queues are counters; an entry is taken in one step (the CAS of its slot, the exchange of a
 *     list)
 *   - a search looks at the queues in any order, any number of times, also never. The second look
 *     is in full, one load after the other
 *   - what is done under idle->lock is one step: the word changes once in each such section
 *   - the throttle of single wakes and the last entry that a thief leaves alone: both put off a
 *     wake on purpose and rely on the monitor
 *
 * Checked
 *   - when nothing moves any more, no queue has an entry, nobody is gone, all workers are on the
 *     list, no token is on its way (timeout in `watch`); so nobody sleeps beside work
 *   - no worker is sent a second token before it took the first, counts never run below zero
 *
 * Broken on purpose; each must be found
 *   BREAK_LOOK     the worker sleeps without its second look
 *   BREAK_BARRIER  the last searcher does not call membarrier: its look misses what is in a store
 *                  buffer
 *   BREAK_ORDER    the producer looks at the word before it pushes
 *   BREAK_LOCK     the parked worker does not hold its completion lock: a helper eats its wake
 *   BREAK_NEXT     the last searcher that finds work does not wake the next worker
 *   BREAK_TOKEN    a worker that was taken off the list while it looked again does not wait for its
 *                  token
 *   BREAK_SINGLE   the second look does not count the last entry of a deque, for its owner seems to
 *                  move (it may be about to run for long instead: only the monitor helps then)
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef SPAWNS
#define SPAWNS 1 /* pushes by workers, in all */
#endif
#ifndef FOREIGN
#define FOREIGN 2 /* pushes to the injector */
#endif
#ifndef MAILS
#define MAILS 1 /* to worker 0 */
#endif

#ifndef EARLY
#define EARLY 1 /* parks that end without a wake */
#endif

#define NOBODY 255

byte searchers, parked; /* idle->word */
bit sleeper[WORKERS]; /* the list */
bit token[WORKERS];
bit wake[WORKERS]; /* the wake's completion is in the ring */
bit completion_lock[WORKERS];

byte injector, mail; /* mail: of worker 0 */
byte deque[WORKERS];
bit buffered[WORKERS]; /* an entry that its pusher's store buffer hides */

byte spawns = SPAWNS;
bit early = EARLY;
byte gone;     /* workers in a long step */
bit outside_done;

#if WORKERS == 2
#define WORK_IN_DEQUES (deque[0] || deque[1] || buffered[0] || buffered[1])
#define ALL_ASLEEP (sleeper[0] && sleeper[1])
#define ANY_TOKEN (token[0] || token[1])
#else
#define WORK_IN_DEQUES \
    (deque[0] || deque[1] || deque[2] || buffered[0] || buffered[1] || buffered[2])
#define ALL_ASLEEP (sleeper[0] && sleeper[1] && sleeper[2])
#define ANY_TOKEN (token[0] || token[1] || token[2])
#endif
#define WANTED(p, s) ((p) > 0 && (s) == 0)

inline send_token(id)
{
    atomic {
        assert(!token[id]); /* woken twice */
        token[id] = 1
    }
    wake[id] = 1
}

/* weft__idle_wake_one. The list gives any of the sleepers: more than the code does. */
inline wake_one(id)
{
    atomic {
        if
        :: parked > 0 && searchers == 0 ->
            if
            :: sleeper[0] -> id = 0
            :: sleeper[1] -> id = 1
#if WORKERS > 2
            :: sleeper[2] -> id = 2
#endif
            fi;
            sleeper[id] = 0;
            parked--;
            searchers++
        :: else -> id = NOBODY
        fi
    }
    if
    :: id != NOBODY -> send_token(id)
    :: else
    fi;
    id = 0
}

/* weft__idle_wake_worker */
inline wake_worker(id)
{
    if
    :: atomic { sleeper[id] -> sleeper[id] = 0; parked--; searchers++ } send_token(id)
    :: atomic { !sleeper[id] -> skip }
    fi
}

/* The push and the look at the word, in this order: onto the worker's own deque, into the
 * injector. */
inline push_own(me, wanted, id)
{
#ifdef BREAK_ORDER
    wanted = WANTED(parked, searchers);
    buffered[me] = 1;
#else
    buffered[me] = 1;
    wanted = WANTED(parked, searchers);
#endif
    if
    :: wanted -> wake_one(id)
    :: else
    fi;
    wanted = 0
}

inline inject(wanted, id)
{
#ifdef BREAK_ORDER
    wanted = WANTED(parked, searchers);
    injector++;
#else
    injector++;
    wanted = WANTED(parked, searchers);
#endif
    if
    :: wanted -> wake_one(id)
    :: else
    fi;
    wanted = 0
}

inline flush_all()
{
    d_step {
        deque[0] = deque[0] + buffered[0];
        buffered[0] = 0;
        deque[1] = deque[1] + buffered[1];
        buffered[1] = 0;
#if WORKERS > 2
        deque[2] = deque[2] + buffered[2];
        buffered[2] = 0
#endif
    }
}

#ifdef BREAK_SINGLE
#define HAS_WORK(i) (deque[i] > 1)
#else
#define HAS_WORK(i) (deque[i] > 0)
#endif

/* The second look: everything that could be there, one load a step. */
inline anything(me, found, i)
{
    found = (injector > 0 || me == 0 && mail > 0);
    do
    :: atomic { !found && i < WORKERS ->
        found = (i == me -> (deque[i] > 0 || buffered[i]) : HAS_WORK(i));
        i++ }
    :: atomic { found || i == WORKERS -> i = 0; break }
    od
}

/* weft__idle_park, the driver's park, weft__idle_unpark */
inline park(me, flag, i)
{
#ifndef BREAK_LOCK
    atomic { completion_lock[me] == 0 -> completion_lock[me] = 1 }
#endif
    atomic { sleeper[me] = 1; searchers--; parked++; flag = (searchers == 0) }
#ifndef BREAK_BARRIER
    if
    :: flag -> flush_all(); flag = 0
    :: else
    fi;
#else
    flag = 0;
#endif
#ifndef BREAK_LOOK
    anything(me, flag, i);
#endif
    if
    :: atomic { flag -> flag = 0 }
    :: atomic { !flag && wake[me] -> wake[me] = 0 }
    :: atomic { !flag && early -> early = 0 } /* a completion, a deadline */
    fi;
#ifndef BREAK_LOCK
    completion_lock[me] = 0;
#endif
    if
    :: atomic { sleeper[me] -> sleeper[me] = 0; parked--; searchers++ }
    :: atomic { !sleeper[me] -> skip }
#ifdef BREAK_TOKEN
        token[me] = 0
#else
        atomic { token[me] -> token[me] = 0 }
#endif
    fi
}

/* What an entry may do once it runs. */
inline execute(me, flag, i)
{
    if
    :: skip
    :: atomic { spawns > 0 && !buffered[me] -> spawns-- } -> push_own(me, flag, i)
    :: atomic { gone < WORKERS - 1 -> gone++ } ->
        if
        :: atomic { spawns > 0 && !buffered[me] -> spawns-- } -> push_own(me, flag, i)
        :: skip
        fi;
        atomic { !WORK_IN_DEQUES && injector == 0 -> gone-- }
    fi
}

/* Takes an entry of its own. Its CAS drains the store buffer. */
#define TAKE_OWN(me) \
    atomic { deque[me] > 0 || buffered[me] -> \
        deque[me] = deque[me] + buffered[me]; buffered[me] = 0; deque[me]-- }

proctype worker(byte me)
{
    bit flag;
    byte i;

    do
    :: TAKE_OWN(me) -> execute(me, flag, i)
    :: !(deque[me] > 0 || buffered[me]) ->
        searchers++;
        do
        :: atomic { injector > 0 -> injector-- } -> break
        :: atomic { me == 0 && mail > 0 -> mail-- } -> break
        :: atomic { me != 0 && deque[0] > 0 -> deque[0]-- } -> break
        :: atomic { me != 1 && deque[1] > 0 -> deque[1]-- } -> break
#if WORKERS > 2
        :: atomic { me != 2 && deque[2] > 0 -> deque[2]-- } -> break
#endif
        :: park(me, flag, i)
        od;
        atomic { assert(searchers > 0); searchers-- }
#ifndef BREAK_NEXT
        flag = WANTED(parked, searchers);
        if
        :: flag -> wake_one(i)
        :: else
        fi;
        flag = 0;
#endif
        execute(me, flag, i)
    od
}

/* A thread that is no worker. */
proctype outside()
{
    byte pushes = FOREIGN, mails = MAILS, id;
    bit wanted;

    do
    :: pushes > 0 -> pushes--; inject(wanted, id)
    :: mails > 0 -> mails--; mail++; wake_worker(0)
    :: else -> break
    od;
    outside_done = 1
}

/* Store buffers drain by themselves, sooner or later. */
proctype memory()
{
    do
    :: atomic { buffered[0] -> buffered[0] = 0; deque[0]++ }
    :: atomic { buffered[1] -> buffered[1] = 0; deque[1]++ }
#if WORKERS > 2
    :: atomic { buffered[2] -> buffered[2] = 0; deque[2]++ }
#endif
    od
}

/* A worker that believes another one stuck reaps for it. */
proctype helper()
{
    do
    :: atomic { wake[0] && completion_lock[0] == 0 -> wake[0] = 0 }
    :: atomic { wake[1] && completion_lock[1] == 0 -> wake[1] = 0 }
#if WORKERS > 2
    :: atomic { wake[2] && completion_lock[2] == 0 -> wake[2] = 0 }
#endif
    od
}

/* When nobody can move: everything was run, and everybody sleeps. */
proctype watch()
{
    timeout ->
    assert(outside_done);
    assert(injector == 0 && mail == 0 && !WORK_IN_DEQUES);
    assert(gone == 0);
    assert(ALL_ASLEEP && parked == WORKERS && searchers == 0);
    assert(!ANY_TOKEN)
}

init
{
    atomic {
        run worker(0);
        run worker(1);
#if WORKERS > 2
        run worker(2);
#endif
        run outside();
        run memory();
        run helper();
        run watch()
    }
}
