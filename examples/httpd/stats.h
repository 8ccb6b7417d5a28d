/* SPDX-License-Identifier: MIT */
/*
 * stats: the counters of the runtime and of the server, as Prometheus reads them.
 */
#ifndef HTTPD_STATS_H
#define HTTPD_STATS_H

#include "client.h"

/* A malloc'd text of *len bytes; NULL when out of memory. Call from a task. */
char *stats_text(clients_t *clients, size_t *len);

#endif
