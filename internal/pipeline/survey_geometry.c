/* survey_geometry.c - from the sample's stills to the detector's place: which stills and spots vote, the solution, the guards of
 * SCIENCE 14, and what people are told. The arithmetic is kernels/geometry_refine.h's. */
#include "pipeline/sighting.h"
#include "pipeline/survey_panels.h"

#include "kernels/sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double HOT_SHARE = 0.9;   /* of the hits: a spot on the same pixel of so many is no reflection */
static const size_t HOT_LEAST = 5;     /* hits, to say so */
static const size_t SPOTS_LEAST = 100; /* in all; whether they say enough is told by sigma */
static const double SIGMA_MOST_PX = 0.02;                /* guard b */
static const double RMS_FALL = 0.02, CHI2_LEAST = 16.27; /* guard c: p = 0.001 for three degrees of freedom */
static const double HALVES_SIGMA = 3;                    /* guard d */
static const double DISTANCE_BOUND = 0.05;               /* guard e, of the distance */
static const double CELL_COMMON = 0.002,
                    CELL_OWN = 0.0007; /* spread of cells: shared by the axes, and each */
static const double SPOTS_A_PANEL = 100;
static const double STRAIN_SIGMA = 5, STRAIN_LEAST = 5e-4; /* to speak of a strain common to all cells */

struct job {
    const struct recipe *r;
    struct sighting *const *seen;
    size_t n_seen, n_hits;
    struct arena arena;
    struct geometry_run run;
    const struct sighting *first; /* the sample's first still */
    struct geometry_solution solution;
    double pixel; /* mm */
};

/* ---- which spots vote ---- */

static int by_pixel(const void *pa, const void *pb)
{
    uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
    return a < b ? -1 : a > b;
}

static uint64_t pixel_of(const struct sighted *s)
{
    return (uint64_t)s->panel << 34 | (uint64_t)((uint32_t)fmax(0, s->px[1]) & 0x1ffff) << 17 |
           ((uint32_t)fmax(0, s->px[0]) & 0x1ffff);
}

/* Pixels that show a spot on nearly every hit, sorted. */
static uint64_t *hot_pixels(struct job *j, size_t *n)
{
    size_t all = 0, at = 0;
    for (size_t k = 0; k < j->n_seen; k++)
        all += j->seen[k]->hit ? j->seen[k]->n_spots : 0;
    uint64_t *pixel = arena_array(&j->arena, all + 1, sizeof *pixel);
    for (size_t k = 0; k < j->n_seen; k++)
        for (size_t i = 0; j->seen[k]->hit && i < j->seen[k]->n_spots; i++)
            pixel[at++] = pixel_of(&j->seen[k]->spots[i]);
    qsort(pixel, all, sizeof *pixel, by_pixel);
    *n = 0;
    for (size_t i = 0, end; i < all; i = end) {
        for (end = i; end < all && pixel[end] == pixel[i];)
            end++;
        if (end - i >= HOT_LEAST && (double)(end - i) >= HOT_SHARE * (double)j->n_hits)
            pixel[(*n)++] = pixel[i];
    }
    return pixel;
}

/* ---- stills ---- */

/* The run's detector equal to a sighting's, added when it is new. */
static const struct panel *detector_of(struct job *j, const struct sighting *s, uint64_t *keys)
{
    uint64_t key = detector_fingerprint(s->detector);
    struct geometry_run *run = &j->run;
    for (size_t i = 0; i < run->n_detectors; i++)
        if (keys[i] == key)
            return run->detectors[i].panels;
    struct panel *panels = arena_memdup(&j->arena, s->detector->panels, run->n_panels * sizeof *panels);
    keys[run->n_detectors] = key;
    run->detectors[run->n_detectors++] = (struct geometry_detector){s->detector->panels, panels};
    return panels;
}

