/* SPDX-License-Identifier: MIT */
/*
 * call graph: who awaits whom, from an awaitable outwards.
 *
 * No table is kept for it. Who waits for an awaitable stands in its list (core/waiters.h), each
 * with whose it is; and a parent that runs its child on its own stack, in the child. So it is a
 * picture of what may have moved on while it was taken, one awaitable at a time.
 */
#include <stdlib.h>

#include "weft/inspect.h"

#include "runtime/async/inspect.h"
#include "runtime/base/symbol.h"
#include "runtime/core/waiters.h"
#include "runtime/sched/misuse.h"

enum { DEEPEST = 48, MOST = 1000 }; /* levels, which are recursion on a task's stack; nodes */

struct capture {
    size_t limit; /* of frames */
    size_t nodes;
    const weft_call_graph_t *path[DEEPEST]; /* from the beginning to where we are */
};

static bool is_on_path(const struct capture *c, unsigned depth, const weft_awaitable_t *aw)
{
    while (depth-- > 0) {
        if (c->path[depth]->future == aw)
            return true;
    }
    return false;
}

/* Whom [node] is awaited by: its parent, if any, and those in its list. Takes the parent's
 * reference over. */
static int list_outer(weft_call_graph_t *node, struct weft_awaitable *parent,
                      struct weft_awaitable ***outer)
{
    struct weft_awaitable **others = NULL;
    long count = weft__awaiters(node->future, &others);

    *outer = count >= 0 ? calloc((size_t)count + 1, sizeof **outer) : NULL;
    if (!*outer) {
        for (long i = 0; i < count; i++)
            weft_unref(others[i]);
        count = -ENOMEM;
    }
    for (long i = 0; i < count; i++)
        (*outer)[i] = others[i];
    if (others && count != 0)
        free(others);
    if (parent && count >= 0)
        (*outer)[count++] = parent;
    else
        weft_unref(parent);
    return (int)count;
}

static int capture(struct capture *c, struct weft_awaitable *aw, unsigned depth,
                   weft_call_graph_t **made);

static int capture_outer(struct capture *c, weft_call_graph_t *node, struct weft_awaitable *parent,
                         unsigned depth)
{
    struct weft_awaitable **outer = NULL;
    int count = list_outer(node, parent, &outer), rc = count < 0 ? count : 0;

    if (count > 0 && !(node->awaited_by = calloc((size_t)count, sizeof *node->awaited_by)))
        rc = -ENOMEM;
    for (int i = 0; i < count; i++) {
        if (rc == 0)
            rc = capture(c, outer[i], depth, &node->awaited_by[node->count]);
        if (rc == 0)
            node->count++;
        weft_unref(outer[i]);
    }
    free(outer);
    return rc;
}

static int capture_frames(struct capture *c, weft_call_graph_t *node,
                          struct weft_awaitable **parent)
{
    struct weft__view view = {.capacity = c->limit};

    if (c->limit > 0 && !(view.frames = calloc(c->limit, sizeof *view.frames)))
        return -ENOMEM;
    node->call_stack = view.frames;
    if (weft__inspect(node->future, &view) == 0)
        node->frames = view.count;
    *parent = view.parent;
    return 0;
}

static int capture(struct capture *c, struct weft_awaitable *aw, unsigned depth,
                   weft_call_graph_t **made)
{
    weft_call_graph_t *node = calloc(1, sizeof *node);
    struct weft_awaitable *parent = NULL;
    int rc;

    if (!node)
        return -ENOMEM;
    *made = node;
    node->future = weft_ref(aw);
    node->cut = is_on_path(c, depth, aw) || depth == DEEPEST || c->nodes == MOST;
    if (node->cut)
        return 0;
    c->nodes++;
    c->path[depth] = node;
    rc = capture_frames(c, node, &parent);
    if (rc == 0)
        rc = capture_outer(c, node, parent, depth + 1);
    if (rc < 0) {
        weft_call_graph_free(node);
        *made = NULL;
    }
    return rc;
}

int weft_capture_call_graph(weft_awaitable_t *future, size_t limit, weft_call_graph_t **graph)
{
    struct capture *c;
    int rc;

    if (!future)
        future = weft_current_task();
    if (!graph)
        return -EINVAL;
    *graph = NULL;
    if (!future)
        return weft__no_task("capture_call_graph");
    if (!weft_isfuture(future))
        return weft__misuse(-EPROTOTYPE, "the call graph of something that is no future");
    c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    c->limit = limit;
    rc = capture(c, future, 0, graph);
    free(c);
    return rc;
}

void weft_call_graph_free(weft_call_graph_t *graph)
{
    if (!graph)
        return;
    for (size_t i = 0; i < graph->count; i++)
        weft_call_graph_free(graph->awaited_by[i]);
    weft_unref(graph->future);
    free(graph->awaited_by);
    free(graph->call_stack);
    free(graph);
}

/* ---- as text ---- */

static WEFT__NOINLINE void print_one(const weft_call_graph_t *node, int indent, FILE *file)
{
    weft_awaitable_t *aw = node->future;
    char text[128];

    weft__awaitable_name(aw, text, sizeof text);
    fprintf(file, "%*s* %s%s%s%s\n", indent, "", text,
            aw->where && *aw->where ? ", created at " : "", aw->where ? aw->where : "",
            node->cut ? " (see above)" : "");
    if (node->frames > 0)
        fprintf(file, "%*s  + Call stack:\n", indent, "");
    for (size_t i = 0; i < node->frames; i++) {
        weft__symbol(node->call_stack[i], text, sizeof text);
        fprintf(file, "%*s  |   %s\n", indent, "", text);
    }
    if (node->count > 0)
        fprintf(file, "%*s  + Awaited by:\n", indent, "");
}

static void print(const weft_call_graph_t *node, int indent, FILE *file)
{
    print_one(node, indent, file);
    for (size_t i = 0; i < node->count; i++)
        print(node->awaited_by[i], indent + 5, file);
}

int weft_print_call_graph(weft_awaitable_t *future, size_t limit, FILE *file)
{
    weft_call_graph_t *graph;
    int rc = weft_capture_call_graph(future, limit, &graph);

    if (rc < 0)
        return rc;
    print(graph, 0, file ? file : stdout);
    weft_call_graph_free(graph);
    return 0;
}

int weft_format_call_graph(weft_awaitable_t *future, size_t limit, char **text)
{
    size_t length;
    FILE *file;
    int rc;

    if (!text)
        return -EINVAL;
    *text = NULL;
    file = open_memstream(text, &length);
    if (!file)
        return -ENOMEM;
    rc = weft_print_call_graph(future, limit, file);
    if (fclose(file) != 0 && rc == 0)
        rc = -ENOMEM;
    if (rc < 0) {
        free(*text);
        *text = NULL;
    }
    return rc;
}
