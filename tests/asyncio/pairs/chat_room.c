/* SPDX-License-Identifier: MIT */
/* a chat room: a server, three guests, and three who do not get in. It is all in one strand, so
 * that nobody comes between two awaits, however many workers there are. */
#include <ctype.h>
#include <string.h>

#include "tests/asyncio/pairs/pair.h"

enum { GUESTS = 3, WORKERS = 2, HEARD = 512 };

typedef struct member {
    const char *name;
    weft_writer_t *writer;
} member_t;

typedef struct room {
    member_t members[GUESTS];
    int count;
    weft_semaphore_t seats;
    weft_queue_t *lines;
    weft_lock_t turn;
    weft_event_t full;
    weft_event_t begin;
    uint16_t port;
} room_t;

typedef struct line {
    char name[16];
    char text[64];
} line_t;

typedef struct guest {
    room_t *room;
    const char *name;
    const char *lines[3]; /* up to NULL */
    char heard[HEARD];
} guest_t;

static const weft_context_var_t user = {.name = "user", .value = "nobody", .destroy = free};

static const char *get_user(void)
{
    return weft_context_var_get(&user);
}

static int set_user(const char *name, size_t len)
{
    char *copy = strndup(name, len);
    int rc = copy ? weft_context_var_set(&user, copy, NULL) : -ENOMEM;

    if (rc < 0)
        free(copy);
    return rc;
}

static int polish(void *arg, void **result) /* might block, so it is called in a thread */
{
    char *text = malloc(128);

    if (!text)
        return -ENOMEM;
    snprintf(text, 128, "%s (%s)", (char *)arg, get_user());
    text[0] = (char)toupper(text[0]);
    *result = text;
    return 0;
}

WEFT_CORO(in_thread)
{
    return weft_to_thread(polish, arg, result);
}

static int post(room_t *room, const char *text, size_t len)
{
    line_t *line = malloc(sizeof(*line));
    int rc;

    if (!line)
        return -ENOMEM;
    snprintf(line->name, sizeof(line->name), "%s", get_user());
    snprintf(line->text, sizeof(line->text), "%.*s", (int)len, text);
    rc = weft_queue_put(room->lines, line);
    if (rc < 0)
        free(line);
    return rc;
}

static int pass_on(room_t *room, line_t *line)
{
    char said[256];
    void *text;
    int n;

    TRY(weft_to_thread(polish, line->text, &text));
    n = snprintf(said, sizeof(said), "%s: %s\n", line->name, (char *)text);
    free(text);
    for (int i = 0; i < room->count; i++)
        weft_write(room->members[i].writer, said, (size_t)n);
    return weft_queue_task_done(room->lines);
}

typedef struct work {
    room_t *room;
    int n;
} work_t;

WEFT_CORO(work)
{
    const work_t *w = arg;
    char name[16];
    void *line;
    int rc = set_user(name, (size_t)snprintf(name, sizeof(name), "worker %d", w->n));

    while (rc == 0 && (rc = weft_queue_get(w->room->lines, &line)) == 0) {
        rc = pass_on(w->room, line);
        free(line);
    }
    printf("%s goes home\n", get_user());
    return rc;
}

static void remove_member(room_t *room, const weft_writer_t *writer)
{
    int i = 0;

    while (room->members[i].writer != writer)
        i++;
    room->count--;
    memmove(&room->members[i], &room->members[i + 1], sizeof(member_t) * (room->count - i));
}

static int attend(room_t *room, weft_reader_t *reader, weft_writer_t *writer)
{
    weft_bytes_t line;
    ssize_t n;
    int rc;

    room->members[room->count++] = (member_t){get_user(), writer};
    rc = post(room, "joins", 5);
    if (weft_semaphore_locked(&room->seats))
        weft_event_set(&room->full);
    while (rc == 0 && (n = weft_readline(reader, &line)) != 0)
        rc = n < 0 ? (int)n : post(room, line.data, line.len - 1);
    remove_member(room, writer); /* which is gone when this client is */
    TRY(rc);
    TRY(post(room, "leaves", 6));
    return weft_queue_join(room->lines);
}

