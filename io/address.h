/* SPDX-License-Identifier: MIT */
/*
 * address: from a host to socket addresses, and back to text.
 *
 * A numeric address is parsed here; a name is looked up on a thread that may block, by the resolver
 * of the C library, which knows what the system knows (hosts file, name service switch).
 */
#ifndef WEFT_IO_ADDRESS_H
#define WEFT_IO_ADDRESS_H

#include <netdb.h>

#include "runtime/base/base.h"

/* Task. [host] NULL: all interfaces, for [listening]. Suspends if it is a name. 0 with *list for
 * freeaddrinfo; -ENOENT (no such name), -EAGAIN (nobody answers), -ECANCELED, -ENOMEM, -errno. */
int weft__address_resolve(const char *host, uint16_t port, int family, bool listening,
                          struct addrinfo **list);

/* The text of [address], "127.0.0.1:80" or "[::1]:80", cut to [size]; returns its whole length, or
 * -errno. */
int weft__address_format(const struct sockaddr *address, socklen_t length, char *buffer,
                         size_t size);

/* Its port, 0 if it has none. */
uint16_t weft__address_port(const struct sockaddr *address);
void weft__address_set_port(struct sockaddr *address, uint16_t port);

#endif
