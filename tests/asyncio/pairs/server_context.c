/* SPDX-License-Identifier: MIT */
/* a server's clients see the context variables of who started it, each in a copy of its own. */
#include "tests/asyncio/pairs/pair.h"

static const weft_context_var_t var = {.name = "var", .value = "nothing"};

static int serve(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    (void)reader, (void)writer, (void)arg;
    printf("client sees %s\n", (char *)weft_context_var_get(&var));
    return weft_context_var_set(&var, "what a client set", NULL);
}

WEFT_CORO(amain)
{
    weft_server_t *server;
    weft_reader_t *reader;
    weft_writer_t *writer;
    char byte;

    TRY(weft_context_var_set(&var, "what was there at the start", NULL));
    TRY(weft_start_server(serve, NULL, "127.0.0.1", 0, &server));
    TRY(weft_context_var_set(&var, "what came later", NULL));
    for (int i = 0; i < 2; i++) {
        TRY(weft_open_connection("127.0.0.1", (uint16_t)weft_server_port(server), &reader,
                                 &writer));
        TRY((int)weft_read(reader, &byte, 1));
        weft_reader_unref(reader);
        weft_writer_unref(writer);
    }
    printf("main sees %s\n", (char *)weft_context_var_get(&var));
    weft_server_unref(server);
    return 0;
}

PAIR(amain, 4)
