/* transfer_pieces.c - pieces of one file, several at once. A piece counts when it is on disk and noted. */
#include "facility/transfer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

struct crew {
    struct transfer_file *f;
    pthread_mutex_t lock;
    size_t next;
    uint64_t bytes;
    atomic_bool failed;
    struct error err; /* the first */
};

/* Where the bytes of a piece go. */
struct place {
    int fd;
    uint64_t at, end;
    int code; /* errno when it could not be written */
};

static bool put(void *owner, const void *data, size_t n)
{
    struct place *p = owner;
    const char *from = data;
    while (n > 0 && p->at + n <= p->end) {
        ssize_t done = pwrite(p->fd, from, n, (off_t)p->at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return p->code = errno ? errno : EIO, false;
        p->at += (uint64_t)done;
        from += done;
        n -= (size_t)done;
    }
    return n == 0;
}

static void pause_for(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

static bool bring(struct crew *c, struct net *n, size_t i, struct error *err)
{
    const struct transfer_file *f = c->f;
    const struct transfer *t = f->t;
    uint64_t from = i * f->piece, end = from + f->piece < f->remote.size ? from + f->piece : f->remote.size;
    int tries = t->tries > 0 ? t->tries : 5;
    struct net_answer answer = {0};
    bool good = false;
    for (int k = 1; !good && k <= tries; k++) {
        struct place place = {f->fd, from, end, 0};
        *err = (struct error){0};
        good = net_fetch(n,
                         &(struct net_request){.url = f->url,
                                               .auth = &t->auth,
                                               .trust = t->trust,
                                               .redirects = 3,
                                               .part = true,
                                               .first = from,
                                               .last = end - 1,
                                               .whole_seconds = -1,
                                               .take = put,
                                               .owner = &place},
                         &answer, err);
        if (place.code) {
            errno = place.code;
            error_system(err, place.code == ENOSPC || place.code == EDQUOT ? ERROR_NO_SPACE : ERROR_IO,
                         "cannot write %s", f->part);
        }
        if (good || answer.class != NET_AGAIN || place.code || c->failed)
            break;
        if (k < tries)
            pause_for(net_backoff(t->first_wait > 0 ? t->first_wait : 1, 60, (unsigned)k,
                                  (uint64_t)clock_now() * 0x9e3779b97f4a7c15u));
    }
    net_answer_free(&answer);
    if (good && fdatasync(f->fd) != 0)
        good = error_system(err, ERROR_IO, "cannot write %s", f->part);
    return good;
}

static void *work(void *owner)
{
    struct crew *c = owner;
    struct transfer_file *f = c->f;
    struct error err = {0};
    struct net *n = net_open(&(struct net_options){.ca_file = f->t->ca_file}, &err);
    for (bool good = n != NULL; good;) {
        pthread_mutex_lock(&c->lock);
        while (c->next < f->n_pieces && f->have[c->next])
            c->next++;
        size_t i = c->failed ? f->n_pieces : c->next++;
        pthread_mutex_unlock(&c->lock);
        if (i >= f->n_pieces)
            break;
        good = bring(c, n, i, &err);
        pthread_mutex_lock(&c->lock);
        if (good) {
            uint64_t size = i + 1 < f->n_pieces ? f->piece : f->remote.size - i * f->piece;
            f->have[i] = true;
            c->bytes += size;
            good = dprintf(f->fd_state, "%zu\n", i) > 0 ||
                   error_system(&err, ERROR_IO, "cannot write %s", f->state);
        }
        pthread_mutex_unlock(&c->lock);
    }
    pthread_mutex_lock(&c->lock);
    if (err.code && !c->failed) {
        c->failed = true;
        c->err = err;
    }
    pthread_mutex_unlock(&c->lock);
    net_close(n);
    return NULL;
}

bool transfer_pieces(struct transfer_file *f, uint64_t *bytes, struct error *err)
{
    struct crew c = {.f = f};
    pthread_t threads[16];
    size_t wanted = f->t->parallel > 0 ? (size_t)f->t->parallel : 4, n = 0;
    wanted = wanted < 16 ? wanted : 16;
    pthread_mutex_init(&c.lock, NULL);
    while (n + 1 < wanted && n + 1 < f->n_left && pthread_create(&threads[n], NULL, work, &c) == 0)
        n++;
    work(&c);
    while (n > 0)
        pthread_join(threads[--n], NULL);
    pthread_mutex_destroy(&c.lock);
    *bytes += c.bytes;
    if (c.failed && err)
        *err = c.err;
    return !c.failed;
}
