/* SPDX-License-Identifier: MIT */
/*
 * kick: the signal that makes a stuck worker's driver hand over what it holds.
 *
 * SIGURG, whose default is to be ignored, as in Go. The handler runs on the alternate stack of the
 * worker (task stacks are small), and calls driver->class->kicked, which is written to interrupt
 * anything. It is installed while there is any loop with several workers, and restored after the
 * last one, if it is ours still.
 */
#ifndef WEFT_SCHED_KICK_H
#define WEFT_SCHED_KICK_H

int weft__kick_install(void);
void weft__kick_remove(void);

#endif