static void make_still(struct job *j, const struct sighting *s, const struct panel *panels,
                       const uint64_t *hot, size_t n_hot)
{
    struct shot *t = &j->run.stills[j->run.n_stills];
    const struct index_cell *cell = j->r->cells[s->cell_no];
    *t = (struct shot){.cell = cell, .panels = panels, .beam = s->beam.v, .reassign = true};
    t->spots = arena_array(&j->arena, s->n_spots + 1, sizeof *t->spots);
    for (size_t i = 0; i < s->n_spots; i++) {
        const struct sighted *from = &s->spots[i];
        uint64_t pixel = pixel_of(from);
        if (bsearch(&pixel, hot, n_hot, sizeof pixel, by_pixel))
            continue;
        struct shot_spot *spot = &t->spots[t->n++];
        *spot = (struct shot_spot){.panel = from->panel};
        memcpy(spot->mm, from->mm, sizeof spot->mm);
        memcpy(spot->cov, from->cov, sizeof spot->cov);
    }
    shot_prior(cell, CELL_OWN, CELL_COMMON, t->prior);
    if (shot_start(t, s->A))
        j->run.n_stills++;
}

static void make_stills(struct job *j)
{
    size_t n_hot;
    const uint64_t *hot = hot_pixels(j, &n_hot);
    uint64_t *keys = arena_array(&j->arena, j->n_seen + 1, sizeof *keys);
    j->run.stills = arena_array(&j->arena, j->n_seen + 1, sizeof *j->run.stills);
    j->run.detectors = arena_array(&j->arena, j->n_seen + 1, sizeof *j->run.detectors);
    for (size_t k = 0; k < j->n_seen; k++) {
        const struct sighting *s = j->seen[k];
        if (!s->indexed || s->n_indexed < GEOMETRY_STILL_SPOTS)
            continue;
        if (!j->first) {
            j->first = s;
            j->run.n_panels = s->detector->n_panels;
            j->pixel = s->detector->panels->pixel_fast;
        }
        if (s->detector->n_panels == j->run.n_panels)
            make_still(j, s, detector_of(j, s, keys), hot, n_hot);
    }
}

/* Where to start: the median of the shifts that indexing found; the detector moves the other way. */
static void start_shift(struct job *j, double shift[3])
{
    double *v = arena_array(&j->arena, j->n_seen + 1, sizeof *v);
    for (int axis = 0; axis < 2; axis++) {
        size_t n = 0;
        for (size_t k = 0; k < j->n_seen; k++)
            if (j->seen[k]->indexed && j->seen[k]->n_indexed >= GEOMETRY_STILL_SPOTS &&
                isfinite(j->seen[k]->shift_px[axis]))
                v[n++] = j->seen[k]->shift_px[axis];
        sort_doubles(v, n);
        shift[axis] = n ? -v[n / 2] * j->pixel : 0;
    }
    shift[2] = 0;
}

/* ---- guards and words ---- */

static double chi2_of(const struct geometry_solution *s)
{
    double sum = 0;
    for (int k = 0; k < 3; k++)
        sum += s->correction.shift[k] * s->correction.shift[k] / (s->sigma[k] * s->sigma[k]);
    return sum;
}

/* The guard that refuses a solution, in words; NULL: none. */
static const char *refused(const struct job *j, struct arena *a)
{
    const struct geometry_solution *s = &j->solution;
    const double *t = s->correction.shift;
    double distance = panel_distance(j->first->detector->panels), px = j->pixel;
    if (!s->converged)
        return arena_printf(a, "no end after %d passes", s->passes);
    if (!(hypot(t[0], t[1]) / px <= j->r->survey.max_shift_px))
        return arena_printf(
            a,
            "a shift of %.2f px is more than %g px, and few frames will be indexed: to take it "
            "xfelx.geometry.max_shift_px=%.0f",
            hypot(t[0], t[1]) / px, j->r->survey.max_shift_px, ceil(1.2 * hypot(t[0], t[1]) / px));
    if (!(fmax(s->sigma[0], s->sigma[1]) / px <= SIGMA_MOST_PX))
        return arena_printf(a, "the shift is known to %.3f px only, %g px are needed",
                            fmax(s->sigma[0], s->sigma[1]) / px, SIGMA_MOST_PX);
    for (int k = 0; k < 2; k++) {
        /* a difference that guard b would let pass as a sigma harms nobody, however small its own sigma is */
        double apart = fabs(s->half[0][k] - s->half[1][k]);
        if (!(apart <= fmax(HALVES_SIGMA * s->half_sigma[k], SIGMA_MOST_PX * px)))
            return arena_printf(a, "the halves of the sample differ by %.3f px in %c, %.1f sigma", apart / px,
                                "xy"[k], apart / s->half_sigma[k]);
    }
    if (!(fabs(t[2]) <= DISTANCE_BOUND * distance))
        return arena_printf(a, "a change of the distance by %.2f mm is not believed", t[2]);
    return NULL;
}

