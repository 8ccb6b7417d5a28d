/* SPDX-License-Identifier: MIT */
/*
 * request: what one connection sends, cut into requests.
 *
 * http-parser does the parsing; it stops at the end of each request, so that those behind it stay
 * in the buffer. A head is kept whole and in one piece: what matters of it are slices. A body is
 * checked and thrown away as it comes.
 */
#include "request.h"

#include "date.h"

#include <string.h>
#include <strings.h>

static request_t *owner(http_parser *parser)
{
    return parser->data;
}

static const char *text(const request_t *r, slice_t slice)
{
    return r->buffer + r->start + slice.at;
}

/* Adds what the parser has found to [slice]. It may come in several pieces that follow each other.
 */
static void extend(request_t *r, slice_t *slice, const char *at, size_t len)
{
    uint32_t offset = (uint32_t)(at - (r->buffer + r->start));

    if (slice->len == 0)
        slice->at = offset;
    slice->len = offset + (uint32_t)len - slice->at;
    r->kept = offset + (uint32_t)len;
}

/* A header is whole: is it one that matters? */
static void take_header(request_t *r)
{
    static const struct {
        const char *name;
        size_t len;
        size_t slice;
    } known[] = {
        {"Range", 5, offsetof(request_t, range)},
        {"If-Range", 8, offsetof(request_t, if_range)},
        {"If-Modified-Since", 17, offsetof(request_t, since)},
    };
    const char *name = text(r, r->name);

    if (memchr(name, ' ',
               r->name.len)) /* http-parser lets it pass; "Content-Length : 1" is a trap */
        r->refused = 400;
    if (r->name.len == 4 && strncasecmp(name, "Host", 4) == 0)
        r->hosts++;
    else if (r->name.len == 6 && strncasecmp(name, "Expect", 6) == 0)
        r->expects = r->value.len == 12 && strncasecmp(text(r, r->value), "100-continue", 12) == 0;
    else
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            if (r->name.len == known[i].len && strncasecmp(name, known[i].name, known[i].len) == 0)
                *(slice_t *)((char *)r + known[i].slice) = r->value;
    r->name = r->value = (slice_t){0};
}

static int on_url(http_parser *parser, const char *at, size_t len)
{
    request_t *r = owner(parser);
    extend(r, &r->target, at, len);
    return 0;
}

static int on_header_field(http_parser *parser, const char *at, size_t len)
{
    request_t *r = owner(parser);
    if (r->head_done) /* a trailer behind a body */
        return 0;
    if (r->value.at != 0)
        take_header(r);
    extend(r, &r->name, at, len);
    return 0;
}

static int on_header_value(http_parser *parser, const char *at, size_t len)
{
    request_t *r = owner(parser);
    if (!r->head_done)
        extend(r, &r->value, at, len);
    return 0;
}

/* Cuts the target down to its path. "http://host/path" is allowed as well as "/path". */
static bool find_path(request_t *r)
{
    const char *target = text(r, r->target);

    if (r->target.len == 0)
        return false;
    if (*target == '/') {
        const char *query = memchr(target, '?', r->target.len);
        if (query)
            r->target.len = (uint32_t)(query - target);
        return true;
    }
    struct http_parser_url url;
    http_parser_url_init(&url);
    if (http_parser_parse_url(target, r->target.len, 0, &url) != 0)
        return false;
    if (!(url.field_set & (1 << UF_PATH))) {
        r->target.len = 0;
        return true;
    }
    r->target.at += url.field_data[UF_PATH].off;
    r->target.len = url.field_data[UF_PATH].len;
    return true;
}

static int on_headers_complete(http_parser *parser)
{
    request_t *r = owner(parser);
    bool sized = parser->flags & F_CONTENTLENGTH;
    bool served = parser->method == HTTP_GET || parser->method == HTTP_HEAD;

    if (r->name.len > 0)
        take_header(r);
    r->head_done = true;
    parser->upgrade = 0; /* nothing is offered to change to: the request counts as it is */
    if (sized && parser->content_length > REQUEST_BODY_MAX)
        r->refused = 413;
    if (parser->http_major != 1 || r->hosts > 1 || (parser->http_minor > 0 && r->hosts == 0))
        r->refused = 400;
    else if (served && !find_path(r))
        r->refused = 400;
    return r->refused ? -1 : 0;
}

static int on_body(http_parser *parser, const char *at, size_t len)
{
    request_t *r = owner(parser);
    (void)at;
    r->body += (uint32_t)len;
    if (r->body > REQUEST_BODY_MAX)
        r->refused = 413;
    return r->refused ? -1 : 0;
}

