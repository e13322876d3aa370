/* status_run.c - one run in the terminal: its frames along the run, what happened to it when. The same figures as on its page. */
#include "cmd/status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MARKS = 40 };

/* A line of marks, and the range of the values. */
static void add_line(struct str *out, const char *name, const double *marks, const double *v, size_t n,
                     const char *unit, int digits, bool utf8)
{
    double lo = NAN, hi = NAN;
    for (size_t i = 0; i < n; i++)
        if (isfinite(v[i])) {
            lo = isnan(lo) || v[i] < lo ? v[i] : lo;
            hi = isnan(hi) || v[i] > hi ? v[i] : hi;
        }
    if (isnan(hi))
        return;
    str_printf(out, "  %-10s ", name);
    status_marks(out, marks, n, utf8);
    str_printf(out, " %.*f - %.*f %s\n", digits, lo, digits, hi, unit);
}

static void add_lines(struct str *out, const struct strip *s, bool utf8)
{
    double hits[MARKS], indexed[MARKS], spots[MARKS], best[MARKS], better[MARKS];
    for (size_t i = 0; i < s->n_bins; i++) {
        const struct strip_bin *b = s->bins + i;
        double h = (double)(b->strong[STRIP_HIT].n + b->strong[STRIP_INDEXED].n);
        hits[i] = b->frames > b->failed ? 100 * h / (double)(b->frames - b->failed) : NAN;
        indexed[i] = h > 0 ? 100 * (double)b->strong[STRIP_INDEXED].n / h : NAN;
        spots[i] = fmax(b->strong[STRIP_HIT].n ? b->strong[STRIP_HIT].hi : NAN,
                        b->strong[STRIP_INDEXED].n ? b->strong[STRIP_INDEXED].hi : NAN);
        best[i] = b->res_a.lo;
        better[i] = 1 / best[i]; /* better is up */
    }
    add_line(out, "hits", hits, hits, s->n_bins, "% of frames", 0, utf8);
    add_line(out, "indexed", indexed, indexed, s->n_bins, "% of hits", 0, utf8);
    add_line(out, "spots", spots, spots, s->n_bins, "at most", 0, utf8);
    add_line(out, "resolution", better, best, s->n_bins, "Å at best", 2, utf8);
}

static void add_drift(struct str *out, const char *name, const struct strip_drift *d, const char *unit,
                      int digits)
{
    if (d->n == 0)
        return;
    str_printf(out, "  %-10s %.*f %s", name, digits, d->mean, unit);
    if (isfinite(d->spread))
        str_printf(out, ", sigma %.*f", digits, d->spread);
    if (isfinite(d->drift))
        str_printf(out, ", drift %+.*f +- %.*f", digits, d->drift, digits, d->sigma);
    str_addc(out, '\n');
}

static void add_share(struct str *out, const char *name, uint64_t n, uint64_t of, const char *of_what)
{
    char text[96];
    const struct rate r = rate_of(n, of);
    if (of)
        str_printf(out, "  %-10s %s %s\n", name, rate_text(&r, text), of_what);
}

bool status_along(struct store *s, int64_t job, bool utf8, struct arena *a, struct str *out,
                  struct error *err)
{
    struct store_shot *shots;
    struct strip strip;
    size_t n;
    uint64_t total = 0;
    if (!store_shots(s, job, a, &shots, &n, &total, err))
        return false;
    if (n == 0)
        return true;
    strip_of(shots, n, total, 0, 0, MARKS, a, &strip);
    str_printf(out, "  along      %s, %llu a mark\n", COUNT(total, "frame"), (unsigned long long)strip.step);
    add_lines(out, &strip, utf8);
    add_share(out, "multi", strip.multi, strip.indexed, "indexed have several lattices");
    add_share(out, "saturated", strip.saturated, strip.hits, "hits have saturated spots");
    add_share(out, "solvent", strip.solvent, strip.n_ring, "frames show solvent");
    add_share(out, "ice", strip.ice, strip.frames - strip.failed, "frames have ice or salt");
    add_share(out, "icy hits", strip.ice_hits, strip.hits, "hits have ice or salt");
    add_drift(out, "beam x", &strip.dx_px, "px", 3);
    add_drift(out, "beam y", &strip.dy_px, "px", 3);
    add_drift(out, "distance", &strip.distance_mm, "mm", 3);
    add_drift(out, "energy", &strip.energy_ev, "eV", 1);
    add_drift(out, "solvent", &strip.ring, "ratio", 2);
    add_drift(out, "spots", &strip.len_px, "px long", 2);
    return true;
}

bool status_history(struct store *s, int64_t run, struct arena *a, struct str *out, struct error *err)
{
    struct store_run_row *row;
    struct store_book_job *jobs;
    struct store_history history;
    size_t n, n_jobs, n_steps;
    const struct store_run_filter one = {.ids = &run, .n_ids = 1};
    const struct store_job_filter of = {.trial = -1, .runs = &run, .n_runs = 1, .all_attempts = true};
    if (!store_runs(s, &one, a, &row, &n, err) || !store_book_jobs(s, &of, a, &jobs, &n_jobs, err) ||
        !store_read_history(s, run, a, &history, err))
        return false;
    if (n != 1)
        return true;
    const struct timeline_step *steps = timeline_of(row, &history, jobs, n_jobs, a, &n_steps);
    str_printf(out, "run %lld  what happened when\n", (long long)row->ord);
    for (size_t i = 0; i < n_steps; i++) {
        char when[32], wait[32] = "", text[NAME_VISIBLE];
        if (steps[i].wait_s >= 1)
            status_time(steps[i].wait_s, wait);
        str_printf(out, "  %-21s %-10s ", steps[i].missing ? "not recorded" : clock_text(steps[i].t, when),
                   wait);
        if (steps[i].job)
            str_printf(out, "job %lld%s", (long long)steps[i].job, steps[i].attempt ? "" : ": ");
        if (steps[i].attempt)
            str_printf(out, " attempt %u: ", steps[i].attempt);
        str_printf(out, "%s\n", str_visible(steps[i].what, text, sizeof text));
    }
    str_printf(out, "  %-32s %s\n", "now", run_state_word(row->state));
    return true;
}
