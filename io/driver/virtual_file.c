/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "io/driver/virtual_inside.h"

/*
 * Virtual files and their descriptors: connected byte streams with finite buffers, and listeners.
 *
 * A file lives as long as its descriptor or any request on it: as with the real kernel, closing the
 * descriptor does not end a RECV that is in flight, and the peer sees the end only after that RECV
 * is gone. Descriptors are reused at once, lowest first, so that whoever keeps one too long meets
 * somebody else's file.
 */

/* ---- descriptors ---- */

static int slot_of(int fd)
{
    int slot = fd - WEFT__VIRTUAL_FD;

    return fd >= WEFT__VIRTUAL_FD && slot < WEFT__VIRTUAL_FILES ? slot : -1;
}

struct weft__virtual_file *weft__virtual_file(struct weft__virtual *sim, int fd)
{
    int slot = slot_of(fd);

    return slot < 0 ? NULL : sim->files[slot];
}

/* Takes the caller's reference over; on failure it is dropped. */
int weft__virtual_install(struct weft__virtual *sim, struct weft__virtual_file *file)
{
    if (!file)
        return -ENOMEM;
    for (int i = 0; i < WEFT__VIRTUAL_FILES; i++) {
        if (sim->files[i])
            continue;
        sim->files[i] = file;
        return WEFT__VIRTUAL_FD + i;
    }
    weft__virtual_file_unref(sim, file);
    return -EMFILE;
}

struct weft__virtual_file *weft__virtual_file_new(struct weft__virtual *sim)
{
    struct weft__virtual_file *file = calloc(1, sizeof(*file) + sim->config.socket_bytes);

    if (file)
        file->refs = 1;
    return file;
}

void weft__virtual_file_end(struct weft__virtual *sim, struct weft__virtual_file *receiver)
{
    receiver->ended = true;
    weft__virtual_changed(sim, receiver);
}

void weft__virtual_file_unref(struct weft__virtual *sim, struct weft__virtual_file *file)
{
    if (--file->refs > 0)
        return;
    if (file->peer) {
        file->peer->peer = NULL;
        weft__virtual_file_end(sim, file->peer);
    }
    while (file->first) {
        struct weft__virtual_file *waiting = file->first;
        file->first = waiting->next;
        weft__virtual_file_unref(sim, waiting);
    }
    free(file);
}

int weft__virtual_close_fd(struct weft__virtual *sim, int fd)
{
    struct weft__virtual_file *file = weft__virtual_file(sim, fd);

    if (!file)
        return -EBADF;
    sim->files[slot_of(fd)] = NULL;
    weft__virtual_file_unref(sim, file);
    return 0;
}

void weft__virtual_connect(struct weft__virtual_file *a, struct weft__virtual_file *b)
{
    a->kind = b->kind = WEFT__VIRTUAL_STREAM;
    a->peer = b;
    b->peer = a;
}

struct weft__virtual_file *weft__virtual_listener(struct weft__virtual *sim, int port)
{
    for (int i = 0; i < WEFT__VIRTUAL_FILES; i++) {
        struct weft__virtual_file *file = sim->files[i];
        if (file && file->kind == WEFT__VIRTUAL_LISTENER && file->port == port)
            return file;
    }
    return NULL;
}

/* ---- for tests ---- */

int weft__virtual_pair(int fd[2])
{
    struct weft__virtual *sim = weft__virtual_here();
    struct weft__virtual_file *a = weft__virtual_file_new(sim), *b = weft__virtual_file_new(sim);

    if (!a || !b) {
        free(a);
        free(b);
        return -ENOMEM;
    }
    weft__virtual_connect(a, b);
    fd[0] = weft__virtual_install(sim, a);
    fd[1] = weft__virtual_install(sim, b);
    if (fd[0] >= 0 && fd[1] >= 0)
        return 0;
    if (fd[0] >= 0)
        weft__virtual_close_fd(sim, fd[0]);
    return -EMFILE;
}

int weft__virtual_socket(void)
{
    struct weft__virtual *sim = weft__virtual_here();

    return weft__virtual_install(sim, weft__virtual_file_new(sim));
}

int weft__virtual_listen(uint16_t port)
{
    struct weft__virtual *sim = weft__virtual_here();
    struct weft__virtual_file *file;

    if (weft__virtual_listener(sim, port))
        return -EADDRINUSE;
    file = weft__virtual_file_new(sim);
    if (!file)
        return -ENOMEM;
    file->kind = WEFT__VIRTUAL_LISTENER;
    file->port = port;
    return weft__virtual_install(sim, file);
}

int weft__virtual_close(int fd)
{
    struct weft__virtual *sim = weft__virtual_here();

    weft__virtual_point(sim, "close fd");
    return weft__virtual_close_fd(sim, fd);
}

unsigned weft__virtual_open_files(const struct weft__virtual *sim)
{
    unsigned n = 0;

    for (int i = 0; i < WEFT__VIRTUAL_FILES; i++)
        n += sim->files[i] != NULL;
    return n;
}
