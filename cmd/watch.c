/* watch.c - `xfelx watch`: the slow flow by itself, once (from cron) or as a daemon.
 *
 * One loop over the rows of cycle/tasks.h, each with a period of its own; an error is noted, shown by status and tried again later, and
 * never ends the loop. Of all watchers of an experiment the one that holds the lease acts; the others say so and go. */
#include "cmd/alarm.h"
#include "cmd/cycling.h"

#include "report/report.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static volatile sig_atomic_t ending, reloading;

static void on_end(int number)
{
    (void)number;
    ending = 1;
}

static void on_reload(int number)
{
    (void)number;
    reloading = 1;
}

static bool is_ending(void)
{
    return ending != 0;
}

static void catch_signals(void)
{
    struct sigaction end = {.sa_handler = on_end}, again = {.sa_handler = on_reload};
    sigaction(SIGTERM, &end, NULL); /* without SA_RESTART: sleeping ends */
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGHUP, &again, NULL);
}

enum {
    ACT_SECONDS = 10,
    WAITING_SECONDS = 2, /* while submissions wait for submit.rate */
    POLL_SECONDS = 15,
    POLL_LONG = 30,
    HOOK_SECONDS = 5,
    ALARM_SECONDS = 10,
    LONGEST = 300,
    ONCE_SUBMISSIONS = 60,
    BURST = 10,
    CRON_SECONDS = 60,
};

struct watching {
    struct cycling g;
    struct hooks *hooks;
    struct cycle_fare fares[CYCLE_TASK_END];
    struct cycle_report report; /* of this cycle */
    double tokens;              /* submissions that submit.rate allows now */
    int64_t filled_t;
    int fd; /* of facility_watch */
    bool once, quiet;
    char site_text[512];
};

static uint64_t dice(void)
{
    uint64_t n = 0;
    return getrandom(&n, sizeof n, GRND_NONBLOCK) == sizeof n ? n : (uint64_t)clock_monotonic();
}

/* Not more than one per cent of a CPU for a task that found nothing to do. */
static double least_load(int64_t began, double usual, double longest)
{
    double wait = 100e-9 * (double)(clock_monotonic() - began);
    return wait < usual ? usual : wait > longest ? longest : wait;
}

/* ---- the tasks ---- */

struct went {
    bool good;
    double wait; /* seconds to the next time */
    char text[256];
};

static void observe(struct watching *w, struct went *o, struct error *err)
{
    enum net_class class = NET_DONE;
    int64_t began = clock_monotonic();
    o->good = cycle_observe(&w->g.cycle, &class, &w->report, err);
    unsigned failures = o->good ? 0 : w->fares[CYCLE_TASK_OBSERVE].failures + 1;
    o->wait = facility_wait(&w->g.cycle.facility, class, failures, dice());
    o->wait = least_load(began, o->wait, LONGEST);
    if (w->report.n_changed)
        w->fares[CYCLE_TASK_ACT].due = 0;
    snprintf(o->text, sizeof o->text, "%s, %zu changed", COUNT(w->report.n_runs, "run"), w->report.n_changed);
}

static void fetch(struct watching *w, struct went *o, struct error *err)
{
    size_t n = 0;
    bool begun = false;
    o->good = cycle_fetch(&w->g.cycle, &n, &begun, err);
    o->wait = POLL_LONG;
    snprintf(o->text, sizeof o->text, "%s with files elsewhere%s", COUNT(n, "run"),
             begun ? ": fetching" : "");
}

static void poll_jobs(struct watching *w, struct went *o, struct error *err)
{
    int64_t began = clock_monotonic();
    o->good = cycle_poll(&w->g.cycle, &w->report, err);
    unsigned failures = o->good ? 0 : w->fares[CYCLE_TASK_POLL].failures + 1;
    double took = 1e-9 * (double)(clock_monotonic() - began);
    /* sites shut out who asks too often, and a slow answer says that it is too often (FACILITY 6.1) */
    o->wait = failures    ? net_backoff(10, 300, failures, dice())
              : took > 10 ? 300
              : took > 1  ? POLL_LONG
                          : POLL_SECONDS;
    snprintf(w->site_text, sizeof w->site_text, "%s", o->good ? "" : err->fact);
    if (w->report.n_ended || w->report.n_lost)
        w->fares[CYCLE_TASK_ACT].due = 0;
    snprintf(o->text, sizeof o->text, "%zu live", w->report.n_live);
}

