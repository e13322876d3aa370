/* connections.c - deadlines of connections; see connections.h. Thread-safe: one lock. */
#include "web/connections.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

struct connection {
    struct connection *next, **link; /* list of those that have a deadline; link NULL: in none */
    int fd;
    int64_t end_ns;
};

struct connections {
    pthread_mutex_t lock;
    struct connection *first;
    size_t open;
};

struct connections *connections_make(void)
{
    struct connections *all = calloc(1, sizeof *all);
    if (all)
        pthread_mutex_init(&all->lock, NULL);
    return all;
}

void connections_free(struct connections *all)
{
    if (!all)
        return;
    pthread_mutex_destroy(&all->lock);
    free(all);
}

static void unlink_it(struct connection *c)
{
    if (!c->link)
        return;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->link = NULL;
}

void connection_allow(struct connections *all, struct connection *c, int seconds, int64_t now)
{
    pthread_mutex_lock(&all->lock);
    unlink_it(c);
    c->end_ns = now + seconds * INT64_C(1000000000);
    if (seconds > 0) {
        c->next = all->first;
        if (c->next)
            c->next->link = &c->next;
        c->link = &all->first;
        all->first = c;
    }
    pthread_mutex_unlock(&all->lock);
}

struct connection *connection_open(struct connections *all, int fd, int64_t now)
{
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->fd = fd;
    pthread_mutex_lock(&all->lock);
    all->open++;
    pthread_mutex_unlock(&all->lock);
    connection_allow(all, c, CONNECTION_HEAD_S, now);
    return c;
}

void connection_close(struct connections *all, struct connection *c)
{
    pthread_mutex_lock(&all->lock);
    unlink_it(c);
    all->open--;
    pthread_mutex_unlock(&all->lock);
    free(c);
}

size_t connections_end_late(struct connections *all, int64_t now)
{
    size_t n = 0;
    pthread_mutex_lock(&all->lock);
    for (struct connection *c = all->first, *next; c; c = next) {
        next = c->next;
        if (now >= c->end_ns) {
            unlink_it(c);
            shutdown(c->fd, SHUT_RDWR); /* the server's loop sees the end and closes it */
            n++;
        }
    }
    pthread_mutex_unlock(&all->lock);
    return n;
}

size_t connections_open(struct connections *all)
{
    pthread_mutex_lock(&all->lock);
    size_t n = all->open;
    pthread_mutex_unlock(&all->lock);
    return n;
}
