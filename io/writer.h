/* SPDX-License-Identifier: MIT */
/*
 * writer: the sending half of a stream.
 *
 * Bytes are copied once, into the buffer that gathers them. When it is sent it becomes the buffer
 * in flight and the next bytes gather in another one. Three ways to send, all of which need the
 * turn (stream.h):
 *
 *   unawaited  one SEND for all there is, when the task that wrote suspends, at 16 KiB, by flush,
 *              by close. Its completion passes the turn on. If bytes have gathered meanwhile and
 *              nobody waits for the turn, a sequel sends them, since a completion may not.
 *   first      when a task reads from the stream whose writer it has written to, it sends before it
 *              receives, in a turn of its own: by the time of the RECV the answer is often there.
 *              That SEND does not wait for room (a peer that does not read before it has written
 *              would never answer); what it leaves is sent unawaited, while the task receives.
 *   write_all  from the caller's memory, awaited, after all that was written before.
 *
 * A SEND that waits asks for everything at once (MSG_WAITALL): the kernel goes on by itself when
 * there is room again. Buffers are freed when they are sent: an idle connection has none.
 *
 * Who writes when another task of another worker has it corked flushes at once: so each task's
 * bytes leave when that task suspends, at the latest.
 */
#ifndef WEFT_IO_WRITER_H
#define WEFT_IO_WRITER_H

#include "io/stream.h"

void weft__writer_init(struct weft__stream *stream);
/* Frees its buffers. Nothing is in flight. */
void weft__writer_destroy(struct weft__stream *stream);

#endif
