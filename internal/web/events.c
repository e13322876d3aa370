/* events.c - one row of events for all streams; see events.h. */
#include "web/events.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct event {
    int64_t seq;
    char *text;
    size_t size;
};

struct stream {
    struct events *events;
    struct stream *next;
    int64_t seen;  /* the last that was sent whole */
    size_t offset; /* of the one after it */
    char own[160]; /* greeting, resync, comment: what this stream alone gets; before anything else */
    size_t own_size, own_offset;
    bool sleeps;
    void (*wake)(void *arg);
    void *arg;
};

struct events {
    pthread_mutex_t lock;
    struct event ring[EVENTS_KEPT]; /* event n at n % EVENTS_KEPT */
    int64_t last;
    bool ended;
    struct stream *streams;
    size_t n_streams;
};

struct events *events_make(void)
{
    struct events *e = calloc(1, sizeof *e);
    if (e)
        pthread_mutex_init(&e->lock, NULL);
    return e;
}

void events_free(struct events *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < EVENTS_KEPT; i++)
        free(e->ring[i].text);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

/* Wake all that sleep. A sleeping stream cannot be closed before it was woken: its connection is suspended. So the pointers live. */
static void wake_all(struct events *e)
{
    struct {
        void (*wake)(void *arg);
        void *arg;
    } some[64];
    for (;;) {
        size_t n = 0;
        pthread_mutex_lock(&e->lock);
        for (struct stream *s = e->streams; s && n < 64; s = s->next)
            if (s->sleeps) {
                s->sleeps = false;
                some[n].wake = s->wake;
                some[n++].arg = s->arg;
            }
        pthread_mutex_unlock(&e->lock);
        for (size_t i = 0; i < n; i++)
            some[i].wake(some[i].arg);
        if (n == 0)
            return;
    }
}

static void put_own(struct stream *s, const char *text)
{
    size_t n = strlen(text);
    if (s->own_offset == s->own_size)
        s->own_offset = s->own_size = 0;
    if (s->own_size + n > sizeof s->own)
        return;
    memcpy(s->own + s->own_size, text, n);
    s->own_size += n;
}

int64_t events_put(struct events *e, const char *kind, const char *data)
{
    pthread_mutex_lock(&e->lock);
    int64_t seq = e->last;
    if (!kind) {
        for (struct stream *s = e->streams; s; s = s->next)
            if (s->sleeps) /* in the middle of an event a comment would break it; who is awake needs none */
                put_own(s, ":\n\n");
    } else {
        struct event *at = e->ring + (seq + 1) % EVENTS_KEPT;
        struct str text = {0};
        str_printf(&text, "id: %lld\nevent: %s\ndata: %s\n\n", (long long)(seq + 1), kind, data);
        free(at->text);
        *at = (struct event){seq + 1, text.text, text.len};
        seq = e->last = seq + 1;
    }
    pthread_mutex_unlock(&e->lock);
    wake_all(e);
    return seq;
}

void events_end(struct events *e)
{
    pthread_mutex_lock(&e->lock);
    e->ended = true;
    pthread_mutex_unlock(&e->lock);
    wake_all(e);
}

struct stream *stream_open(struct events *e, int64_t since, void (*wake)(void *arg), void *arg)
{
    struct stream *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    *s = (struct stream){.events = e, .wake = wake, .arg = arg};
    put_own(s, "retry: 2000\n\n");
    pthread_mutex_lock(&e->lock);
    bool known = since >= 0 && since <= e->last && since + EVENTS_KEPT >= e->last;
    s->seen = known ? since : e->last;
    if (since >= 0 && !known)
        put_own(s, "event: resync\ndata: {}\n\n");
    s->next = e->streams;
    e->streams = s;
    e->n_streams++;
    pthread_mutex_unlock(&e->lock);
    return s;
}

void stream_close(struct stream *s)
{
    struct events *e = s->events;
    pthread_mutex_lock(&e->lock);
    for (struct stream **p = &e->streams; *p; p = &(*p)->next)
        if (*p == s) {
            *p = s->next;
            e->n_streams--;
            break;
        }
    pthread_mutex_unlock(&e->lock);
    free(s);
}

static size_t copy(char *out, size_t room, const char *text, size_t size, size_t *offset)
{
    size_t n = size - *offset < room ? size - *offset : room;
    memcpy(out, text + *offset, n);
    *offset += n;
    return n;
}

/* What stands next for this stream; 0: nothing. */
static size_t read_some(struct stream *s, char *out, size_t room)
{
    struct events *e = s->events;
    if (s->offset == 0 && s->own_offset < s->own_size)
        return copy(out, room, s->own, s->own_size, &s->own_offset);
    if (s->seen == e->last)
        return 0;
    if (s->seen + EVENTS_KEPT <
        e->last) { /* fell behind: an event that was begun is broken off by an empty line */
        s->own_offset = s->own_size = 0;
        put_own(s, "\n\nevent: resync\ndata: {}\n\n");
        s->seen = e->last;
        s->offset = 0;
        return copy(out, room, s->own, s->own_size, &s->own_offset);
    }
    const struct event *next = e->ring + (s->seen + 1) % EVENTS_KEPT;
    size_t n = copy(out, room, next->text, next->size, &s->offset);
    if (s->offset == next->size) {
        s->seen++;
        s->offset = 0;
    }
    return n;
}

long stream_read(struct stream *s, char *out, size_t room, void (*before_sleep)(void *arg))
{
    struct events *e = s->events;
    pthread_mutex_lock(&e->lock);
    size_t n = read_some(s, out, room);
    bool end = n == 0 && e->ended;
    if (n == 0 && !end) {
        before_sleep(s->arg);
        s->sleeps = true;
    }
    pthread_mutex_unlock(&e->lock);
    return end ? -1 : (long)n;
}

size_t events_streams(struct events *e)
{
    pthread_mutex_lock(&e->lock);
    size_t n = e->n_streams;
    pthread_mutex_unlock(&e->lock);
    return n;
}

int64_t events_last(struct events *e)
{
    pthread_mutex_lock(&e->lock);
    int64_t last = e->last;
    pthread_mutex_unlock(&e->lock);
    return last;
}
