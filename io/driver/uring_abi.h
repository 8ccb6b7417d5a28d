/* SPDX-License-Identifier: MIT */
/*
 * uring_abi: what the kernel has and the headers of liburing 2.3 do not name yet, and what the
 * kernel does and ThreadSanitizer does not see.
 *
 * Each constant is guarded, so that newer headers keep their own. The values are the kernel's ABI
 * (include/uapi/linux/io_uring.h) and never change.
 */
#ifndef WEFT_IO_DRIVER_URING_ABI_H
#define WEFT_IO_DRIVER_URING_ABI_H

#include <liburing.h>

#include "runtime/base/base.h"

/* Linux 6.12: the time-out of io_uring_enter is an absolute time on CLOCK_MONOTONIC. */
#ifndef IORING_ENTER_ABS_TIMER
#define IORING_ENTER_ABS_TIMER (1U << 5)
#endif

/* A request happens before its completion; a mapping is gone before the kernel gives its address to
 * the next ring. */
#ifdef WEFT__TSAN
#include <sanitizer/tsan_interface.h>
#define weft__uring_ordered_before(p) __tsan_release(p)
#define weft__uring_ordered_after(p) __tsan_acquire(p)
#else
#define weft__uring_ordered_before(p) ((void)(p))
#define weft__uring_ordered_after(p) ((void)(p))
#endif

#endif
