/* SPDX-License-Identifier: MIT */
/*
 * answer: the head of one answer, put together in place. No allocation, no printf: this is most of
 * what a small answer costs.
 */
#include "answer.h"

#include "date.h"

#include <http_parser.h>
#include <string.h>

static void add(answer_t *a, const char *text, size_t len)
{
    if (len > sizeof(a->head) - a->len)
        return;
    memcpy(a->head + a->len, text, len);
    a->len += len;
}

#define ADD(answer, literal) add((answer), (literal), sizeof(literal) - 1)

static void add_number(answer_t *a, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    add(a, digits + at, sizeof(digits) - at);
}

static void add_status(answer_t *a, int status)
{
    const char *name = http_status_str((enum http_status)status);

    add_number(a, (uint64_t)status);
    ADD(a, " ");
    add(a, name, strlen(name));
}

void answer_begin(answer_t *a, int status)
{
    char date[DATE_LEN + 1];

    a->len = 0;
    ADD(a, "HTTP/1.1 ");
    if (status == 200)
        ADD(a, "200 OK");
    else
        add_status(a, status);
    ADD(a, "\r\nServer: weft\r\nDate: ");
    date_now(date);
    add(a, date, DATE_LEN);
    ADD(a, "\r\n");
}

void answer_field(answer_t *a, const char *name, const char *value)
{
    size_t name_len = strlen(name);
    size_t value_len = strlen(value);

    if (name_len + value_len + 4 > sizeof(a->head) - a->len)
        return;
    add(a, name, name_len);
    ADD(a, ": ");
    add(a, value, value_len);
    ADD(a, "\r\n");
}

void answer_length(answer_t *a, uint64_t length)
{
    ADD(a, "Content-Length: ");
    add_number(a, length);
    ADD(a, "\r\n");
}

void answer_range(answer_t *a, uint64_t first, uint64_t length, uint64_t size)
{
    ADD(a, "Content-Range: bytes ");
    if (length == 0) {
        ADD(a, "*");
    } else {
        add_number(a, first);
        ADD(a, "-");
        add_number(a, first + length - 1);
    }
    ADD(a, "/");
    add_number(a, size);
    ADD(a, "\r\n");
}

void answer_end(answer_t *a, bool keep_alive, int minor)
{
    if (!keep_alive)
        ADD(a, "Connection: close\r\n");
    else if (minor == 0)
        ADD(a, "Connection: keep-alive\r\n");
    ADD(a, "\r\n");
}

void answer_status(answer_t *a, int status, bool keep_alive, int minor, bool head)
{
    const char *name = http_status_str((enum http_status)status);

    if (status == 405)
        answer_field(a, "Allow", "GET, HEAD");
    if (status == 503)
        answer_field(a, "Retry-After", "1");
    answer_field(a, "Content-Type", "text/plain");
    answer_length(a, 3 + 1 + strlen(name) + 1);
    answer_end(a, keep_alive, minor);
    if (head)
        return;
    add_status(a, status);
    ADD(a, "\n");
}
