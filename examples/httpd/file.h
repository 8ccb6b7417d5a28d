/* SPDX-License-Identifier: MIT */
/*
 * file: one answer out of a file below the root.
 *
 * file_open and file_read block: they are for weft_to_thread, with a file_t as their argument.
 */
#ifndef HTTPD_FILE_H
#define HTTPD_FILE_H

#include "request.h"

enum { FILE_CHUNK = 256 << 10 }; /* the most that one call reads */

typedef struct file {
    /* What is asked for. */
    int root;
    const char *path; /* below the root; empty, or with a slash at its end: its index.html */
    bool head;        /* only what it is, not what is in it */
    range_t range;
    time_t modified_if; /* the range counts only if it was modified then; -1: always */
    time_t since;       /* -1: always */
    /* What was found. */
    int status; /* 200, 206, 304, 404, 416, 503 */
    int fd;     /* -1: not open (any more) */
    time_t modified;
    uint64_t size;
    uint64_t first;  /* of the part that is the answer */
    uint64_t length; /* the same */
    uint64_t next;   /* where the next read begins */
    /* What was read. */
    char *chunk; /* grows; freed by file_free */
    size_t room;
    size_t got;
} file_t;

void file_init(file_t *file, int root);
void file_free(file_t *file);
void file_close(file_t *file);
bool file_is_folder(const file_t *file); /* its index.html is the answer */

/* Opens it, decides on the status, reads the first chunk of the answer. Always 0: see the status.
 */
int file_open(void *file, void **result);

/* Reads the next chunk; closes it after the last one. Returns 0, -EIO (it has become shorter),
 * errors of the system. */
int file_read(void *file, void **result);

#endif