static void do_requests(struct watching *w, struct went *o, struct error *err)
{
    size_t before = w->report.n_requests;
    o->good = cycle_requests(&w->g.cycle, &w->report, err);
    o->wait = HOOK_SECONDS;
    if (w->report.n_requests > before)
        w->fares[CYCLE_TASK_ACT].due = 0;
    snprintf(o->text, sizeof o->text, "%zu answered", w->report.n_requests - before);
}

static void fill_tokens(struct watching *w)
{
    int64_t now = clock_monotonic();
    w->tokens += w->g.cycle.rate * 1e-9 * (double)(now - w->filled_t);
    w->tokens = w->once ? ONCE_SUBMISSIONS : w->tokens > BURST ? BURST : w->tokens;
    w->filled_t = now;
}

static void act(struct watching *w, struct went *o, struct error *err)
{
    struct arena a = {0};
    struct cycle_plan plan;
    struct str text = {0};
    size_t before = w->report.n_submitted;
    int64_t began = clock_monotonic();
    fill_tokens(w);
    w->g.cycle.policy.rate_left = (uint32_t)w->tokens;
    w->g.cycle.policy.site_down = w->site_text[0] ? w->site_text : NULL;
    o->good = cycle_plan(&w->g.cycle, &a, &plan, err) && cycle_act(&w->g.cycle, &plan, &w->report, err);
    w->tokens -= (double)(w->report.n_submitted - before);
    w->tokens = w->tokens < 0 ? 0 : w->tokens;
    o->wait = w->report.n_waiting ? WAITING_SECONDS : least_load(began, ACT_SECONDS, LONGEST);
    cycling_say(&w->report, &text);
    snprintf(o->text, sizeof o->text, "%s", text.text);
    str_free(&text);
    arena_free(&a);
}

static void join_labels(struct watching *w, struct went *o, struct error *err)
{
    enum { AT_ONCE = 20 };
    struct store_label_joined joined;
    int64_t began = clock_monotonic();
    o->good = store_labels_join(w->g.store, AT_ONCE, &joined, err);
    o->wait = least_load(began, joined.runs == AT_ONCE ? WAITING_SECONDS : ACT_SECONDS, LONGEST);
    snprintf(o->text, sizeof o->text, "%s joined", COUNT(joined.runs, "run"));
}

/* Pages may be closed: what somebody has to be called for is written down all the same, and hooks tell it. */
static void look_for_alarms(struct watching *w, struct went *o, struct error *err)
{
    struct arena a = {0};
    struct overview_sources in;
    struct standing now = {0};
    size_t on = 0, off = 0;
    int64_t began = clock_monotonic();
    o->good = overview_read(
        w->g.store,
        &(struct overview_asked){.folder = w->g.cycle.folder, .limits = alarm_limits(&a, w->g.params)}, &a,
        &in, err);
    if (o->good) {
        overview_make(&in, &a, &now);
        o->good = overview_note(w->g.store, &now, &a, &on, &off, err);
    }
    if (on)
        w->fares[CYCLE_TASK_HOOKS].due = 0;
    o->wait = least_load(began, ALARM_SECONDS, LONGEST);
    snprintf(o->text, sizeof o->text, "%zu stand", now.n_alarms);
    arena_free(&a);
}

static void tell_hooks(struct watching *w, struct went *o, struct error *err)
{
    size_t n = 0;
    char last[256] = "";
    o->good = hooks_tell(w->hooks, w->g.store, &n, err);
    o->wait = HOOK_SECONDS;
    size_t failed = hooks_failed(w->hooks, last, sizeof last);
    snprintf(o->text, sizeof o->text, "%zu told%s%s", n, failed ? "; " : "", last);
}

