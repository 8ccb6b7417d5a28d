/* SPDX-License-Identifier: MIT */
/*
 * client: one connection of the server, as one task; clients: all of them.
 */
#ifndef HTTPD_CLIENT_H
#define HTTPD_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <weft.h>

typedef struct client client_t;

typedef struct clients_total {
    size_t connections; /* now */
    uint64_t accepted;  /* since the beginning, as the others */
    uint64_t refused;   /* there were too many connections */
    uint64_t requests;
    uint64_t errors; /* requests that were answered 4xx or 5xx */
} clients_total_t;

typedef struct clients {
    /* How they are served: set before the first one. */
    int root;
    size_t max;
    weft_ns_t idle_timeout;    /* from one request to the next: closed without a word */
    weft_ns_t request_timeout; /* from its first byte to its last: 408 */
    weft_ns_t write_timeout;   /* for each part of an answer: cut off */

    atomic_bool stopping;
    pthread_mutex_t lock; /* over what follows; never held across a suspension */
    client_t *first;
    size_t refusing;
    clients_total_t total; /* requests and errors: of clients that are gone */
} clients_t;

/* Serves one client: what weft_start_server wants, with the clients_t as its argument. */
int client_serve(weft_reader_t *reader, weft_writer_t *writer, void *clients);

/* From now on each client is closed after the requests of which a byte was read; one that waits for
 * the first byte of a request is closed at once. Call from a task. */
void clients_stop(clients_t *clients);

clients_total_t clients_total(clients_t *clients);

#endif
