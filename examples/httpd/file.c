/* SPDX-License-Identifier: MIT */
/*
 * file: one answer out of a file below the root.
 *
 * The kernel keeps paths below the root: with RESOLVE_BENEATH neither "..", nor a symbolic link,
 * nor an absolute path leads out of it, and nothing that happens in between can change that. So no
 * path is ever checked here.
 *
 * A small file costs one visit to a thread: it is opened, looked at, read and closed in it.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void file_init(file_t *file, int root)
{
    *file = (file_t){.root = root, .fd = -1};
}

void file_close(file_t *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

void file_free(file_t *file)
{
    file_close(file);
    free(file->chunk);
}

bool file_is_folder(const file_t *file)
{
    size_t length = strlen(file->path);

    return length == 0 || file->path[length - 1] == '/';
}

static int open_beneath(int folder, const char *path)
{
    /* A FIFO must not block, and a terminal not become ours. */
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd;

    /* EAGAIN: something was renamed meanwhile, and the kernel could not tell whether it led out. */
    for (int attempt = 0; attempt < 8; attempt++) {
        fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return fd >= 0 ? (int)fd : -errno;
}

/* Opens the file itself, or the index of the folder that is meant. */
static int open_path(const file_t *file, struct stat *st)
{
    const char *path = *file->path ? file->path : ".";
    int fd = open_beneath(file->root, path);

    if (fd >= 0 && file_is_folder(file)) {
        int index = open_beneath(fd, "index.html");
        close(fd);
        fd = index;
    }
    if (fd >= 0 && fstat(fd, st) < 0) {
        int error = errno;
        close(fd);
        fd = -error;
    }
    return fd;
}

/* Which part of the file is the answer, and its status. */
static void choose_part(file_t *file)
{
    uint64_t size = file->size;
    range_t range = file->range;

    file->status = 200;
    file->first = 0;
    file->length = size;
    if (file->modified_if != -1 && file->modified_if != file->modified)
        return;
    if (file->head || range.kind == RANGE_NONE)
        return;
    file->status = 416;
    if (range.kind == RANGE_FIRST_LAST && range.first < size) {
        file->status = 206;
        file->first = range.first;
        file->length = (range.last < size - 1 ? range.last : size - 1) - range.first + 1;
    } else if (range.kind == RANGE_SUFFIX && range.first > 0 && size > 0) {
        file->status = 206;
        file->length = range.first < size ? range.first : size;
        file->first = size - file->length;
    }
}

static bool make_room(file_t *file)
{
    size_t want = file->length < FILE_CHUNK ? (size_t)file->length : FILE_CHUNK;

    if (file->room >= want)
        return true;
    char *chunk = realloc(file->chunk, want);
    if (!chunk)
        return false;
    file->chunk = chunk;
    file->room = want;
    return true;
}

static bool is_busy(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EAGAIN;
}

int file_open(void *arg, void **result)
{
    file_t *file = arg;
    struct stat st;

    file->got = 0;
    file->fd = open_path(file, &st);
    if (file->fd < 0 || !S_ISREG(st.st_mode)) {
        file->status = file->fd < 0 && is_busy(file->fd) ? 503 : 404;
        file_close(file);
        return 0;
    }
    file->size = (uint64_t)st.st_size;
    file->modified = st.st_mtime;
    choose_part(file);
    if (file->since != -1 && file->modified <= file->since)
        file->status = 304;
    file->next = file->first;
    if (file->head || file->length == 0 || file->status >= 300)
        file_close(file);
    else if (!make_room(file) || file_read(file, result) < 0) {
        file->status = 503;
        file_close(file);
    }
    return 0;
}

int file_read(void *arg, void **result)
{
    file_t *file = arg;
    uint64_t left = file->first + file->length - file->next;
    ssize_t n;

    (void)result;
    do {
        n = pread(file->fd, file->chunk, left < file->room ? left : file->room, (off_t)file->next);
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n < 0 ? -errno : -EIO;
    file->got = (size_t)n;
    file->next += (uint64_t)n;
    if ((uint64_t)n == left)
        file_close(file);
    return 0;
}
