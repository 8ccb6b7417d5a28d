/* SPDX-License-Identifier: MIT */
/*
 * date: the time as HTTP writes it.
 *
 * Each thread keeps the text of the current second. A task may go on in another thread after it was
 * suspended, so the address of a thread-local variable must not live across a suspension: date_now
 * suspends nowhere, and is never inlined into a function that does.
 */
#include "date.h"

#include <string.h>

#define LAST_SECOND 253402300799 /* of the year 9999 */

void date_format(time_t when, char out[DATE_LEN + 1])
{
    struct tm tm;

    if (when < 0)
        when = 0;
    if (when > LAST_SECOND)
        when = LAST_SECOND;
    gmtime_r(&when, &tm);
    strftime(out, DATE_LEN + 1, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

__attribute__((noinline)) void date_now(char out[DATE_LEN + 1])
{
    static _Thread_local time_t second = -1;
    static _Thread_local char text[DATE_LEN + 1];
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != second) {
        second = now.tv_sec;
        date_format(second, text);
    }
    memcpy(out, text, sizeof(text));
}

bool date_parse(const char *text, size_t len, time_t *when)
{
    static const char *const forms[] = {
        "%a, %d %b %Y %H:%M:%S GMT", /* RFC 9110 */
        "%A, %d-%b-%y %H:%M:%S GMT", /* RFC 850, obsolete */
        "%a %b %d %H:%M:%S %Y",      /* asctime, obsolete */
    };
    char copy[64];

    if (len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm tm = {0};
        const char *rest = strptime(copy, forms[i], &tm);
        if (rest && *rest == '\0') {
            *when = timegm(&tm);
            return true;
        }
    }
    return false;
}
