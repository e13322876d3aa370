/* overview_usual.c - now against usual, and what changed with it; see overview.h. */
#include "report/overview.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NOW_MINUTES = 2, HOUR = 60, MINUTES_LEAST = 8 /* from fewer a median has no 99 % interval */ };
static const double ENERGY_LEAST = 1e-3;
static const double z99 = 2.576, mad_to_sigma = 1.4826;
static const int64_t before_ns = INT64_C(900000000000); /* acts of persons that may have to do with it */

/* ---- the quantities, a row each ---- */

static double resolution(const struct store_minute *m)
{
    return m->res_a;
}
static double beam_x(const struct store_minute *m)
{
    return m->dx_sum / (double)m->lattices;
}
static double beam_y(const struct store_minute *m)
{
    return m->dy_sum / (double)m->lattices;
}

/* Median of the strong spots of hits: within its bin of a factor of two as if they were spread evenly in the logarithm. */
static double spots(const struct store_minute *m)
{
    double n = 0, below = 0;
    for (int k = 0; k < TALLY_SPOT_BINS; k++)
        n += (double)m->spots_hit[k] + (double)m->spots_idx[k];
    for (int k = 0; k < TALLY_SPOT_BINS; k++) {
        double here = (double)m->spots_hit[k] + (double)m->spots_idx[k];
        if (here > 0 && below + here >= n / 2)
            return exp2(k + (n / 2 - below) / here) - 1;
        below += here;
    }
    return NAN;
}

static double length_of_spots(const struct store_minute *m)
{
    return m->n_len ? m->sum_len / (double)m->n_len : NAN;
}

enum counted {
    READABLE = 1,
    FRAMES,
    FAILED,
    HITS,
    INDEXED,
    LATTICES,
    MULTI,
    SATURATED,
    ICE,
    WITH_RING,
    SOLVENT,
    WITH_LENGTH
};

static uint64_t count(const struct store_minute *m, enum counted what)
{
    const uint64_t counts[] = {[READABLE] = m->frames - m->failed,
                               [FRAMES] = m->frames,
                               [FAILED] = m->failed,
                               [HITS] = m->hits,
                               [INDEXED] = m->indexed,
                               [LATTICES] = m->lattices,
                               [MULTI] = m->multi,
                               [SATURATED] = m->saturated,
                               [ICE] = m->ice,
                               [WITH_RING] = m->n_ring,
                               [SOLVENT] = m->solvent,
                               [WITH_LENGTH] = m->n_len};
    return counts[what];
}

// clang-format off
/* A share is k of n; another value is what `value` says of minutes added up, of n lattices or hits. least: the smallest change that is
 * worth a word, of a share and of spots relative to the usual value. */
static const struct quantity {
    const char *key, *words, *unit;
    enum counted k, n;
    double (*value)(const struct store_minute *);
    double least;
    bool relative;
} quantities[] = {
    {"hit", "hits of frames", "%", HITS, READABLE, NULL, .1, true},
    {"indexed", "indexed of hits", "%", INDEXED, HITS, NULL, .1, true},
    {"multi", "several lattices", "%", MULTI, INDEXED, NULL, .1, true},
    {"saturated", "saturated hits", "%", SATURATED, HITS, NULL, .1, true},
    {"ice", "frames with ice or salt", "%", ICE, READABLE, NULL, .1, true},
    {"solvent", "frames with solvent", "%", SOLVENT, WITH_RING, NULL, .1, true},
    {"failed", "failed frames", "%", FAILED, FRAMES, NULL, .1, true},
    {"spots", "spots of a hit", "", 0, HITS, spots, .1, true},
    {"length", "length of spots", "px", 0, WITH_LENGTH, length_of_spots, .1, true},
    {"res_a", "resolution", "Å", 0, LATTICES, resolution, .05, false},
    {"beam_x", "beam centre, fast", "px", 0, LATTICES, beam_x, .1, false},
    {"beam_y", "beam centre, slow", "px", 0, LATTICES, beam_y, .1, false},
};
// clang-format on
_Static_assert(sizeof quantities / sizeof *quantities == OVERVIEW_USUALS, "a row each");

/* ---- values and intervals ---- */

static void add(struct store_minute *sum, const struct store_minute *m)
{
    double n = (double)sum->lattices, k = (double)m->lattices;
    double s2 =
        (sum->res_a > 0 ? n / (sum->res_a * sum->res_a) : 0) + (m->res_a > 0 ? k / (m->res_a * m->res_a) : 0);
    sum->res_a = s2 > 0 ? sqrt((n + k) / s2) : NAN;
    sum->frames += m->frames;
    sum->failed += m->failed;
    sum->hits += m->hits;
    sum->indexed += m->indexed;
    sum->lattices += m->lattices;
    sum->multi += m->multi;
    sum->saturated += m->saturated;
    sum->ice += m->ice;
    sum->n_ring += m->n_ring;
    sum->solvent += m->solvent;
    sum->n_len += m->n_len;
    sum->sum_len += m->sum_len;
    sum->dx_sum += m->dx_sum;
    sum->dy_sum += m->dy_sum;
    for (int i = 0; i < TALLY_SPOT_BINS; i++) {
        sum->spots_hit[i] += m->spots_hit[i];
        sum->spots_idx[i] += m->spots_idx[i];
    }
}

static double value_of(const struct quantity *q, const struct store_minute *m)
{
    uint64_t n = count(m, q->n);
    return n < RATE_FEW ? NAN : q->value ? q->value(m) : (double)count(m, q->k) / (double)n;
}

