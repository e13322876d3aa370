/* connections.c - deadlines of connections; see connections.h. Thread-safe: one lock. */
#include "web/connections.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#define SECOND INT64_C(1000000000)

struct connection {
    struct connection *next, **link; /* list of those that have a deadline; link NULL: in none */
    int fd;
    int64_t end_ns;
    size_t bytes; /* of the answer on its way */
    int64_t since_ns;
};

struct connections {
    pthread_mutex_t lock;
    struct connection *first;
    size_t open, held; /* held: bytes of all answers on their way */
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

/* No answer is on its way. */
static void forget_answer(struct connections *all, struct connection *c)
{
    all->held -= c->bytes;
    c->bytes = 0;
}

/* The server's loop sees the end and closes it. */
static void end_it(struct connections *all, struct connection *c)
{
    unlink_it(c);
    forget_answer(all, c);
    shutdown(c->fd, SHUT_RDWR);
}

static void link_it(struct connections *all, struct connection *c)
{
    c->next = all->first;
    if (c->next)
        c->next->link = &c->next;
    c->link = &all->first;
    all->first = c;
}

void connection_allow(struct connections *all, struct connection *c, int seconds, int64_t now)
{
    pthread_mutex_lock(&all->lock);
    unlink_it(c);
    forget_answer(all, c);
    c->end_ns = now + seconds * SECOND;
    if (seconds > 0)
        link_it(all, c);
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
    forget_answer(all, c);
    all->open--;
    pthread_mutex_unlock(&all->lock);
    free(c);
}

/* Who has not taken his answer for longest; NULL: all take theirs. */
static struct connection *slowest(const struct connections *all, int64_t now)
{
    struct connection *found = NULL;
    for (struct connection *c = all->first; c; c = c->next)
        if (c->bytes && now - c->since_ns >= CONNECTION_READS_S * SECOND &&
            (!found || c->since_ns < found->since_ns))
            found = c;
    return found;
}

bool connection_answer(struct connections *all, struct connection *c, size_t bytes, int64_t now)
{
    pthread_mutex_lock(&all->lock);
    unlink_it(c);
    forget_answer(all, c);
    for (struct connection *slow; all->held + bytes > CONNECTIONS_HELD_MOST && (slow = slowest(all, now));)
        end_it(all, slow);
    bool fits = all->held + bytes <= CONNECTIONS_HELD_MOST;
    c->bytes = fits ? bytes : 0;
    c->since_ns = now;
    all->held += c->bytes;
    c->end_ns = now + (CONNECTION_ANSWER_S + (int64_t)(bytes / CONNECTION_SLOWEST)) * SECOND;
    link_it(all, c);
    pthread_mutex_unlock(&all->lock);
    return fits;
}

size_t connections_end_late(struct connections *all, int64_t now)
{
    size_t n = 0;
    pthread_mutex_lock(&all->lock);
    for (struct connection *c = all->first, *next; c; c = next) {
        next = c->next;
        if (now >= c->end_ns) {
            end_it(all, c);
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
