/* SPDX-License-Identifier: MIT */
#include "io/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>

#include "weft/thread.h"

struct lookup {
    const char *host;
    char service[8];
    struct addrinfo hints;
    struct addrinfo *list;
    int error;
    bool ran;
};

static int error_of(int error)
{
    switch (error) {
    case 0:
        return 0;
    case EAI_AGAIN:
        return -EAGAIN;
    case EAI_MEMORY:
        return -ENOMEM;
    case EAI_SYSTEM:
        return errno ? -errno : -EIO;
    case EAI_FAMILY:
        return -EAFNOSUPPORT;
    case EAI_BADFLAGS:
    case EAI_SERVICE:
    case EAI_SOCKTYPE:
        return -EINVAL;
    case EAI_FAIL:
        return -EIO;
    default:
        return -ENOENT;
    }
}

static int look_up(void *arg, void **result)
{
    struct lookup *l = arg;

    (void)result;
    l->error = error_of(getaddrinfo(l->host, l->service, &l->hints, &l->list));
    l->ran = true;
    return 0;
}

int weft__address_resolve(const char *host, uint16_t port, int family, bool listening,
                          struct addrinfo **list)
{
    struct lookup l = {.host = host,
                       .hints = {.ai_family = family,
                                 .ai_socktype = SOCK_STREAM,
                                 .ai_flags = AI_NUMERICSERV | (listening ? AI_PASSIVE : 0)}};
    int rc = 0;

    snprintf(l.service, sizeof l.service, "%u", (unsigned)port);
    l.hints.ai_flags |= AI_NUMERICHOST;
    look_up(&l, NULL);
    if (l.error == -ENOENT) {
        l.hints.ai_flags &= ~AI_NUMERICHOST;
        l.ran = false;
        rc = weft_to_thread(look_up, &l, NULL);
    }
    *list = l.list;
    return l.ran ? l.error : rc;
}

int weft__address_format(const struct sockaddr *address, socklen_t length, char *buffer,
                         size_t size)
{
    char host[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE];
    char service[8];
    int rc = getnameinfo(address, length, host, sizeof host, service, sizeof service,
                         NI_NUMERICHOST | NI_NUMERICSERV);

    if (rc)
        return error_of(rc);
    return snprintf(buffer, size, address->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
                    service);
}

uint16_t weft__address_port(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)address)->sin_port);
    if (address->sa_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    return 0;
}

void weft__address_set_port(struct sockaddr *address, uint16_t port)
{
    if (address->sa_family == AF_INET)
        ((struct sockaddr_in *)address)->sin_port = htons(port);
    if (address->sa_family == AF_INET6)
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
}