static double median_of(const double *sorted, size_t n)
{
    return n == 0 ? NAN : n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static void insert(double *sorted, size_t n, double v)
{
    for (; n > 0 && sorted[n - 1] > v; n--)
        sorted[n] = sorted[n - 1];
    sorted[n] = v;
}

/* The median of the minutes with its order statistics, and how far minutes lie from it (sigma). */
static double set_usual(const struct overview_sources *in, const struct quantity *q, struct overview_usual *u)
{
    double sorted[HOUR], apart[HOUR];
    size_t n = 0, end = in->n_minutes > NOW_MINUTES ? in->n_minutes - NOW_MINUTES : 0;
    for (size_t i = end > HOUR ? end - HOUR : 0; i < end; i++) {
        double v = value_of(q, in->minutes + i);
        if (in->minutes[i].frames >= OVERVIEW_FEW && isfinite(v))
            insert(sorted, n++, v);
    }
    if (n < MINUTES_LEAST)
        return NAN;
    u->usual = median_of(sorted, n);
    double rank = floor(((double)n - z99 * sqrt((double)n)) / 2);
    size_t lo = rank > 0 ? (size_t)rank : 0;
    u->usual_lo = sorted[lo];
    u->usual_hi = sorted[n - 1 - lo];
    for (size_t i = 0; i < n; i++)
        insert(apart, i, fabs(sorted[i] - u->usual));
    return mad_to_sigma * median_of(apart, n);
}

static void set_now(const struct quantity *q, const struct store_minute *m, double sigma,
                    struct overview_usual *u)
{
    u->now = value_of(q, m);
    double half = z99 * sigma / sqrt(NOW_MINUTES);
    u->now_lo = u->now - half;
    u->now_hi = u->now + half;
    if (q->value || isnan(u->now))
        return;
    rate_interval(count(m, q->k), count(m, q->n), z99, &u->now_lo, &u->now_hi);
}

size_t overview_usuals(const struct overview_sources *in, struct overview_usual *out)
{
    struct store_minute now = {.res_a = NAN};
    for (size_t i = 0; i < NOW_MINUTES && i < in->n_minutes; i++)
        add(&now, in->minutes + in->n_minutes - 1 - i);
    for (size_t i = 0; i < OVERVIEW_USUALS; i++) {
        const struct quantity *q = quantities + i;
        struct overview_usual *u = out + i;
        *u = (struct overview_usual){.key = q->key,
                                     .words = q->words,
                                     .unit = q->unit,
                                     .usual = NAN,
                                     .usual_lo = NAN,
                                     .usual_hi = NAN};
        set_now(q, &now, set_usual(in, q, u), u);
        double least = q->relative ? q->least * fabs(u->usual) : q->least;
        u->changed = now.frames >= OVERVIEW_FEW && (u->now_hi < u->usual_lo || u->now_lo > u->usual_hi) &&
                     fabs(u->now - u->usual) >= least;
    }
    return OVERVIEW_USUALS;
}

/* ---- what changed, in words ---- */

static void say_usual(const struct overview_usual *u, struct str *out)
{
    bool share = strcmp(u->unit, "%") == 0;
    double factor = share ? 100 : 1;
    int digits = share ? 1 : *u->unit ? 2 : 0;
    str_printf(out, "%s%s %.*f%s%s, usually %.*f", out->len ? "; " : "", u->words, digits, factor * u->now,
               *u->unit ? " " : "", u->unit, digits, factor * u->usual);
}

/* Of the newest job against the one before: by a thousandth, which no jitter of pulses leaves in the mean of 50. */
static void say_energy(const struct overview_energy e[2], struct str *out)
{
    if (e[0].n >= OVERVIEW_FEW && e[1].n >= OVERVIEW_FEW &&
        fabs(e[0].mean_ev - e[1].mean_ev) >= ENERGY_LEAST * e[1].mean_ev)
        str_printf(out, "%sphoton energy %.0f eV, the job before %.0f", out->len ? "; " : "", e[0].mean_ev,
                   e[1].mean_ev);
}

static void add_acts(const struct overview_sources *in, struct str *out)
{
    static const char *const verbs[] = {"trial.", "group.", "run.label", "calib.", "job."};
    for (size_t i = 0, said = 0; i < in->n_audits && said < 3; i++) {
        const struct store_audit *x = in->audits + i;
        bool counts = in->now - x->t < before_ns && x->t <= in->now, of = false;
        for (size_t k = 0; k < sizeof verbs / sizeof *verbs; k++)
            of = of || strncmp(x->verb, verbs[k], strlen(verbs[k])) == 0;
        if (!counts || !of)
            continue;
        char when[32];
        str_printf(out, "%s%.5s %s: %s %s", out->len ? "; " : "", clock_text(x->t, when) + 11, x->who,
                   x->verb, x->target);
        said++;
    }
    const struct store_run_row *newest = NULL;
    for (size_t i = 0; i < in->n_runs; i++)
        if (!newest || in->runs[i].begin_t > newest->begin_t)
            newest = in->runs + i;
    if (newest && newest->begin_t && newest->begin_t <= in->now && in->now - newest->begin_t < before_ns) {
        char when[32];
        str_printf(out, "%srun %lld began %.5s", out->len ? "; " : "", (long long)newest->ord,
                   clock_text(newest->begin_t, when) + 11);
    }
}

const char *overview_changes(const struct overview_sources *in, const char *but, struct arena *a)
{
    struct overview_usual u[OVERVIEW_USUALS];
    struct str text = {0};
    size_t n = overview_usuals(in, u);
    for (size_t i = 0; i < n; i++)
        if (u[i].changed && !(but && strncmp(u[i].key, but, strlen(but)) == 0))
            say_usual(u + i, &text);
    say_energy(in->energy, &text);
    add_acts(in, &text);
    const char *kept = arena_strdup(a, text.text ? text.text : "");
    str_free(&text);
    return kept;
}
