/* SPDX-License-Identifier: MIT */
/*
 * uring: the driver on io_uring. Needs Linux 6.0 (cancellation by another thread); see uring.c.
 */
#ifndef WEFT_IO_DRIVER_URING_H
#define WEFT_IO_DRIVER_URING_H

#include "runtime/sched/driver.h"

extern const struct weft__driver_class weft__uring_class;

/* For tests: the entries of the queues of every ring that is opened from now on (powers of two). */
void weft__uring_entries(unsigned sq_entries, unsigned cq_entries);

#endif
