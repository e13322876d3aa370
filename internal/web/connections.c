/* connections.c - deadlines of connections; see connections.h. Thread-safe: one lock. */
#include "web/connections.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define SECOND INT64_C(1000000000)

struct connection {
    struct connection *next, **link; /* list of those that have a deadline; link NULL: in none */
    int fd;
    int64_t end_ns;
    struct answer_body *body; /* on its way; NULL: none */
    int64_t read_ns;          /* when the client last took something of it */
    int waiting;              /* bytes in the socket when we looked last */
};

struct connections {
    pthread_mutex_t lock;
    struct connection *first;
    size_t open, held; /* held: bytes of all answers on their way, each body once */
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
    if (!c->body)
        return;
    if (--c->body->senders == 0)
        all->held -= c->body->size;
    answer_body_drop(c->body);
    c->body = NULL;
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

/* Since when the client takes nothing, as far as the system knows. TCP says when it last could send something. Of a socket pair it is
 * known how much waits in it: if that is another figure than when we looked last, somebody reads. */
static void look_if_it_reads(struct connection *c, int64_t now)
{
    struct tcp_info tcp;
    socklen_t size = sizeof tcp;
    int waiting = 0;
    if (getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &tcp, &size) == 0) {
        int64_t sent = now - tcp.tcpi_last_data_sent * (SECOND / 1000);
        c->read_ns = sent > c->read_ns ? sent : c->read_ns;
    } else if (ioctl(c->fd, TIOCOUTQ, &waiting) == 0 && waiting != c->waiting) {
        c->waiting = waiting;
        c->read_ns = now;
    }
}

static void look_who_reads(struct connections *all, int64_t now)
{
    for (struct connection *c = all->first; c; c = c->next)
        if (c->body)
            look_if_it_reads(c, now);
}

/* Who has taken nothing of his answer for longest; never `but`. NULL: nobody else has one. */
static struct connection *slowest(const struct connections *all, const struct connection *but)
{
    struct connection *found = NULL;
    for (struct connection *c = all->first; c; c = c->next)
        if (c->body && c != but && (!found || c->read_ns < found->read_ns))
            found = c;
    return found;
}

void connection_answer(struct connections *all, struct connection *c, struct answer_body *body, int64_t now)
{
    size_t bytes = body ? body->size : 0;
    pthread_mutex_lock(&all->lock);
    unlink_it(c);
    forget_answer(all, c);
    c->body = answer_body_keep(body);
    c->read_ns = now;
    c->waiting = 0;
    if (body && body->senders++ == 0)
        all->held += bytes;
    c->end_ns = now + (CONNECTION_ANSWER_S + (int64_t)(bytes / CONNECTION_SLOWEST)) * SECOND;
    link_it(all, c);
    if (all->held > CONNECTIONS_HELD_MOST)
        look_who_reads(all, now);
    for (struct connection *slow; all->held > CONNECTIONS_HELD_MOST && (slow = slowest(all, c));)
        end_it(all, slow);
    pthread_mutex_unlock(&all->lock);
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