static int serve(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    room_t *room = arg;
    weft_timeout_t timeout;
    weft_bytes_t line;
    ssize_t n;
    int rc;

    TRY(weft_timeout_enter(&timeout, WEFT_MS(500)));
    n = weft_readline(reader, &line);
    rc = weft_timeout_exit(&timeout, n < 0 ? (int)n : 0);
    if (rc == -ETIMEDOUT)
        return weft_write(writer, "too slow\n", 9);
    TRY(rc);
    TRY(set_user(line.data, line.len - 1));
    if (weft_semaphore_locked(&room->seats))
        return weft_write(writer, "full\n", 5);
    TRY(weft_semaphore_acquire(&room->seats));
    rc = attend(room, reader, writer);
    weft_semaphore_release(&room->seats);
    return rc;
}

/* up to a line of one's own, or the end */
static int hear(weft_reader_t *reader, const char *name, char *heard)
{
    size_t len = strlen(name);
    weft_bytes_t line;
    ssize_t n;

    while ((n = weft_readline(reader, &line)) > 0) {
        const char *text = line.data;
        size_t end = strlen(heard);
        snprintf(heard + end, HEARD - end, "  %.*s", (int)line.len, text);
        if (line.len > len && memcmp(text, name, len) == 0 && text[len] == ':')
            break;
    }
    return n < 0 ? (int)n : 0;
}

static int say(guest_t *guest, const char *text, weft_reader_t *reader, weft_writer_t *writer)
{
    const weft_iovec_t line[] = {{text, strlen(text)}, {"\n", 1}};
    int rc;

    TRY(weft_lock_acquire(&guest->room->turn));
    rc = weft_writelines(writer, line, 2);
    if (rc == 0)
        rc = hear(reader, guest->name, guest->heard);
    weft_lock_release(&guest->room->turn);
    return rc;
}

static int leave(guest_t *guest, weft_reader_t *reader, weft_writer_t *writer)
{
    int rc;

    TRY(weft_lock_acquire(&guest->room->turn));
    rc = weft_write_eof(writer);
    if (rc == 0)
        rc = hear(reader, "nobody", guest->heard);
    weft_lock_release(&guest->room->turn);
    return rc;
}

static int stay(guest_t *guest, weft_reader_t *reader, weft_writer_t *writer)
{
    char message[64];

    if (strcmp(guest->heard, "  full\n") == 0) {
        snprintf(message, sizeof(message), "no seat for %s", guest->name);
        return weft_raise(-EACCES, message);
    }
    TRY(weft_event_wait(&guest->room->begin));
    for (const char **line = guest->lines; *line; line++)
        TRY(say(guest, *line, reader, writer));
    return leave(guest, reader, writer);
}

WEFT_CORO(visit)
{
    guest_t *guest = arg;
    weft_reader_t *reader = NULL;
    weft_writer_t *writer = NULL;
    int rc;

    TRY(weft_lock_acquire(&guest->room->turn));
    rc = weft_open_connection("127.0.0.1", guest->room->port, &reader, &writer);
    if (rc == 0) {
        weft_write(writer, guest->name, strlen(guest->name));
        weft_write(writer, "\n", 1);
        rc = hear(reader, guest->name, guest->heard);
    }
    weft_lock_release(&guest->room->turn);
    if (rc == 0)
        rc = stay(guest, reader, writer);
    weft_reader_unref(reader);
    weft_writer_unref(writer);
    *result = guest;
    return rc;
}

WEFT_CORO(outside)
{
    weft_event_t never = WEFT_EVENT_INIT;
    int rc = weft_event_wait(&never);

    printf("%s goes home alone\n", (char *)arg);
    return rc;
}

static int too_late(room_t *room)
{
    guest_t dora = {.room = room, .name = "dora"};
    weft_taskgroup_t tg;
    int rc;

    TRY(weft_taskgroup_enter(&tg));
    rc = weft_taskgroup_create_task(&tg, weft_coro(&outside, "eve"), NULL);
    if (rc == 0)
        rc = weft_taskgroup_create_task(&tg, weft_coro(&visit, &dora), NULL);
    rc = weft_taskgroup_exit(&tg, rc);
    if (rc != WEFT_EGROUP)
        return rc;
    printf("%zu refused: %s\n", weft_error_count(weft_last_error()),
           weft_error_message(weft_error_at(weft_last_error(), 0)));
    return 0;
}

