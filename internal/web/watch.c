/* watch.c - what changed, once a second; see watch.h. */
#include "web/watch.h"

#include "web/note.h"
#include "web/private.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000000)
enum { COMMENT_S = 15, IDLE_S = 10 /* without viewers: enough for /healthz */, NOTE_S = 15 };

struct watch {
    struct web *web;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    bool stopping, hurry;
    int64_t seq;
    bool away, asked;
    struct store *store; /* of the thread alone */
    bool note_failed;
    struct store_changes seen;
};

static bool ask(struct watch *t, struct store_changes *now, struct error *err)
{
    struct web *w = t->web;
    int64_t t0 = clock_monotonic();
    if (t->store && store_has_moved(t->store)) {
        store_close(t->store);
        t->store = NULL;
        memset(&t->seen, 0xff, sizeof t->seen); /* a copy may say the same of itself: all is new */
    }
    bool ok = (t->store || store_open_existing(w->options.store, true, false, &t->store, err)) &&
              store_read_changes(t->store, now, err);
    if (ok) {
        w->metrics.store_ns = clock_monotonic() - t0;
        w->metrics.store_ok_ns = clock_monotonic();
        w->metrics.lag_ns = now->frame_t ? clock_now() - now->frame_t : -1;
    } else if (t->store) {
        store_close(t->store);
        t->store = NULL;
    }
    return ok;
}

static void say(struct watch *t, const char *kind, const struct store_changes *c, const struct error *err)
{
    struct str text = {0};
    struct json_writer w = {.out = &text};
    json_object(&w, NULL);
    json_put_real(&w, "t", 1e-9 * (double)clock_now());
    json_put_int(&w, "seq", t->seq);
    if (c && c->frame_t)
        json_put_real(&w, "t_frame", 1e-9 * (double)c->frame_t);
    if (c) {
        json_array(&w, "changed", true);
        const struct {
            int64_t was, is;
            const char *what;
        } parts[] = {{t->seen.rolls_t, c->rolls_t, "frames"}, {t->seen.jobs_t, c->jobs_t, "jobs"},
                     {t->seen.runs_t, c->runs_t, "runs"},     {t->seen.requests, c->requests, "requests"},
                     {t->seen.audit, c->audit, "changes"},    {t->seen.event, c->event, "events"},
                     {t->seen.note, c->note, "notes"}};
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            if (parts[i].was != parts[i].is)
                json_put_text(&w, NULL, parts[i].what);
        json_end_array(&w);
    }
    if (err) {
        json_put_bool(&w, "store", false);
        json_put_text(&w, "why", err->fact);
    }
    json_end_object(&w);
    events_put(t->web->events, kind, text.text);
    str_free(&text);
}

static void look(struct watch *t)
{
    struct store_changes now;
    struct error err = {0};
    bool ok = ask(t, &now, &err), was_away = t->away;
    bool changed = ok && memcmp(&now, &t->seen, sizeof now) != 0;
    pthread_mutex_lock(&t->lock);
    t->away = !ok;
    t->asked = true;
    if (changed || was_away != t->away)
        t->seq++;
    pthread_mutex_unlock(&t->lock);
    if (!ok && !was_away)
        say(t, "clock", NULL, &err);
    else if (ok && (changed || was_away))
        say(t, "delta", &now, NULL);
    else if (ok)
        say(t, "clock", NULL, NULL); /* nothing new, and that is known */
    if (ok)
        t->seen = now;
}

/* A failure is said once: what is missing is the log alone, and the next look tries again. */
static void note(struct watch *t)
{
    struct error err = {0};
    bool good = t->store && !store_has_moved(t->store) && note_alarms(&t->web->options, t->store, &err);
    if (t->store && !good && !t->note_failed)
        log_warn("alarms cannot be written down: %s%s%s", err.fact, *err.detail ? ": " : "", err.detail);
    t->note_failed = t->store && !good;
}

/* Wait for the next second, or a hurry. false: stop. */
static bool wait_turn(struct watch *t)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    pthread_mutex_lock(&t->lock);
    while (!t->stopping && !t->hurry && pthread_cond_timedwait(&t->more, &t->lock, &until) != ETIMEDOUT)
        ;
    bool go_on = !t->stopping;
    t->hurry = false;
    pthread_mutex_unlock(&t->lock);
    return go_on;
}

static void *run(void *arg)
{
    struct watch *t = arg;
    int64_t comment = clock_monotonic(), looked = comment, noted = comment;
    look(t);
    while (wait_turn(t)) {
        server_tick(t->web);
        if (events_streams(t->web->events) > 0 || clock_monotonic() - looked > IDLE_S * SECOND) {
            look(t);
            looked = clock_monotonic();
        }
        if (clock_monotonic() - noted > NOTE_S * SECOND) {
            note(t);
            noted = clock_monotonic();
        }
        if (clock_monotonic() - comment > COMMENT_S * SECOND) {
            events_put(t->web->events, NULL, NULL);
            comment = clock_monotonic();
        }
    }
    if (t->store)
        store_close(t->store);
    return NULL;
}

struct watch *watch_start(struct web *w, struct error *err)
{
    struct watch *t = calloc(1, sizeof *t);
    if (!t) {
        error_set(err, ERROR_MEMORY, "out of memory");
        return NULL;
    }
    t->web = w;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->more, NULL);
    if (pthread_create(&t->thread, NULL, run, t) == 0)
        return t;
    free(t);
    error_set(err, ERROR_FAILED, "no thread can be started");
    return NULL;
}

void watch_stop(struct watch *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    t->stopping = true;
    pthread_cond_signal(&t->more);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    pthread_cond_destroy(&t->more);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

int64_t watch_seq(struct watch *t)
{
    pthread_mutex_lock(&t->lock);
    int64_t seq = t->seq;
    pthread_mutex_unlock(&t->lock);
    return seq;
}

void watch_hurry(struct watch *t)
{
    pthread_mutex_lock(&t->lock);
    t->hurry = true;
    pthread_cond_signal(&t->more);
    pthread_mutex_unlock(&t->lock);
}
