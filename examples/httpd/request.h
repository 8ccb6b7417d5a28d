/* SPDX-License-Identifier: MIT */
/*
 * request: what one connection sends, cut into requests.
 *
 * Bytes are read to request_room and given over by request_fill; request_parse says when a request
 * is whole; request_next goes on to the one behind it. What it says of a request is borrowed until
 * then.
 */
#ifndef HTTPD_REQUEST_H
#define HTTPD_REQUEST_H

#include <http_parser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
    REQUEST_HEAD_MAX = 8 << 10,  /* a longer head is answered 431 */
    REQUEST_BODY_MAX = 64 << 10, /* a longer body is answered 413 */
    REQUEST_BUFFER = 16 << 10,
};

/* A piece of the buffer, counted from the start of the request, so that it may be moved as a whole.
 */
typedef struct slice {
    uint32_t at;
    uint32_t len;
} slice_t;

typedef struct request {
    http_parser parser;
    uint32_t start;  /* where this request begins in the buffer */
    uint32_t parsed; /* how far the parser is */
    uint32_t end;    /* how far it is filled */
    uint32_t kept;   /* how much of the head is still needed, from start */
    slice_t target;
    slice_t name;  /* of the header that is being read */
    slice_t value; /* the same */
    slice_t range;
    slice_t if_range;
    slice_t since;
    uint32_t body;
    int refused; /* a status, when a callback stopped the parser */
    int hosts;
    bool head_done;
    bool done;
    bool keep_alive;
    bool expects; /* "100 Continue" is owed */
    char buffer[REQUEST_BUFFER];
} request_t;

typedef enum range_kind { RANGE_NONE, RANGE_BAD, RANGE_FIRST_LAST, RANGE_SUFFIX } range_kind_t;

typedef struct range {
    range_kind_t kind;
    uint64_t first; /* of a suffix: how many bytes */
    uint64_t last;
} range_t;

void request_init(request_t *request);

/* Where the next bytes go. There is always room. */
char *request_room(request_t *request, size_t *room);
void request_fill(request_t *request, size_t n);

/* Whether there are bytes that belong to no request that was answered. */
bool request_begun(const request_t *request);
/* Whether bytes of another one are there behind the request that is whole. */
bool request_followed(const request_t *request);

/* Returns 1: a request is whole; 0: more is needed; -400, -413, -431: it is refused. */
int request_parse(request_t *request);
void request_next(request_t *request);

/* Whether the path is [path], as it was sent. */
bool request_is(const request_t *request, const char *path, size_t len);

/* The path without its first slashes, decoded in place, terminated; NULL if it is none: a broken
 * escape, or a NUL in it. To be called once. */
char *request_path(request_t *request);

/* Which part of the whole it wants. Of several ranges only the first: an answer says what it holds.
 * [modified_if] is the date of an If-Range, -1 without one; a tag matches never, as there are none.
 */
range_t request_range(const request_t *request, time_t *modified_if);

/* The date of an If-Modified-Since; -1 without one. */
time_t request_since(const request_t *request);

#endif
