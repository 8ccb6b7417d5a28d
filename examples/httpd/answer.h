/* SPDX-License-Identifier: MIT */
/*
 * answer: the head of one answer, put together in place.
 */
#ifndef HTTPD_ANSWER_H
#define HTTPD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct answer {
    size_t len;
    char head[1024];
} answer_t;

/* Begins with the status line, Server and Date. */
void answer_begin(answer_t *answer, int status);

/* "NAME: VALUE". What does not fit is left out: no header that is put here is that long. */
void answer_field(answer_t *answer, const char *name, const char *value);

void answer_length(answer_t *answer, uint64_t length);

/* Content-Range of a part, or of none that could be had: length 0. */
void answer_range(answer_t *answer, uint64_t first, uint64_t length, uint64_t size);

/* Ends it. What Connection has to say depends on the version that was asked with, 0 for HTTP/1.0.
 */
void answer_end(answer_t *answer, bool keep_alive, int minor);

/* The rest of an answer that says no more than its status; no text for a HEAD. */
void answer_status(answer_t *answer, int status, bool keep_alive, int minor, bool head);

#endif