static void do_task(struct watching *w, enum cycle_task task)
{
    static void (*const tasks[])(struct watching *, struct went *,
                                 struct error *) = {[CYCLE_TASK_OBSERVE] = observe,
                                                    [CYCLE_TASK_FETCH] = fetch,
                                                    [CYCLE_TASK_POLL] = poll_jobs,
                                                    [CYCLE_TASK_REQUESTS] = do_requests,
                                                    [CYCLE_TASK_ACT] = act,
                                                    [CYCLE_TASK_LABELS] = join_labels,
                                                    [CYCLE_TASK_ALARMS] = look_for_alarms,
                                                    [CYCLE_TASK_HOOKS] = tell_hooks};
    struct went o = {.good = true};
    struct error err = {0};
    struct cycle_fare *f = &w->fares[task];
    tasks[task](w, &o, &err);
    if (o.good) {
        cycle_went_well(f, clock_now(), clock_monotonic(), o.wait, o.text);
        return;
    }
    cycle_went_wrong(f, clock_now(), clock_monotonic(), o.wait, &err);
    log_warn("%s: %s", cycle_task_word(task), f->error);
}

/* ---- what status shows ---- */

static void read_fares(struct watching *w)
{
    struct arena a = {0};
    cycle_fares_read(store_kept_word(w->g.store, "watch", &a, NULL), w->fares);
    arena_free(&a);
}

static void keep_fares(struct watching *w)
{
    struct arena a = {0};
    struct str text = {0};
    struct error err = {0};
    cycle_fares_write(w->fares, proc_host(&a), (int64_t)getpid(), clock_now(), &text);
    if (!store_keep_word(w->g.store, "watch", text.text, &err))
        log_warn("what the watcher does cannot be shown: %s", err.fact);
    str_free(&text);
    arena_free(&a);
}

/* ---- once ---- */

static void say_report(const struct watching *w)
{
    struct str text = {0};
    cycling_say(&w->report, &text);
    printf("%s\n", text.text);
    fflush(stdout);
    str_free(&text);
}

/* What failed again and again is asked less often, by cron too: every minute of it is the daemon's wait, less that minute. */
static bool rests(struct watching *w, enum cycle_task task)
{
    const struct cycle_fare *f = &w->fares[task];
    const struct facility_settings *s = &w->g.cycle.facility;
    bool asks = task == CYCLE_TASK_OBSERVE || task == CYCLE_TASK_POLL;
    double wait =
        asks && f->failures ? facility_wait(s, NET_AGAIN, f->failures, UINT64_MAX / 2) - CRON_SECONDS : 0;
    double since = (double)(clock_now() - f->failed_t) * 1e-9; /* negative: the clock was set back */
    return wait > 0 && since >= 0 && since < wait;
}

static int once(struct watching *w)
{
    bool failed = false;
    w->once = true;
    w->filled_t = clock_monotonic();
    for (int t = 0; t < CYCLE_TASK_END && !ending; t++) {
        if (!rests(w, (enum cycle_task)t))
            do_task(w, (enum cycle_task)t);
        failed = failed || w->fares[t].failures > 0;
    }
    keep_fares(w);
    say_report(w);
    return failed ? EXIT_CODE_FAILED : EXIT_CODE_DONE;
}

/* ---- as a daemon ---- */

static void reload(struct watching *w)
{
    struct error err = {0};
    reloading = 0;
    if (!cycling_reload(&w->g, &err)) {
        log_warn("the settings stay as they were: %s: %s", err.fact, err.detail);
        return;
    }
    hooks_end(w->hooks, 1);
    if (!hooks_start(w->g.params, &w->hooks, &err))
        log_warn("hooks: %s", err.fact);
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
    for (int t = 0; t < CYCLE_TASK_END; t++)
        w->fares[t].due = 0;
    fprintf(stderr, "settings were read again\n");
}

/* Wait for a task, a signal, the lease, or something new in the watched folders: then the next look is now. */
static void wait_for(struct watching *w, double seconds)
{
    int64_t lease = w->g.renew_at - clock_monotonic();
    double most = lease > 0 ? 1e-9 * (double)lease : 0;
    seconds = seconds < most ? seconds : most;
    /* a signal that falls between the question and the wait is heard soon all the same */
    seconds = seconds < 0.05 ? 0.05 : seconds > 2 ? 2 : seconds;
    if (facility_watch(&w->fd, &w->g.cycle.facility, seconds) && !ending) {
        int64_t soon = clock_monotonic() + 1000000000; /* what comes together is looked at together */
        if (w->fares[CYCLE_TASK_OBSERVE].failures == 0 && w->fares[CYCLE_TASK_OBSERVE].due > soon)
            w->fares[CYCLE_TASK_OBSERVE].due = soon;
    }
}

