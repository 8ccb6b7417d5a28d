/* SPDX-License-Identifier: MIT */
/*
 * mime: the media type that belongs to a file's name.
 */
#ifndef HTTPD_MIME_H
#define HTTPD_MIME_H

/* Reads /etc/mime.types, once, before the loop runs: it blocks. Without that file, or the memory
 * for it, a few types are known all the same. */
void mime_load(void);

/* The type of [path] by its ending; "application/octet-stream" for an unknown one. Lives for ever.
 */
const char *mime_type(const char *path);

#endif
