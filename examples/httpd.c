/* SPDX-License-Identifier: MIT */
/*
 * httpd: a web server on weft, for HTTP/1.1 and 1.0.
 *
 * It serves the files below a root, "/plain" (13 bytes) and "/stats" (counters, for Prometheus), to
 * clients on this machine. Each client is a task (httpd/client.c), written as if it had the machine
 * to itself; on all cores all of them are served at once. Files are opened and read by
 * weft_to_thread.
 *
 * SIGINT and SIGTERM end it: no more connections, the requests that were begun are answered, then
 * it exits with status 0. Whoever is not done within DRAIN is cut off.
 */
#include "httpd/client.h"
#include "httpd/mime.h"
#include "httpd/request.h"

#include <argp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define DRAIN WEFT_MS(3500) /* for the requests that are in flight at the end */
#define CUT WEFT_MS(500)    /* and for those that were cut off */

typedef struct httpd {
    unsigned port;
    unsigned workers;
    const char *root;
    clients_t clients;
    weft_future_t *stop;
} httpd_t;

/* ---- the command line ---- */

enum { PORT = 'p', ROOT = 'r', WORKERS = 'w', MAX = 'm', IDLE = 256, REQUEST, WRITE };

static const struct argp_option options[] = {
    {"port", PORT, "N", 0, "Listen on this port (default 8080; 0: any that is free)", 0},
    {"root", ROOT, "DIR", 0, "Serve the files below this directory (default .)", 0},
    {"workers", WORKERS, "N", 0, "Use so many threads, 1 to 256 (default: one per core)", 0},
    {"max-connections", MAX, "N", 0, "Refuse more connections than this (default 10000)", 0},
    {"idle-timeout", IDLE, "S", 0, "Close after S seconds without a request (default 30)", 1},
    {"request-timeout", REQUEST, "S", 0, "Give a client S seconds for a request (default 10)", 1},
    {"write-timeout", WRITE, "S", 0, "Give it S seconds to take 256 KiB (default 60)", 1},
    {0},
};

static unsigned number(struct argp_state *state, const char *name, const char *arg, unsigned min,
                       unsigned max)
{
    char *end;
    unsigned long value = strtoul(arg, &end, 10);

    if (*arg < '0' || *arg > '9' || *end || value < min || value > max)
        argp_error(state, "--%s must be a number from %u to %u, not '%s'", name, min, max, arg);
    return (unsigned)value;
}

static weft_ns_t seconds(struct argp_state *state, const char *name, const char *arg)
{
    char *end;
    double value = strtod(arg, &end);

    if (end == arg || *end || !(value > 0 && value <= 86400))
        argp_error(state, "--%s must be seconds, more than 0 and at most 86400, not '%s'", name,
                   arg);
    return weft_seconds(value);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    httpd_t *h = state->input;

    switch (key) {
    case PORT:
        h->port = number(state, "port", arg, 0, 65535);
        return 0;
    case ROOT:
        h->root = arg;
        return 0;
    case WORKERS:
        h->workers = number(state, "workers", arg, 1, WEFT_WORKERS_MAX);
        return 0;
    case MAX:
        h->clients.max = number(state, "max-connections", arg, 1, 1000000);
        return 0;
    case IDLE:
        h->clients.idle_timeout = seconds(state, "idle-timeout", arg);
        return 0;
    case REQUEST:
        h->clients.request_timeout = seconds(state, "request-timeout", arg);
        return 0;
    case WRITE:
        h->clients.write_timeout = seconds(state, "write-timeout", arg);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- the server ---- */

/* A signal, as a callback of the loop. The second one finds the future done, which is no error. */
static void on_signal(void *arg)
{
    httpd_t *h = arg;
    weft_set_result(h->stop, NULL);
}

static int wait_closed(weft_server_t *server, weft_ns_t limit)
{
    weft_timeout_t scope;
    int rc = weft_timeout_enter(&scope, limit);

    return rc < 0 ? rc : weft_timeout_exit(&scope, weft_server_wait_closed(server));
}

/* First the door, then the idle, so that a client that was sent away does not come in again. */
static int shut_down(httpd_t *h, weft_server_t *server)
{
    weft_server_close(server);
    clients_stop(&h->clients);
    int rc = wait_closed(server, DRAIN);
    if (rc == -ETIMEDOUT) {
        weft_server_cancel_clients(server);
        rc = wait_closed(server, CUT);
    }
    return rc == -ETIMEDOUT ? 0 : rc;
}

static int say_where(weft_server_t *server)
{
    printf("listening on 127.0.0.1:%d\n", weft_server_port(server));
    return fflush(stdout) == 0 ? 0 : -errno;
}

WEFT_CORO(serve)
{
    httpd_t *h = arg;
    weft_loop_t *loop = weft_get_running_loop();
    weft_server_t *server;
    int rc;

    h->stop = weft_create_future(NULL);
    rc = weft_loop_add_signal_handler(loop, SIGTERM, on_signal, h);
    if (rc == 0)
        rc = weft_loop_add_signal_handler(loop, SIGINT, on_signal, h);
    if (rc == 0)
        rc = weft_start_server(client_serve, &h->clients, "127.0.0.1", (uint16_t)h->port, &server,
                               .backlog = 4096);
    if (rc == 0) {
        rc = say_where(server);
        if (rc == 0)
            rc = weft_await(h->stop, NULL);
        if (rc == 0)
            rc = shut_down(h, server);
        weft_server_unref(server);
    }
    weft_loop_remove_signal_handler(loop, SIGINT);
    weft_loop_remove_signal_handler(loop, SIGTERM);
    return rc;
}

/* As many descriptors as we may have: each connection takes one. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    static httpd_t h = {
        .port = 8080,
        .root = ".",
        .clients = {.max = 10000,
                    .idle_timeout = WEFT_MS(30000),
                    .request_timeout = WEFT_MS(10000),
                    .write_timeout = WEFT_MS(60000),
                    .lock = PTHREAD_MUTEX_INITIALIZER},
    };
    static const struct argp argp = {
        options, parse_option, NULL, "A web server on weft.\vIt listens on 127.0.0.1.",
        NULL,    NULL,         NULL};

    argp_parse(&argp, argc, argv, 0, NULL, &h);
    h.clients.root = open(h.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (h.clients.root < 0) {
        fprintf(stderr, "httpd: %s: %s\n", h.root, strerror(errno));
        return 1;
    }
    mime_load();
    http_parser_set_max_header_size(REQUEST_HEAD_MAX);
    raise_descriptor_limit();
    signal(SIGINT, SIG_IGN); /* not the default: weft_run leaves Ctrl-C to serve */
    int rc = weft_run(weft_coro(&serve, &h), NULL, .workers = h.workers);
    weft_unref(h.stop); /* not before: a signal may have been on its way */
    if (rc < 0)
        fprintf(stderr, "httpd: %s\n", weft_strerror(rc));
    return rc < 0;
}
