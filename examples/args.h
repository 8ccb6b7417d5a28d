/* SPDX-License-Identifier: MIT */
/* args: the numbers on the command line of an example, and the word when it fails. */
#ifndef EXAMPLES_ARGS_H
#define EXAMPLES_ARGS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <weft.h>

/* The argument [i], at most [most]; [otherwise] if there is none. Anything else ends the program.
 */
static inline unsigned arg_number(int argc, char **argv, int i, unsigned otherwise, unsigned most)
{
    char *end;

    if (i >= argc)
        return otherwise;
    unsigned long value = strtoul(argv[i], &end, 10);
    if (argv[i][0] < '0' || argv[i][0] > '9' || *end || value > most) {
        fprintf(stderr, "%s: %s is no number from 0 to %u\n", program_invocation_short_name,
                argv[i], most);
        exit(2);
    }
    return (unsigned)value;
}

/* 0: one worker per core. */
static inline unsigned arg_workers(int argc, char **argv, int i)
{
    return arg_number(argc, argv, i, 0, WEFT_WORKERS_MAX);
}

/* The exit status for what weft_run returned; -EINTR is the user's own Ctrl-C. */
static inline int exit_status(int rc)
{
    if (rc < 0 && rc != -EINTR)
        fprintf(stderr, "%s: %s\n", program_invocation_short_name, weft_strerror(rc));
    return rc < 0;
}

#endif
