/* SPDX-License-Identifier: MIT */
#include "tests/fault/rounds.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PATIENCE = 20, /* seconds until a round is called a hang */
    MOST_ROUNDS = 2000,
    SPARSE_FROM = 32,
    SPARSE_STEP = 10,
    MOST_KEPT = 24, /* chunks and arenas: a few for each thread and class */
};

static const int watched_signals[] = {SIGINT, SIGSEGV, SIGURG, SIGUSR1, SIGPIPE};
enum { WATCHED_SIGNALS = sizeof watched_signals / sizeof watched_signals[0] };

/* What a child tells. */
static struct verdict {
    bool reached, done;
    int outcome, clean_outcome;
    char name[32];
    char complaint[256];
} * verdict;

/* One round: what the child is to do. */
struct play {
    const struct rounds *rounds;
    unsigned n;
    enum inject_mode mode;
};

static const struct play *now;

void rounds_check(bool holds, const char *where, const char *text)
{
    if (!holds && !verdict->complaint[0])
        snprintf(verdict->complaint, sizeof verdict->complaint, "%s: %s", where, text);
}

/* ---- in the child ---- */

static unsigned entries_of(const char *path)
{
    DIR *directory = opendir(path);
    unsigned count = 0;

    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

/* A thread that was joined stays in the list for a moment. */
static unsigned threads_left(unsigned before)
{
    unsigned count;

    for (int i = 0; (count = entries_of("/proc/self/task")) > before && i < 1000; i++)
        poll(NULL, 0, 1);
    return count - before;
}

static void arm(void)
{
    inject_arm(now->n, now->mode, now->rounds->calls ? now->rounds->calls : (unsigned)INJECT_ALL,
               now->rounds->error);
}

/* The fault happens while the loop runs, and the loop goes on. */
WEFT_CORO(armed_inside)
{
    arm();
    verdict->outcome = weft_join(weft_coro(now->rounds->coro, NULL), NULL);
    inject_disarm();
    verdict->reached = inject_reached();
    verdict->clean_outcome = weft_join(weft_coro(now->rounds->coro, NULL), NULL);
    return 0;
}

static void act(void)
{
    const struct rounds *rounds = now->rounds;

    if (rounds->coro) {
        int rc = weft_run(weft_coro(&armed_inside, NULL), NULL, .workers = rounds->workers);
        CHECK(rc == 0);
        return;
    }
    arm();
    verdict->outcome = rounds->plain(rounds->workers);
    inject_disarm();
    verdict->reached = inject_reached();
    verdict->clean_outcome = rounds->plain(rounds->workers);
}

static void check_outcome(void)
{
    int rc = verdict->outcome;

    CHECK(rc == 0 || (verdict->reached && (rc == -ENOMEM || inject_gave(-rc))));
    CHECK(verdict->clean_outcome == 0);
}

static int child(void)
{
    unsigned files = entries_of("/proc/self/fd"), threads = entries_of("/proc/self/task");
    struct sigaction before[WATCHED_SIGNALS], after;
    size_t kept;

    for (int i = 0; i < WATCHED_SIGNALS; i++)
        sigaction(watched_signals[i], NULL, &before[i]);
    alarm(PATIENCE);
    act();
    check_outcome();
    CHECK(threads_left(threads) == 0);
    CHECK(entries_of("/proc/self/fd") == files);
    CHECK(inject_held(&kept) == 0);
    CHECK(kept <= MOST_KEPT);
    for (int i = 0; i < WATCHED_SIGNALS; i++) {
        sigaction(watched_signals[i], NULL, &after);
        CHECK(after.sa_sigaction == before[i].sa_sigaction);
    }
    snprintf(verdict->name, sizeof verdict->name, "%s", inject_name());
    verdict->done = true;
    return 0;
}

/* ---- in the parent ---- */

static void show(int said)
{
    char line[4096];
    ssize_t n;

    lseek(said, 0, SEEK_SET);
    while ((n = read(said, line, sizeof line)) > 0)
        if (write(STDERR_FILENO, line, (size_t)n) < 0)
            return;
}

/* What was wrong, or NULL. */
static const char *complaint(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return "it hangs";
    if (WIFSIGNALED(status))
        snprintf(text, size, "it died of signal %d", WTERMSIG(status));
    else if (!verdict->done)
        snprintf(text, size, "it ended early with status %d", WEXITSTATUS(status));
    else if (verdict->complaint[0])
        snprintf(text, size, "%s (outcome %d, then %d)", verdict->complaint, verdict->outcome,
                 verdict->clean_outcome);
    else
        return NULL;
    return text;
}

/* Returns whether the n-th call was reached. */
static bool play(const struct play *round)
{
    int said = memfd_create("said", MFD_CLOEXEC), status = 0;
    char text[384];

    now = round;
    memset(verdict, 0, sizeof *verdict);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(said, STDERR_FILENO);
        _exit(child());
    }
    cr_assert(pid > 0 && waitpid(pid, &status, 0) == pid);
    const char *bad = complaint(status, text, sizeof text);
    if (bad) {
        show(said);
        fprintf(stderr, "replay: FAULT_ROUND=%u PROGRAM --filter %s\n", round->n,
                round->rounds->filter);
        cr_assert_fail("%s: N=%u (%s) %s: %s", round->rounds->filter, round->n, verdict->name,
                       round->mode == INJECT_ONCE ? "once" : "from then on", bad);
    }
    close(said);
    return verdict->reached;
}

/* Where everything fails from a late call on, the next call makes little difference. */
static unsigned step(const struct play *round)
{
    return round->mode == INJECT_FROM_THEN_ON && round->n >= SPARSE_FROM ? SPARSE_STEP : 1;
}

static void play_all(const struct rounds *rounds, enum inject_mode mode)
{
    const char *only = getenv("FAULT_ROUND");
    struct play round = {.rounds = rounds, .n = 1, .mode = mode};

    if (only) {
        round.n = (unsigned)strtoul(only, NULL, 10);
        play(&round);
        return;
    }
    while (play(&round)) {
        round.n += step(&round);
        cr_assert_lt(round.n, MOST_ROUNDS, "%s: the rounds do not end", rounds->filter);
    }
}

void rounds_play(const struct rounds *rounds)
{
    verdict = __real_mmap(NULL, sizeof *verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                          -1, 0);
    cr_assert_neq(verdict, MAP_FAILED);
    play_all(rounds, INJECT_ONCE);
    play_all(rounds, INJECT_FROM_THEN_ON);
    munmap(verdict, sizeof *verdict);
}
