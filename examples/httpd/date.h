/* SPDX-License-Identifier: MIT */
/*
 * date: the time as HTTP writes it, "Sun, 06 Nov 1994 08:49:37 GMT".
 */
#ifndef HTTPD_DATE_H
#define HTTPD_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define DATE_LEN 29

/* Writes [when] to [out], terminated. Times outside of the years 1970 to 9999 are moved to the next
 * one. */
void date_format(time_t when, char out[DATE_LEN + 1]);

/* Writes the time of now. Formats at most once a second and thread. */
void date_now(char out[DATE_LEN + 1]);

/* Reads one of the three forms that HTTP allows. Returns whether it was one. */
bool date_parse(const char *text, size_t len, time_t *when);

#endif