/* Does the found place explain the positions better than the header's? Guard c. */
static bool gains(const struct geometry_solution *s)
{
    return chi2_of(s) > CHI2_LEAST && s->rms_after <= (1 - RMS_FALL) * s->rms_before;
}

static const char *place_words(const struct job *j, struct arena *a)
{
    const struct geometry_solution *s = &j->solution;
    const double *t = s->correction.shift, px = j->pixel;
    return arena_printf(
        a,
        "x %+.4f ± %.4f px, y %+.4f ± %.4f px, z %+.4f ± %.4f mm (%zu stills, %s, positions %.3f → %.3f px)",
        t[0] / px, s->sigma[0] / px, t[1] / px, s->sigma[1] / px, t[2], s->sigma[2], s->n_stills,
        COUNT(s->n_spots, "spot"), s->rms_before, s->rms_after);
}

/* ---- the ruler ---- */

/* Mean strain of the given cell, over axes and voting stills, and its error: of the mean, and of the distance. The wavelength and the
 * cell's size cannot be told apart (ALGORITHMS_GEOMETRY 6.2): a common strain says that one of them is wrong. */
static void mean_strain(const struct job *j, struct found *out)
{
    double sum = 0, square = 0;
    size_t n = 0;
    for (size_t k = 0; k < j->run.n_stills; k++) {
        const struct shot *s = &j->run.stills[k];
        if (s->inside < GEOMETRY_STILL_SPOTS)
            continue;
        double e = shot_mean_strain(s);
        sum += e;
        square += e * e;
        n++;
    }
    if (n < 2)
        return;
    double mean = sum / (double)n, spread = (square - sum * mean) / (double)(n - 1);
    out->strain = mean;
    out->strain_sigma = hypot(sqrt(fmax(0, spread) / (double)n),
                              j->solution.sigma[2] / panel_distance(j->first->detector->panels));
}

/* What is said of it: only where it is sure, and where the cell is one that was given. */
static const char *strain_words(const struct job *j, const struct found *f, struct arena *a)
{
    if (j->r->find_cell || !(f->strain_sigma > 0) || fabs(f->strain) < STRAIN_SIGMA * f->strain_sigma ||
        fabs(f->strain) < STRAIN_LEAST)
        return "";
    return arena_printf(
        a,
        "\ncells are %+.3f ± %.3f %% off the given one in all directions: wavelength or given "
        "cell wrong by as much",
        100 * f->strain, 100 * f->strain_sigma);
}

/* ---- panels ---- */

/* Enough stills for panels, and at least two panels with enough spots? The solver holds those that have too few. */
static bool panels_possible(const struct job *j)
{
    return j->r->survey.panels && j->run.n_panels > 1 && j->run.n_stills >= 5 &&
           (double)j->solution.n_spots >= 2 * SPOTS_A_PANEL;
}

/* Let the panels move; the solution stays as it was when they gain nothing. */
static const char *solve_panels(struct job *j, struct arena *a)
{
    struct geometry_solution whole = j->solution, *s = &j->solution;
    size_t n = 3 * j->run.n_panels;
    struct survey_panel *seen = arena_array(&j->arena, j->run.n_panels, sizeof *seen);
    s->correction.panel = arena_array(&j->arena, n, sizeof(double));
    s->sigma = arena_array(&j->arena, 3 + n, sizeof(double));
    size_t started = survey_panels_start(&j->run, &j->arena, seen, s->correction.panel);
    void *work = arena_alloc(&j->arena, geometry_work_size(j->run.n_stills, j->run.n_panels, true));
    bool ok = geometry_solve(&j->run, true, s, work) && s->converged && s->n_panels_moved >= 2;
    double freedom = 3 * (double)s->n_panels_moved;
    ok = ok && s->chi2_panels > freedom + 5 * sqrt(2 * freedom) &&
         (started ? survey_panels_hold(&j->run, &j->arena,
                                       seen) /* one of many changes the rms of all by little */
                  : s->rms_after <= (1 - RMS_FALL) * whole.rms_after);
    if (!ok) {
        *s = whole;
        return "";
    }
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        if (i % 3 != 2)
            worst = fmax(worst, fabs(s->correction.panel[i]));
    s->rms_before = whole.rms_before;
    s->sigma[0] = whole.sigma[0];
    s->sigma[1] = whole.sigma[1];
    memcpy(s->half, whole.half, sizeof s->half);
    memcpy(s->half_sigma, whole.half_sigma, sizeof s->half_sigma);
    return arena_printf(a, "; %zu of %s moved against each other, by up to %.3f px", s->n_panels_moved,
                        COUNT(j->run.n_panels, "panel"), worst / j->pixel);
}