static int on_message_complete(http_parser *parser)
{
    request_t *r = owner(parser);
    r->done = true;
    /* After a CONNECT that was refused, what comes may be no HTTP. */
    r->keep_alive = http_should_keep_alive(parser) && parser->method != HTTP_CONNECT;
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* Forgets all but the buffer and the parser, which stand between two requests. */
static void forget(request_t *r)
{
    memset(&r->kept, 0, offsetof(request_t, buffer) - offsetof(request_t, kept));
}

void request_init(request_t *r)
{
    http_parser_init(&r->parser, HTTP_REQUEST);
    r->parser.data = r;
    r->start = r->parsed = r->end = 0;
    forget(r);
}

char *request_room(request_t *r, size_t *room)
{
    if (r->start > 0) {
        memmove(r->buffer, r->buffer + r->start, r->end - r->start);
        r->end -= r->start;
        r->parsed -= r->start;
        r->start = 0;
    }
    *room = sizeof(r->buffer) - r->end;
    return r->buffer + r->end;
}

void request_fill(request_t *r, size_t n)
{
    r->end += (uint32_t)n;
}

bool request_begun(const request_t *r)
{
    return r->start < r->end;
}

bool request_followed(const request_t *r)
{
    return r->parsed < r->end;
}

int request_parse(request_t *r)
{
    r->parsed += (uint32_t)http_parser_execute(&r->parser, &settings, r->buffer + r->parsed,
                                               r->end - r->parsed);
    if (r->done) {
        http_parser_pause(&r->parser, 0);
        return 1;
    }
    if (r->refused)
        return -r->refused;
    if (HTTP_PARSER_ERRNO(&r->parser) != HPE_OK)
        return HTTP_PARSER_ERRNO(&r->parser) == HPE_HEADER_OVERFLOW ? -431 : -400;
    if (r->head_done)
        r->end = r->parsed = r->start + r->kept;
    return r->end - r->start > REQUEST_HEAD_MAX ? -431 : 0;
}

void request_next(request_t *r)
{
    /* Some clients end a request with one line more than they should. */
    while (r->parsed < r->end && (r->buffer[r->parsed] == '\r' || r->buffer[r->parsed] == '\n'))
        r->parsed++;
    if (r->parsed == r->end)
        r->parsed = r->end = 0;
    r->start = r->parsed;
    forget(r);
}

bool request_is(const request_t *r, const char *path, size_t len)
{
    return r->target.len == len && memcmp(text(r, r->target), path, len) == 0;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character at *in, which moves behind it; 0 for a NUL and for what is none. */
static char decode(const char **in, const char *end)
{
    char c = *(*in)++;

    if (c != '%')
        return c;
    if (end - *in < 2 || hex((*in)[0]) < 0 || hex((*in)[1]) < 0)
        return 0;
    c = (char)(hex((*in)[0]) << 4 | hex((*in)[1]));
    *in += 2;
    return c;
}

/* The end of the path has a byte for the terminator: the target is followed by a space at least. */
char *request_path(request_t *r)
{
    char *path = r->buffer + r->start + r->target.at;
    const char *in = path;
    const char *end = path + r->target.len;
    char *out = path;

    while (in < end) {
        *out = decode(&in, end);
        if (*out++ == '\0')
            return NULL;
    }
    *out = '\0';
    return path + strspn(path, "/");
}

/* Digits at *in, which moves behind them. Returns whether there were any, and not too many. */
static bool number(const char **in, const char *end, uint64_t *value)
{
    const char *begin = *in;

    for (*value = 0; *in < end && **in >= '0' && **in <= '9'; (*in)++)
        *value = *value * 10 + (uint64_t)(**in - '0');
    return *in > begin && *in - begin <= 18;
}

/* "FIRST-LAST", "FIRST-" or "-COUNT". */
static range_t one_range(const char *in, const char *end)
{
    range_t range = {RANGE_BAD, 0, UINT64_MAX};
    bool suffix = in < end && *in == '-';

    if (suffix)
        in++;
    if (!number(&in, end, &range.first))
        return range;
    if (!suffix && (in == end || *in++ != '-'))
        return range;
    if (!suffix && in < end && !number(&in, end, &range.last))
        return range;
    if (in == end && range.first <= range.last)
        range.kind = suffix ? RANGE_SUFFIX : RANGE_FIRST_LAST;
    return range;
}

range_t request_range(const request_t *r, time_t *modified_if)
{
    const char *in = text(r, r->range);
    const char *end = in + r->range.len;

    *modified_if = -1;
    if (r->range.len < 6 || strncasecmp(in, "bytes=", 6) != 0) /* no other unit is known */
        return (range_t){0};
    if (r->if_range.len > 0 && !date_parse(text(r, r->if_range), r->if_range.len, modified_if))
        return (range_t){0};
    in += 6;
    const char *comma = memchr(in, ',', (size_t)(end - in));
    end = comma ? comma : end;
    while (in < end && (*in == ' ' || *in == '\t'))
        in++;
    while (in < end && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return one_range(in, end);
}

time_t request_since(const request_t *r)
{
    time_t since;

    return r->since.len > 0 && date_parse(text(r, r->since), r->since.len, &since) ? since : -1;
}
