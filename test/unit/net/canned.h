/* canned.h - a server in a thread that answers each connection with the next of some prepared texts and keeps what it was asked. */
#ifndef XFELX_TEST_CANNED_H
#define XFELX_TEST_CANNED_H

#include "support.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

enum { CANNED_MOST = 16 };
struct canned {
    const char *answers
        [CANNED_MOST]; /* NULL: the connection is closed without a word; the last is given again and again */
    int n, listener, port, asked;
    char requests[CANNED_MOST][2048];
    pthread_t thread;
};

static inline void *canned_serve(void *owner)
{
    struct canned *c = owner;
    for (int fd; (fd = accept(c->listener, NULL, NULL)) >= 0; close(fd)) {
        char *into = c->requests[c->asked < CANNED_MOST ? c->asked : CANNED_MOST - 1];
        size_t have = 0;
        for (ssize_t n; have < 2047 && (n = recv(fd, into + have, 2047 - have, 0)) > 0;) {
            have += (size_t)n;
            into[have] = '\0';
            if (strstr(into, "\r\n\r\n"))
                break;
        }
        const char *answer = c->answers[c->asked < c->n ? c->asked : c->n - 1];
        c->asked++;
        if (answer)
            send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        for (char rest[256]; recv(fd, rest, sizeof rest, 0) > 0;)
            ;
    }
    return NULL;
}

/* answers: NULL-terminated where n is not given by hand. url (64 bytes) gets http://localhost:PORT. */
static inline void canned_start(struct canned *c, char url[64])
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    c->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(c->listener, (struct sockaddr *)&here, size), 0);
    assert_int_equal(listen(c->listener, 16), 0);
    assert_int_equal(getsockname(c->listener, (struct sockaddr *)&here, &size), 0);
    c->port = ntohs(here.sin_port);
    snprintf(url, 64, "http://localhost:%d", c->port);
    assert_int_equal(pthread_create(&c->thread, NULL, canned_serve, c), 0);
}

static inline void canned_stop(struct canned *c)
{
    shutdown(c->listener, SHUT_RDWR);
    pthread_join(c->thread, NULL);
    close(c->listener);
}

#endif
