/* SPDX-License-Identifier: MIT */
/*
 * mime: the media type that belongs to a file's name.
 *
 * A sorted array, searched by halves. A line of /etc/mime.types is a type and its endings; lines
 * are cut into pieces where they stand, so that the table points into the file's text.
 */
#include "mime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN "application/octet-stream"
#define TYPES_MAX 4096

typedef struct mime {
    const char *ending;
    const char *type;
} mime_t;

static mime_t types[TYPES_MAX] = {
    {"css", "text/css"},        {"gif", "image/gif"},      {"html", "text/html"},
    {"jpg", "image/jpeg"},      {"js", "text/javascript"}, {"json", "application/json"},
    {"pdf", "application/pdf"}, {"png", "image/png"},      {"svg", "image/svg+xml"},
    {"txt", "text/plain"},      {"webp", "image/webp"},    {"wasm", "application/wasm"},
    {"woff2", "font/woff2"},    {"xml", "text/xml"},       {"zip", "application/zip"},
};
static size_t count = 15;

static int by_ending(const void *a, const void *b)
{
    return strcasecmp(((const mime_t *)a)->ending, ((const mime_t *)b)->ending);
}

static void add_line(char *line)
{
    char *rest;
    const char *type = strtok_r(line, " \t", &rest);

    if (!type || *type == '#')
        return;
    for (char *ending; count < TYPES_MAX && (ending = strtok_r(NULL, " \t", &rest));)
        types[count++] = (mime_t){ending, type};
}

/* The whole file, terminated; NULL if there is none. */
static char *read_text(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t size = 0;

    if (!file)
        return NULL;
    if (getdelim(&text, &size, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

void mime_load(void)
{
    char *text = read_text("/etc/mime.types");

    if (text) {
        char *rest;
        count = 0;
        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
            add_line(line);
    }
    qsort(types, count, sizeof(types[0]), by_ending);
}

const char *mime_type(const char *path)
{
    const char *name = strrchr(path, '/');
    const char *dot = strrchr(name ? name : path, '.');

    if (!dot)
        return UNKNOWN;
    mime_t key = {dot + 1, NULL};
    const mime_t *found = bsearch(&key, types, count, sizeof(types[0]), by_ending);
    return found ? found->type : UNKNOWN;
}
