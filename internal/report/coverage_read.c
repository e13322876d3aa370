/* coverage_read.c - what the curve of a dataset is made of, and how it is said; see coverage.h. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Jobs and lattices of each that are looked at: 300 rows, a mean to some 3 %. */
enum { JOBS = 6, LATTICES = 50, POINTS = 41, NAME_MOST = 64 };

bool coverage_group(const char *phil, struct space_group *out)
{
    char name[NAME_MOST];
    size_t n = 0;
    const char *at = strstr(phil, "known_symmetry");
    at = at ? strstr(at, "space_group") : NULL;
    if (!at)
        return false;
    at += strlen("space_group");
    at += strspn(at, " \t");
    if (*at++ != '=')
        return false;
    at += strspn(at, " \t'\"");
    while (n < sizeof name - 1 && at[n] && !strchr("'\"\n", at[n]))
        n++;
    memcpy(name, at, n);
    name[n] = '\0';
    struct error err = {0};
    return n > 0 && strcmp(name, "None") != 0 && space_group_find(name, out, &err);
}

/* The newest jobs of the dataset's trial with lattices. */
static size_t jobs_of(const struct overview_sources *in, const struct store_dataset_row *d, uint32_t trial,
                      int64_t out[JOBS])
{
    size_t n = 0;
    for (size_t i = in->n_jobs; i-- > 0 && n < JOBS;) {
        const struct store_book_job *j = in->jobs + i;
        if (j->key.task_rev || j->key.version || j->trial != trial || j->n_lattices <= 0)
            continue;
        for (size_t k = 0; k < in->n_runs; k++)
            if (in->runs[k].id == j->key.run && dataset_has_run(d, in->runs + k)) {
                out[n++] = j->id;
                break;
            }
    }
    return n;
}

bool coverage_read(struct store *s, const struct overview_sources *in, const struct store_dataset_row *d,
                   struct arena *a, struct coverage *out, struct error *err)
{
    int64_t jobs[JOBS];
    struct store_reach *rows;
    struct space_group group;
    size_t n = 0;
    bool known = false;
    uint32_t num = dataset_trial(in);
    const struct store_trial_row *trial = NULL;
    for (size_t i = 0; i < in->n_trials; i++)
        trial = in->trials[i].num == num ? in->trials + i : trial;
    if (!store_read_reach(s, jobs, jobs_of(in, d, num, jobs), LATTICES, a, &rows, &n, err))
        return false;
    known = trial && coverage_group(trial->phil, &group);
    coverage_of(rows, n, known ? &group : NULL, trial && trial->d_min > 0 ? trial->d_min : NAN,
                "d_min of the trial", a, out);
    return true;
}

/* ---- said ---- */

static void put_three(struct json_writer *w, const char *key, const double v[3])
{
    json_array(w, key, true);
    for (int i = 0; i < 3; i++)
        json_put_real(w, NULL, isfinite(v[i]) ? v[i] : NAN);
    json_end_array(w);
}

static void put_point(const struct coverage *c, double n, struct json_writer *w)
{
    json_object(w, NULL);
    json_put_real(w, "lattices", n);
    json_put_real(w, "seen", coverage_share(c, n, 1));
    json_put_real(w, "seen_fold", coverage_share(c, n, COVERAGE_FOLD));
    json_put_real(w, "multiplicity", coverage_multiplicity(c, n));
    json_end_object(w);
}

void coverage_json(const struct coverage *c, uint64_t have, double per_hour, struct json_writer *w)
{
    double need[3], now = (double)have;
    json_object(w, "coverage");
    json_put_text(w, "why_not", c->why ? c->why : "");
    if (!c->why) {
        coverage_needed(c, COVERAGE_SHARE, COVERAGE_FOLD, need);
        json_put_real(w, "d_max", c->d_max);
        json_put_real(w, "d_min", c->d_min);
        json_put_text(w, "d_from", c->d_from);
        json_put_text(w, "space_group", c->group);
        json_put_real(w, "unique", c->unique);
        json_put_bool(w, "counted", c->exact);
        json_put_real(w, "per_lattice", c->per_lattice);
        json_put_real(w, "per_lattice_error", c->error);
        json_put_int(w, "sample", (int64_t)c->n_sample);
        json_put_bool(w, "preferred_orientation", c->preferred);
        json_put_int(w, "fold", COVERAGE_FOLD);
        json_put_real(w, "share", COVERAGE_SHARE);
        put_three(w, "needed", need);
        json_array(w, "points", false); /* now; after one more hour; twice the crystals */
        put_point(c, now, w);
        put_point(c, isfinite(per_hour) ? now + per_hour : now, w);
        put_point(c, 2 * now, w);
        json_end_array(w);
        double end = 1.2 * fmax(need[0], fmin(2 * now, 4 * need[0]));
        json_array(w, "curve", false);
        for (int i = 0; i < POINTS; i++)
            put_point(c, end * i / (POINTS - 1), w);
        json_end_array(w);
    }
    json_end_object(w);
}

void coverage_text(const struct coverage *c, uint64_t have, struct str *out)
{
    double need[3], n = (double)have;
    if (c->why) {
        str_printf(out, "not predicted: %s", c->why);
        return;
    }
    coverage_needed(c, COVERAGE_SHARE, COVERAGE_FOLD, need);
    str_printf(out,
               "%.2f - %.2f Å (%s): now %.1f %% complete, multiplicity %.1f, %.1f %% seen %d times; "
               "%.0f %% of it are with %.0f lattices",
               c->d_max, c->d_min, c->d_from, 100 * coverage_share(c, n, 1), coverage_multiplicity(c, n),
               100 * coverage_share(c, n, COVERAGE_FOLD), COVERAGE_FOLD, 100 * COVERAGE_SHARE, need[0]);
    if (isfinite(need[2]))
        str_printf(out, " (%.0f to %.0f)", need[1], need[2]);
    else
        str_printf(out, " (%.0f or more)", need[1]);
    if (c->preferred)
        str_add(out, "; the crystals do not lie evenly: it will take more");
}
