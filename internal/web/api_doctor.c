/* api_doctor.c - what `xfelx doctor --keep` found last, and what a server may look at by itself: pages never call a scheduler. */
#include "web/api.h"

#include "report/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

enum level { WELL, NOTE, ILL, LEVELS };

struct found {
    enum level level;
    char fact[512];
    const char *hint;
};

struct looked {
    const struct web *w;
    struct store *s;
    struct store_health health;
    int64_t asked_ns; /* how long the database took */
    int64_t now;      /* of this machine, when it answered */
};

/* ---- the checks, a row each ---- */

static void database(const struct looked *l, struct found *f)
{
    double ms = 1e-6 * (double)l->asked_ns;
    f->level = ms > 1000 ? NOTE : WELL;
    snprintf(f->fact, sizeof f->fact, "%s, schema %" PRId64 ", answers within %.1f ms", l->health.kind,
             l->health.schema, ms);
    f->hint =
        ms > 1000 ? "pages are as slow as the database: is its disk, its server or the network busy?" : NULL;
}

static void clocks(const struct looked *l, struct found *f)
{
    double apart = 1e-9 * (double)(l->now - l->health.now);
    f->level = fabs(apart) > 5 ? NOTE : WELL;
    snprintf(f->fact, sizeof f->fact, "the clock of the database is %.1f s %s this server's", fabs(apart),
             apart > 0 ? "behind" : "ahead of");
    f->hint = f->level ? "ages are told by the database's clock; set both by NTP" : NULL;
}

static void results(const struct looked *l, struct found *f)
{
    struct statvfs v;
    const char *folder = l->w->options.folder;
    if (!folder || statvfs(folder, &v) != 0 || v.f_blocks == 0) {
        f->level = NOTE;
        snprintf(f->fact, sizeof f->fact, "the folder of the results cannot be seen from here");
        f->hint =
            "pictures of frames and logs may be missing on the pages; processing does not need this server";
        return;
    }
    double share = (double)v.f_bavail / (double)v.f_blocks, free = (double)v.f_bavail * (double)v.f_frsize;
    f->level = free < 1e8 ? ILL : share < 0.05 ? NOTE : WELL;
    snprintf(f->fact, sizeof f->fact, "%.1f GB of the disk with the results are free, %.0f %%", 1e-9 * free,
             100 * share);
    f->hint = f->level ? "jobs wait when the disk is full, and go on when there is room" : NULL;
}

static void watcher(const struct looked *l, struct found *f)
{
    const struct store_health *h = &l->health;
    char owner[OWNER];
    double ago;
    enum overview_watch watch = overview_watch(&(struct overview_sources){.now = h->now, .health = *h}, &ago);
    bool there = watch == WATCH_ACTS || watch == WATCH_LOOKED;
    f->level = there ? WELL : NOTE;
    f->hint =
        there ? NULL
              : "nothing is submitted, and what pages ask for waits: start xfelx watch, or put it into cron";
    if (watch == WATCH_NEVER)
        snprintf(f->fact, sizeof f->fact, "nobody has watched yet");
    else
        snprintf(f->fact, sizeof f->fact, "%.200s %s, its last word %.0f s ago",
                 owner_shown(h->lease_owner, owner), watch == WATCH_ACTS ? "watches" : "watched", ago);
}

static void results_late(const struct looked *l, struct found *f)
{
    double lag = 1e-9 * (double)l->health.lag;
    f->level = l->health.live && lag > 30 ? NOTE : WELL;
    if (l->health.live)
        snprintf(f->fact, sizeof f->fact,
                 "%s: results reach the database after %.1f s, %" PRIu64 " wait in journals",
                 COUNT(l->health.live, "running attempt"), lag, l->health.pending);
    else
        snprintf(f->fact, sizeof f->fact, "no attempt runs");
    f->hint = f->level ? "nothing is lost, journals keep it; xfelx db status says more" : NULL;
}

static void files(const struct looked *l, struct found *f)
{
    struct rlimit limit = {0};
    (void)l;
    getrlimit(RLIMIT_NOFILE, &limit);
    f->level = limit.rlim_cur < 1024 ? NOTE : WELL;
    snprintf(f->fact, sizeof f->fact, "this server may have %s open", COUNT(limit.rlim_cur, "file"));
    f->hint = f->level ? "few browsers can look at once: ulimit -n 8192 before it is started" : NULL;
}

static const struct {
    const char *name;
    void (*look)(const struct looked *l, struct found *f);
} checks[] = {{"database", database}, {"clocks", clocks},    {"results", results},
              {"watch", watcher},     {"lag", results_late}, {"server", files}};

/* ---- writing ---- */

static void put_finding(struct json_writer *j, const char *check, const char *level, const char *fact,
                        const char *hint)
{
    json_object(j, NULL);
    json_put_text(j, "check", check);
    json_put_text(j, "level", level);
    json_put_text(j, "fact", fact);
    json_put_text(j, "hint", hint);
    json_end_object(j);
}

static void put_server(struct json_writer *j, const struct looked *l, struct arena *a)
{
    static const char *const levels[LEVELS] = {"ok", "note", "bad"};
    bool well = true;
    json_object(j, "server");
    put_time(j, "t", l->now);
    json_put_text(j, "host", proc_host(a));
    json_array(j, "findings", false);
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        struct found f = {0};
        checks[i].look(l, &f);
        well = well && f.level != ILL;
        put_finding(j, checks[i].name, levels[f.level], f.fact, f.hint);
    }
    json_end_array(j);
    json_put_bool(j, "well", well);
    json_end_object(j);
}

/* What is kept was written by a program that may be of another version: only what is understood is passed on. */
static void put_kept(struct json_writer *j, const struct json *kept)
{
    double t = NAN;
    if (!kept || !json_is_array(json_get(kept, "findings"))) {
        json_put_null(j, "kept");
        return;
    }
    json_number(json_get(kept, "t"), &t);
    json_object(j, "kept");
    json_put_fixed(j, "t", t, 3);
    json_put_text(j, "host", json_text(json_get(kept, "host")));
    json_put_bool(j, "well", json_is_true(json_get(kept, "well")));
    json_array(j, "findings", false);
    for (const struct json *x = json_first(json_get(kept, "findings")); x; x = json_next(x))
        put_finding(j, json_text(json_get(x, "check")), json_text(json_get(x, "level")),
                    json_text(json_get(x, "fact")), json_text(json_get(x, "hint")));
    json_end_array(j);
    json_end_object(j);
}

void api_doctor(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)q;
    struct arena arena = {0};
    struct error err = {0};
    struct looked l = {.w = w, .s = s};
    int64_t began = clock_monotonic();
    if (!store_read_health(s, &arena, &l.health, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    l.asked_ns = clock_monotonic() - began;
    l.now = clock_now();
    const char *text = store_kept_word(s, "doctor", &arena, NULL);
    struct json *kept = text ? json_parse(text, strlen(text), "what the doctor found", &err) : NULL;
    struct json_writer j = answer_json(a);
    put_kept(&j, kept);
    put_server(&j, &l, &arena);
    answer_json_end(&j);
    json_free(kept);
    arena_free(&arena);
}