static int lost_lease(const char *holder)
{
    fprintf(stderr, "%s acts for this experiment now; this watcher ends\n", holder);
    return EXIT_CODE_DONE;
}

static int daemon_loop(struct watching *w)
{
    int64_t kept_t = 0;
    w->filled_t = clock_monotonic();
    w->tokens = BURST;
    while (!ending) {
        bool held = false;
        char holder[OWNER] = "";
        double wait = 0;
        struct error err = {0};
        if (reloading)
            reload(w);
        if (!cycling_lease(&w->g, &held, holder, &err)) {
            log_warn("the lease cannot be renewed: %s", err.fact);
            wait_for(w, 5);
            continue;
        }
        if (!held)
            return lost_lease(holder);
        enum cycle_task task = cycle_next(w->fares, clock_monotonic(), &wait);
        if (wait > 0) {
            wait_for(w, wait);
            continue;
        }
        struct cycle_report before = w->report;
        w->report = (struct cycle_report){.n_runs = before.n_runs,
                                          .n_live = task == CYCLE_TASK_POLL ? 0 : before.n_live,
                                          .n_ask = before.n_ask};
        if (task == CYCLE_TASK_OBSERVE)
            w->report.n_runs = 0;
        do_task(w, task);
        const struct cycle_report *r = &w->report;
        if (!w->quiet && (r->n_new || r->n_submitted || r->n_ended || r->n_lost || r->n_refused ||
                          r->n_cancelled || r->n_ask > before.n_ask))
            say_report(w);
        if (clock_monotonic() - kept_t > INT64_C(10000000000)) {
            keep_fares(w);
            kept_t = clock_monotonic();
        }
    }
    keep_fares(w);
    return EXIT_CODE_DONE;
}

// clang-format off
static const struct option_row options[] = {
    CYCLING_OPTIONS,
    {0, "once", NULL, "one cycle, then end: for cron"},
    {'q', "quiet", NULL, "print only what goes wrong"},
    {0},
};

static const struct example examples[] = {
    {"xfelx watch --once", "one cycle; a crontab line: * * * * * cd /data/mfx1 && xfelx watch --once"},
    {"xfelx watch", "go on until SIGTERM; SIGHUP reads the settings again"},
    {0},
};
// clang-format on

static int watch(struct watching *w, bool only_once)
{
    bool held = false;
    char holder[OWNER] = "";
    struct error err = {0};
    if (!cycling_lease(&w->g, &held, holder, &err))
        return cli_fail(&err);
    if (!held) {
        printf("%s watches this experiment already\n", holder);
        return EXIT_CODE_DONE;
    }
    read_fares(w);
    return only_once ? once(w) : daemon_loop(w);
}

static int run(struct cli *cli)
{
    struct watching w = {.fd = -1, .quiet = cli_has(cli, "quiet")};
    struct error err = {0};
    int code;
    catch_signals();
    if (!cycling_open(cli, &w.g, &err)) {
        code = cli_fail(&err);
    } else if (!hooks_start(w.g.params, &w.hooks, &err)) {
        code = cli_fail(&err);
    } else {
        w.g.stopped = is_ending;
        code = watch(&w, cli_has(cli, "once"));
    }
    hooks_end(w.hooks, ending ? 2 : 30);
    if (w.fd >= 0)
        close(w.fd);
    cycling_close(&w.g);
    return code;
}

const struct command command_watch = {
    .name = "watch",
    .summary = "see new runs, submit what is not processed yet, follow the jobs",
    .usage = "[OPTIONS] [name=value]...",
    .text = "Looks at the facility, decides for every trial, rungroup and run what is to be done, submits "
            "it, and follows the jobs to "
            "their end, by itself: once from cron (--once), or until it is told to end. Errors are shown by "
            "`xfelx status` and "
            "tried again later; they never end it. Any number may be started on any hosts: one acts, the "
            "others say so and end. "
            "One that dies is replaced at once on its own machine, within a minute on others.\n\n"
            "Nothing is lost and nothing is submitted twice when it is killed: what it does is written down "
            "before it is done, "
            "and the next one looks before it goes on.",
    .options = options,
    .examples = examples,
    .run = run,
};
