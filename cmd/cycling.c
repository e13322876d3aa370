/* cycling.c - see cycling.h. */
#include "cmd/cycling.h"

#include "cmd/database.h"
#include "cmd/inputs.h"
#include "cmd/parameters.h"
#include "source/source.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const int64_t second = 1000000000;

/* ---- whether a run can be read: its first and its last frame ---- */

static bool read_frame(const char *path, bool last, const struct source_options *o, struct error *err)
{
    struct source *s = NULL;
    struct frame_buffer buffer = {0};
    struct frame frame;
    bool good = source_open(path, o, &s, err);
    good = good && source_read(s, last ? source_frames(s) - 1 : 0, &buffer, &frame, err);
    if (s)
        source_close(s);
    frame_buffer_free(&buffer);
    return good;
}

/* Formats of LCLS are read by nobody yet: said at once, not after a try a file. */
static bool can_be_read(void *arg, const char *const *files, size_t n, char *why, size_t room)
{
    struct cycling *g = arg;
    struct error err = {0};
    struct source_options o = {.geometry_file = param_text(g->params, "xfelx.geometry.file", NULL),
                               .path_map = g->cycle.facility.path_map};
    /* a process of its own for HDF5: a broken file ends at most that, and the next run starts another one */
    bool good = source_helper_start(&err) && read_frame(files[0], false, &o, &err) &&
                (read_frame(files[n - 1], true, &o, &err));
    if (!good)
        error_line(&err, why, room);
    return good;
}

static bool inputs_are_good(void *arg, const char *phil, char *why, size_t room)
{
    struct cycling *g = arg;
    return inputs_seen(&g->inputs, phil, why, room);
}

/* ---- opening ---- */

/* Wait between two submissions: the lease is renewed, signals are heard. false: stop. */
static bool pause_between(void *arg, double seconds)
{
    struct cycling *g = arg;
    int64_t end = clock_monotonic() + (int64_t)(seconds * 1e9);
    do {
        bool held = false;
        char holder[OWNER];
        struct error err = {0};
        if (g->stopped && g->stopped())
            return false;
        if (g->held_until && !(cycling_lease(g, &held, holder, &err) && held))
            return false;
        int64_t left = end - clock_monotonic(), step = left < second / 5 ? left : second / 5;
        if (left > 0)
            nanosleep(&(struct timespec){.tv_nsec = (long)step}, NULL);
    } while (clock_monotonic() < end);
    return true;
}

static bool read_settings(struct cycling *g, struct error *err)
{
    char **others;
    size_t n = 0;
    if (!parameters_read(g->cli, &g->params, &others, &n, err))
        return false;
    return n == 0 || error_set(err, ERROR_USAGE, "%s takes settings only, not \"%s\"", g->cli->command->name,
                               others[0]);
}

static bool open_cycle(struct cycling *g, struct error *err)
{
    struct cycle c;
    if (!cycle_open(g->params, g->store, &g->cli->arena, &c, err))
        return false;
    g->cycle = c;
    g->cycle.version = arena_printf(&g->cli->arena, "xfelx %s %s", version_number(), version_commit());
    g->cycle.readable = can_be_read;
    g->cycle.inputs = inputs_are_good;
    g->cycle.pause = pause_between;
    g->cycle.arg = g;
    return true;
}

bool cycling_open(struct cli *cli, struct cycling *out, struct error *err)
{
    *out = (struct cycling){.cli = cli};
    owner_of(getpid(), out->owner);
    if (!read_settings(out, err))
        return false;
    const char *folder = param_text(out->params, "output_folder", NULL);
    if (folder && *folder && !fs_make_folders(folder, err))
        return false;
    return folder && *folder ? database_open(&cli->arena, out->params, folder, false, &out->store, err) &&
                                   open_cycle(out, err)
                             : open_cycle(out, err); /* says what is missing */
}

bool cycling_reload(struct cycling *g, struct error *err)
{
    struct params *old = g->params;
    if (read_settings(g, err) && open_cycle(g, err))
        return true;
    g->params = old;
    return false;
}

void cycling_close(struct cycling *g)
{
    source_helper_stop();
    inputs_free(&g->inputs);
    if (g->store) {
        cycling_release(g);
        store_close(g->store);
    }
}

/* ---- the lease ---- */

bool cycling_lease(struct cycling *g, bool *held, char holder[OWNER], struct error *err)
{
    struct store_lease lease;
    int64_t now = clock_monotonic();
    *held = g->held_until > now;
    if (*held && now < g->renew_at)
        return true;
    if (!store_lease(g->store, "watch", g->owner, LEASE_SECONDS, &lease, err)) {
        /* a database that is away for a moment does not end what we hold, but two thirds of its time do (STORE 7.4) */
        *held = g->held_until - LEASE_RENEWED * second > now;
        return *held;
    }
    *held = lease.held;
    g->held_until = lease.held ? now + LEASE_SECONDS * second : 0;
    g->renew_at = now + LEASE_RENEWED * second;
    owner_shown(lease.owner, holder);
    return true;
}

void cycling_release(struct cycling *g)
{
    if (g->held_until)
        store_lease_end(g->store, "watch", g->owner, NULL);
    g->held_until = 0;
}

/* ---- words ---- */

static void add_count(struct str *out, size_t n, const char *what)
{
    if (n)
        str_printf(out, ", %zu %s", n, what);
}

void cycling_say(const struct cycle_report *r, struct str *out)
{
    str_printf(out, "%s", COUNT(r->n_runs, "run"));
    if (r->n_new)
        str_printf(out, " (%zu new)", r->n_new);
    add_count(out, r->n_live, "live");
    add_count(out, r->n_ended, "ended");
    add_count(out, r->n_lost, "lost");
    add_count(out, r->n_adopted, "found again");
    add_count(out, r->n_requests, "requests answered");
    add_count(out, r->n_submitted, "submitted");
    add_count(out, r->n_cancelled, "cancelled");
    add_count(out, r->n_taken, "taken by another");
    add_count(out, r->n_refused, "refused");
    add_count(out, r->n_bad, "with bad input");
    add_count(out, r->n_unclear, "without an answer");
    add_count(out, r->n_waiting, "waiting");
    add_count(out, r->n_coming, "not complete yet");
    if (r->limit[0])
        str_printf(out, "; %s", r->limit);
    else if (r->first[0])
        str_printf(out, "; %s", r->first);
    if (r->n_ask)
        str_printf(out, "; %s wait for a yes: xfelx submit --yes", COUNT(r->n_ask, "new job"));
}
