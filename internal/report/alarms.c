/* alarms.c - when somebody has to be called: a row of the table for each kind, a pure function of roll-ups and thresholds (SCIENCE 24,
 * WORDS 4.2). `certificate` is the web server's own. */
#include "report/overview.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define X(name, usual) .name = usual,
const struct alarm_limits alarm_limits_usual = {ALARM_LIMIT_TABLE(X)};
#undef X

enum { TEXT = 200, HOUR = 60 };

/* A comparison with a limit that is NaN is false: an alarm that is switched off never stands. */
struct situation {
    const struct overview_sources *in;
    const struct alarm_limits *limits;
    struct store_minute now, before; /* the newest minutes (limits), and up to an hour before them */
    double quiet_s;                  /* since the newest frame of a running job was done; NaN: none was */
    bool running, ongoing;           /* a job, a run that is being taken */
};

static bool say(char text[TEXT], const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool say(char text[TEXT], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(text, TEXT, format, args);
    va_end(args);
    return true;
}

static void add(struct store_minute *sum, const struct store_minute *m)
{
    sum->frames += m->frames;
    sum->failed += m->failed;
    sum->hits += m->hits;
    sum->indexed += m->indexed;
    sum->lattices += m->lattices;
    sum->saturated += m->saturated;
    sum->ice += m->ice;
    sum->ice_hits += m->ice_hits;
    sum->dx_sum += m->dx_sum;
    sum->dy_sum += m->dy_sum;
}

static double hit_share(const struct store_minute *m)
{
    return rate_of(m->hits, m->frames - m->failed).share;
}

/* Too few frames are no reason to call anybody. */
static bool enough(const struct situation *s, uint64_t frames)
{
    return (double)frames >= s->limits->min_frames;
}

static bool no_frames(const struct situation *s, char text[TEXT])
{
    return s->ongoing && s->quiet_s > s->limits->no_frames &&
           say(text, "a run is being taken, but no frame came for %.0f s", s->quiet_s);
}

/* Median of the minutes of the hour before the newest ones, without those of few frames. */
static double usual_hit_share(const struct overview_sources *in, size_t minutes, double few)
{
    double sorted[HOUR];
    size_t n = 0, end = in->n_minutes > minutes ? in->n_minutes - minutes : 0;
    for (size_t i = end > HOUR ? end - HOUR : 0; i < end; i++) {
        double share = hit_share(in->minutes + i);
        if ((double)in->minutes[i].frames < few || isnan(share))
            continue;
        size_t at = n++;
        for (; at > 0 && sorted[at - 1] > share; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = share;
    }
    return n == 0 ? NAN : n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static bool jet(const struct situation *s, char text[TEXT])
{
    struct store_minute last = {0};
    const size_t minutes = (size_t)s->limits->jet_minutes;
    for (size_t i = 0; i < minutes && i < s->in->n_minutes; i++)
        add(&last, s->in->minutes + s->in->n_minutes - 1 - i);
    double usual = usual_hit_share(s->in, minutes, s->limits->min_frames), share = hit_share(&last);
    return enough(s, last.frames) && share < s->limits->jet * usual &&
           say(text, "%.1f %% hits in the last %s, %.1f %% is usual in this hour", 100 * share,
               COUNT(minutes, "minute"), 100 * usual);
}

static bool saturation(const struct situation *s, char text[TEXT])
{
    const struct rate r = rate_of(s->now.saturated, s->now.hits);
    return enough(s, s->now.frames) && r.of >= RATE_FEW && r.lo > s->limits->saturation &&
           say(text, "%.0f %% of the hits have saturated spots", 100 * r.share);
}

/* Lower than before, and the intervals at z deviations do not meet. */
static bool fell(const struct rate *now, const struct rate *before, double z)
{
    double f = z / 1.96;
    return now->share < before->share &&
           now->share + f * (now->hi - now->share) < before->share - f * (before->share - before->lo);
}

static bool geometry(const struct situation *s, char text[TEXT])
{
    struct rate now = rate_of(s->now.indexed, s->now.hits),
                before = rate_of(s->before.indexed, s->before.hits);
    struct rate hits = rate_of(s->now.hits, s->now.frames - s->now.failed);
    struct rate hits_before = rate_of(s->before.hits, s->before.frames - s->before.failed);
    return enough(s, now.of) && enough(s, before.of) && fell(&now, &before, s->limits->geometry) &&
           !fell(&hits, &hits_before, s->limits->geometry) &&
           say(text, "%.0f %% of the hits are indexed, %.0f %% in the hour before, with as many hits",
               100 * now.share, 100 * before.share);
}

/* Of the newest minutes, surely: powder of an icy nozzle is on all frames, grains are on those that are hits. */
static bool ice(const struct situation *s, char text[TEXT])
{
    const struct store_minute *m = &s->now;
    const struct rate hits = rate_of(m->ice_hits, m->hits), frames = rate_of(m->ice, m->frames - m->failed);
    if (!enough(s, m->frames))
        return false;
    if (frames.of >= RATE_FEW && frames.lo > s->limits->ice)
        return say(text, "%.0f %% of the frames of the last %s have ice or salt", 100 * frames.share,
                   COUNT(s->limits->minutes, "minute"));
    return hits.of >= RATE_FEW && hits.lo > s->limits->ice &&
           say(text, "%.0f %% of the hits of the last %s have ice or salt", 100 * hits.share,
               COUNT(s->limits->minutes, "minute"));
}

static bool backlog(const struct situation *s, char text[TEXT])
{
    const struct overview_sources *in = s->in;
    double behind = 1e-9 * (double)(in->now - in->live.frame_t);
    return s->ongoing && enough(s, in->live.frames) && behind > s->limits->backlog &&
           say(text, "frames are worked on %.0f minutes after they were taken", behind / 60);
}

static bool failures(const struct situation *s, char text[TEXT])
{
    const struct store_totals *t = &s->in->live;
    struct rate r = rate_of(t->by_outcome[OUTCOME_FAILED], t->frames);
    return enough(s, t->frames) && r.share > s->limits->failures &&
           say(text, "%.1f %% of the frames fail (%llu)", 100 * r.share, (unsigned long long)r.n);
}

static bool beam_centre(const struct situation *s, char text[TEXT])
{
    double n = (double)s->now.lattices, m = (double)s->before.lattices;
    if (n < s->limits->min_frames || m < s->limits->min_frames)
        return false;
    double dx = s->now.dx_sum / n - s->before.dx_sum / m, dy = s->now.dy_sum / n - s->before.dy_sum / m;
    return hypot(dx, dy) > s->limits->beam_centre &&
           say(text, "the beam centre moved by %.1f, %.1f px since the hour before", fabs(dx) < 0.05 ? 0 : dx,
               fabs(dy) < 0.05 ? 0 : dy);
}

static bool stale(const struct situation *s, char text[TEXT])
{
    return s->running && s->quiet_s > s->limits->stale &&
           !(s->ongoing && s->quiet_s > s->limits->no_frames) &&
           say(text, "the newest number is %.0f s old", s->quiet_s);
}

static bool disk(const struct situation *s, char text[TEXT])
{
    return s->running && s->in->disk_free < s->limits->disk &&
           say(text, "the disk with the results is %.0f %% full", 100 - 100 * s->in->disk_free);
}

static bool database(const struct situation *s, char text[TEXT])
{
    double lag = 1e-9 * (double)s->in->health.lag;
    return s->running && lag > s->limits->database &&
           say(text, "results reach the database after %.0f s; %llu wait in journals", lag,
               (unsigned long long)s->in->health.pending);
}

/* When a watcher said last how it fares: "t" of its word (cycle/tasks.h). */
static int64_t watched_t(const struct overview_sources *in)
{
    const char *text = in->health.watching ? in->health.watching : "";
    double t = 0;
    struct json *word = *text ? json_parse(text, strlen(text), "watch", NULL) : NULL;
    json_number(json_get(word, "t"), &t);
    json_free(word);
    return (int64_t)t;
}

static bool watch(const struct situation *s, char text[TEXT])
{
    size_t open = 0;
    for (size_t i = 0; i < s->in->n_jobs; i++) {
        enum job_state state = s->in->jobs[i].state;
        open += state == JOB_READY || state == JOB_AGAIN || state == JOB_QUEUED;
    }
    int64_t t = watched_t(s->in);
    double age = 1e-9 * (double)(s->in->now - t);
    return t && open && age > s->limits->watch && s->in->health.lease_expires < s->in->now &&
           say(text, "nobody has watched for %.0f minutes, and %s wait%s", age / 60, COUNT(open, "job"),
               open == 1 ? "s" : "");
}

static const struct rule {
    const char *kind;
    bool (*stands)(const struct situation *s, char text[TEXT]);
    bool live; /* says nothing when no job runs */
    const char *
        about; /* how keys of overview_usuals begin that it is of itself; NULL: none, and "" of the machinery: nothing goes with it */
    const char *hint;
} rules[] = {
    {"no_frames", no_frames, true, "",
     "is there beam? does the data folder grow? xfelx watch says what it sees"},
    {"stale", stale, true, "", "look at the job's log: xfelx job log N"},
    {"jet", jet, true, "hit", "look at the jet and the sample"},
    {"geometry", geometry, true, "indexed",
     "beam centre, distance, cell: compare a frame with its predictions"},
    {"beam_centre", beam_centre, true, "beam",
     "refine the geometry anew, or make a rungroup from this run on"},
    {"saturation", saturation, true, "saturated", "attenuate, or move the detector away"},
    {"ice", ice, true, "ice", "humidity, cryo stream, salt in the buffer"},
    {"failures", failures, true, "failed", "xfelx status --run N names the files"},
    {"backlog", backlog, true, "", "more ranks, or xfelx process of a share (dispatch.process_percent)"},
    {"disk", disk, true, "", "free space: jobs wait when it is full"},
    {"database", database, true, "", "xfelx db status; nothing is lost, journals keep it"},
    {"watch", watch, false, "", "start xfelx watch again, or look at its line in cron"},
};
enum { RULES = sizeof rules / sizeof *rules };

const char *overview_alarm_hint(const char *kind)
{
    for (size_t i = 0; i < RULES; i++)
        if (strcmp(rules[i].kind, kind) == 0)
            return rules[i].hint;
    return NULL;
}

/* Since when, and what changed then, as the log has it; else as it is now. */
static struct overview_alarm told(const struct overview_sources *in, const struct rule *r, const char *text,
                                  struct arena *a)
{
    struct overview_alarm x = {.kind = r->kind, .text = arena_strdup(a, text), .hint = r->hint};
    for (size_t i = 0; i < in->n_log; i++)
        if (!in->log[i].until && strcmp(in->log[i].kind, r->kind) == 0) {
            x.id = in->log[i].id, x.since = in->log[i].since, x.acked = in->log[i].acked;
            x.with = in->log[i].with;
            return x;
        }
    x.with = r->about && !*r->about ? "" : overview_changes(in, r->about, a);
    return x;
}

static struct situation situation_of(const struct overview_sources *in)
{
    struct situation s = {.in = in, .limits = in->limits ? in->limits : &alarm_limits_usual, .quiet_s = NAN};
    const size_t recent = (size_t)s.limits->minutes;
    for (size_t i = 0; i < in->n_jobs; i++)
        s.running |= in->jobs[i].state == JOB_RUNNING;
    for (size_t i = 0; i < in->n_runs; i++)
        s.ongoing |= in->runs[i].state == RUN_ONGOING && !in->runs[i].ignored;
    if (s.running && in->live.last_t)
        s.quiet_s = 1e-9 * (double)(in->now - in->live.last_t);
    for (size_t i = 0; i < in->n_minutes && i < recent + HOUR; i++)
        add(i < recent ? &s.now : &s.before, in->minutes + in->n_minutes - 1 - i);
    return s;
}

const struct overview_alarm *overview_alarms(const struct overview_sources *in, struct arena *a, size_t *n)
{
    const struct situation s = situation_of(in);
    struct overview_alarm *alarms = arena_array(a, RULES, sizeof *alarms);
    *n = 0;
    for (size_t i = 0; i < RULES; i++) {
        char text[TEXT];
        if ((s.running || !rules[i].live) && rules[i].stands(&s, text))
            alarms[(*n)++] = told(in, rules + i, text, a);
    }
    return alarms;
}

bool overview_note(struct store *s, const struct standing *o, struct arena *a, size_t *on, size_t *off,
                   struct error *err)
{
    struct store_alarm_now *now = arena_array(a, o->n_alarms + 1, sizeof *now);
    for (size_t i = 0; i < o->n_alarms; i++)
        now[i] = (struct store_alarm_now){o->alarms[i].kind, o->alarms[i].text, o->alarms[i].with};
    return store_alarms_note(s, now, o->n_alarms, on, off, err);
}

bool overview_is_noted(const struct standing *o)
{
    size_t standing = 0;
    for (size_t i = 0; i < o->in->n_log; i++)
        standing += o->in->log[i].until == 0;
    for (size_t i = 0; i < o->n_alarms; i++)
        if (!o->alarms[i].id)
            return false;
    return standing == o->n_alarms;
}