/* ---- all of it ---- */

static void accept(struct job *j, struct found *out, struct arena *a)
{
    const struct geometry_solution *s = &j->solution;
    out->known = out->corrected = true;
    out->noise = s->noise;
    out->n_panels = j->run.n_panels;
    memcpy(out->correction.shift, s->correction.shift, sizeof out->correction.shift);
    if (s->correction.panel)
        out->correction.panel = arena_memdup(a, s->correction.panel, 3 * out->n_panels * sizeof(double));
    out->id = j->first->id;
    out->id.path = arena_strdup(a, out->id.path);
    out->beam = j->first->beam;
    out->detector = detector_copy(a, j->first->detector);
    geometry_correct(&out->correction, j->first->detector->panels, out->n_panels, out->detector->panels);
    detector_settle(out->detector);
}

static const char *solve(struct job *j, struct found *out, struct arena *a)
{
    struct geometry_solution *s = &j->solution;
    s->sigma = arena_array(&j->arena, 3, sizeof(double));
    start_shift(j, s->correction.shift);
    void *work = arena_alloc(&j->arena, geometry_work_size(j->run.n_stills, j->run.n_panels, false));
    if (!geometry_solve(&j->run, false, s, work))
        return "geometry kept: the stills of the sample do not determine it";
    if (s->n_spots < SPOTS_LEAST || s->n_stills < j->r->survey.min_hits)
        return arena_printf(a, "geometry kept: %zu of %zu stills and %zu of %zu spots needed", s->n_stills,
                            j->r->survey.min_hits, s->n_spots, SPOTS_LEAST);
    const char *panels = panels_possible(j) ? solve_panels(j, a) : "", *why = refused(j, a),
               *words = place_words(j, a);
    mean_strain(j, out);
    bool only_told = j->r->survey.wish == GEOMETRY_REPORT;
    if (why)
        return arena_printf(a, "geometry kept: %s; found: %s%s", why, words, panels);
    if (only_told)
        return arena_printf(a, "geometry kept as asked for; found: %s%s", words, panels);
    if (!gains(s) && !s->correction.panel) {
        out->known = true;
        out->noise = s->noise;
        out->n_panels = j->run.n_panels;
        return arena_printf(a, "geometry kept: the header's place is right within the errors: %s%s", words,
                            strain_words(j, out, a));
    }
    accept(j, out, a);
    return arena_printf(a, "detector moved by %s%s%s", words, panels, strain_words(j, out, a));
}

/* Most hits not indexed: the likeliest reason, and what helps. */
static const char *few_stills(const struct job *j, struct arena *a)
{
    const char *hint = "";
    if (j->n_hits >= j->r->survey.min_hits && 2 * j->run.n_stills < j->n_hits)
        hint = arena_printf(a,
                            "; %s show no lattice with %d spots: is the cell right, the beam centre within a "
                            "few px? xfelx.index.max_offset_px=%g looks further",
                            COUNT(j->n_hits - j->run.n_stills, "hit"), GEOMETRY_STILL_SPOTS,
                            fmax(10, 2 * j->r->indexing.max_offset_px));
    return arena_printf(a, "geometry kept: %zu of %s needed (xfelx.geometry.min_hits)%s", j->run.n_stills,
                        COUNT(j->r->survey.min_hits, "indexed frame"), hint);
}

void survey_geometry(const struct recipe *r, struct sighting *const *seen, size_t n, struct found *out,
                     struct arena *a, const char **text)
{
    struct job j = {.r = r, .seen = seen, .n_seen = n};
    for (size_t k = 0; k < n; k++)
        j.n_hits += seen[k]->hit;
    make_stills(&j);
    *text = j.run.n_stills < r->survey.min_hits ? few_stills(&j, a) : solve(&j, out, a);
    arena_free(&j.arena);
}