static int silent(room_t *room)
{
    weft_reader_t *reader;
    weft_writer_t *writer;
    weft_bytes_t line;
    int rc;

    TRY(weft_open_connection("127.0.0.1", room->port, &reader, &writer));
    if (weft_readline(reader, &line) > 0)
        printf("silent: %.*s", (int)line.len, (char *)line.data);
    weft_writer_close(writer);
    rc = weft_wait_closed(writer);
    weft_reader_unref(reader);
    weft_writer_unref(writer);
    return rc;
}

WEFT_CORO(knock)
{
    weft_reader_t *reader;
    weft_writer_t *writer;

    TRY(weft_open_connection("127.0.0.1", ((room_t *)arg)->port, &reader, &writer));
    weft_reader_unref(reader);
    weft_writer_unref(writer);
    return 0;
}

static int farewells(weft_task_t **tasks)
{
    weft_as_completed_t *it = weft_as_completed(WEFT_ARRAY(tasks, GUESTS), WEFT_NONE);
    weft_awaitable_t *task;
    void *value;
    int rc;

    while ((rc = weft_as_completed_next(it, &task)) > 0 && (rc = weft_result(task, &value)) == 0) {
        const guest_t *guest = value;
        printf("%s heard:\n%s", guest->name, guest->heard);
    }
    weft_as_completed_free(it);
    return rc;
}

static int receive(room_t *room, weft_taskgroup_t *tg, guest_t *guests)
{
    weft_task_t *tasks[GUESTS];
    int rc;

    for (int i = 0; i < GUESTS; i++)
        TRY(weft_taskgroup_create_task(tg, weft_coro(&visit, &guests[i]), &tasks[i]));
    TRY(weft_event_wait(&room->full));
    TRY(silent(room));
    rc = weft_wait_for(weft_event_wait_coro(&room->begin), WEFT_MS(10), NULL);
    if (rc == -ETIMEDOUT)
        puts("nobody begins");
    TRY(too_late(room));
    weft_event_set(&room->begin);
    return farewells(tasks);
}

static int evening(room_t *room)
{
    guest_t guests[GUESTS] = {{.room = room, .name = "ada", .lines = {"hello", "fine"}},
                              {.room = room, .name = "bob"},
                              {.room = room, .name = "cleo", .lines = {"how are you?"}}};
    weft_taskgroup_t tg;

    TRY(weft_taskgroup_enter(&tg));
    return weft_taskgroup_exit(&tg, receive(room, &tg, guests));
}

static int night(room_t *room, weft_task_t **workers)
{
    weft_task_t *tasks[WORKERS] = {workers[0], workers[1]};
    weft_result_t r[4];
    size_t done;

    weft_cancel(workers[1]);
    TRY(weft_wait(tasks, WORKERS, WEFT_NONE, WEFT_FIRST_COMPLETED, &done));
    printf("%zu done, %zu pending\n", done, WORKERS - done);
    for (size_t i = done; i < WORKERS; i++)
        weft_cancel(tasks[i]);
    TRY(weft_gather(WEFT_AWS(workers[0], workers[1], weft_coro(&in_thread, "good night"),
                             weft_coro(&knock, room)),
                    r, .return_exceptions = true));
    for (int i = 0; i < 4; i++)
        puts(r[i].err == 0 ? r[i].value : name_of(r[i].err));
    free(r[2].value);
    return 0;
}

WEFT_CORO(chat)
{
    static room_t room; /* all zeros: its locks and events are new */
    weft_task_t *workers[WORKERS];
    weft_server_t *server;

    TRY(weft_bounded_semaphore_init(&room.seats, GUESTS));
    TRY(weft_queue_create(&room.lines, 1, .destroy = free));
    TRY(weft_start_server(serve, &room, "127.0.0.1", 0, &server));
    room.port = (uint16_t)weft_server_port(server);
    for (int i = 0; i < WORKERS; i++)
        workers[i] = weft_create_task(
            weft_coro_copy(&work, &(work_t){.room = &room, .n = i}, sizeof(work_t)));
    TRY(evening(&room));
    weft_server_close(server);
    TRY(weft_server_wait_closed(server));
    weft_server_unref(server);
    TRY(night(&room, workers));
    weft_queue_unref(room.lines);
    return 0;
}

WEFT_CORO(amain)
{
    weft_strand_t *strand = weft_strand_create();
    int rc = weft_join(weft_create_task(weft_coro(&chat, NULL), .strand = strand), NULL);

    weft_strand_unref(strand);
    return rc;
}

PAIR(amain, 4)
