/* SPDX-License-Identifier: MIT */
#include "runtime/base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* stdio's buffers and locks are not used: the one who dies may hold them, or be out of memory. */
static void write_all(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(STDERR_FILENO, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        text += n;
        length -= (size_t)n;
    }
}

void weft__die(const char *format, ...)
{
    char line[512] = "weft: ";
    const size_t prefix = sizeof("weft: ") - 1;
    const size_t room = sizeof(line) - prefix - 1; /* one byte is kept for the newline */
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line + prefix, room, format, args);
    va_end(args);
    size_t length = n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
    line[prefix + length] = '\n';
    write_all(line, prefix + length + 1);
    abort();
}
