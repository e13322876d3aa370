/* summary_dataset.c - see summary_dataset.h. */
#include "report/report.h"

#include <math.h>

/* Of the picture, in its own units. */
enum { WIDE = 600, HIGH = 160, POINTS = 60 };
enum { SHELLS_MOST = 5000 }; /* as pages show */

bool summary_dataset_read(struct store *s, const struct store_dataset_row *row, struct arena *a,
                          struct summary_dataset *out, struct error *err)
{
    const struct store_job_filter any_job = {.trial = -1};
    const struct store_run_filter any_run = {0};
    struct overview_sources o = {.disk_free = NAN};
    struct store_book_job *jobs;
    struct store_run_row *runs;
    struct store_trial_row *trials;
    *out = (struct summary_dataset){0};
    if (!store_book_jobs(s, &any_job, a, &jobs, &o.n_jobs, err) ||
        !store_runs(s, &any_run, a, &runs, &o.n_runs, err) ||
        !store_trials(s, a, &trials, &o.n_trials, err) ||
        !store_merges(s, row->id, SHELLS_MOST, a, &out->shells, &out->n_shells, err))
        return false;
    o.jobs = jobs, o.runs = runs, o.trials = trials;
    out->trial = dataset_trial(&o);
    out->lattices = dataset_lattices(&o, row, a);
    return coverage_read(s, &o, row, a, &out->coverage, err);
}

static void shell_text(const struct store_merge_shell *r, struct str *out)
{
    if (r->shell == 0)
        str_printf(out, "version %u, %s, all: ", r->version, r->job ? "its job" : "by hand");
    else
        str_printf(out, "  shell %u: ", r->shell);
    merge_text(r, out);
}

void summary_dataset_text(const struct summary_dataset *d, struct str *out)
{
    str_printf(out, "outer shell with the %s of trial %u\n  ", COUNT(d->lattices, "lattice"), d->trial);
    coverage_text(&d->coverage, d->lattices, out);
    str_add(out, d->n_shells ? "\nmerges\n" : "\n");
    for (size_t i = 0; i < d->n_shells; i++) {
        str_add(out, "  ");
        shell_text(d->shells + i, out);
        str_addc(out, '\n');
    }
}

void summary_dataset_csv(const struct summary_dataset *d, struct str *out)
{
    const struct coverage *c = &d->coverage;
    double need[3], n = (double)d->lattices;
    if (!c->why) {
        coverage_needed(c, COVERAGE_SHARE, COVERAGE_FOLD, need);
        str_printf(out, "outer_shell_d_min,%.4f,,,A\nouter_shell_seen,%.6f,,,\nouter_shell_seen_%d,%.6f,,,\n",
                   c->d_min, coverage_share(c, n, 1), COVERAGE_FOLD, coverage_share(c, n, COVERAGE_FOLD));
        str_printf(out, "outer_shell_multiplicity,%.4f,,,\nlattices_needed,%.0f,%.0f,",
                   coverage_multiplicity(c, n), need[0], need[1]);
        if (isfinite(need[2]))
            str_printf(out, "%.0f", need[2]);
        str_add(out, ",\n");
    }
    for (size_t i = 0; i < d->n_shells; i++) {
        const struct store_merge_shell *r = d->shells + i;
        const struct {
            const char *name;
            double value;
            const char *unit;
        } figures[] = {{"lattices", (double)r->lattices, ""}, {"d_min", r->d_min, "A"},
                       {"completeness", r->completeness, ""}, {"multiplicity", r->multiplicity, ""},
                       {"i_over_sigma", r->i_over_sigma, ""}, {"cc_half", r->cc_half, ""},
                       {"cc_star", r->cc_star, ""},           {"r_split", r->r_split, ""}};
        for (size_t k = 0; k < sizeof figures / sizeof *figures; k++)
            if (isfinite(figures[k].value))
                str_printf(out, "merge_%u_job_%lld_shell_%u_%s,%.6g,,,%s\n", r->version, (long long)r->job,
                           r->shell, figures[k].name, figures[k].value, figures[k].unit);
    }
}

void summary_dataset_json(const struct summary_dataset *d, struct json_writer *w)
{
    json_object(w, "dataset");
    json_put_int(w, "trial", d->trial);
    json_put_int(w, "lattices", (int64_t)d->lattices);
    coverage_json(&d->coverage, d->lattices, NAN, w);
    json_array(w, "shells", false);
    for (size_t i = 0; i < d->n_shells; i++)
        merge_json(w, d->shells + i);
    json_end_array(w);
    json_end_object(w);
}

/* Share of the outer shell seen k times, against lattices from 0 to end. */
static void curve(struct str *out, const struct coverage *c, double end, unsigned k, const char *style)
{
    str_printf(out, "<polyline fill=\"none\" stroke=\"currentColor\" %s points=\"", style);
    for (int i = 0; i <= POINTS; i++)
        str_printf(out, "%s%.1f,%.1f", i ? " " : "", (double)WIDE * i / POINTS,
                   HIGH * (1 - coverage_share(c, end * i / POINTS, k)));
    str_add(out, "\"/>\n");
}

static void picture(struct str *out, const struct summary_dataset *d)
{
    const struct coverage *c = &d->coverage;
    double need[3], now = (double)d->lattices;
    coverage_needed(c, COVERAGE_SHARE, COVERAGE_FOLD, need);
    double end = 1.2 * fmax(need[0], fmin(2 * now, 4 * need[0])), x = WIDE * fmin(1, now / end);
    str_printf(
        out,
        "<svg viewBox=\"-4 -4 %d %d\" width=\"%d\" role=\"img\"><title>Share of the outer shell seen once "
        "(broken) and %d times, from 0 to %.0f lattices; the upright line is now</title>\n",
        WIDE + 8, HIGH + 8, WIDE, COVERAGE_FOLD, end);
    str_printf(out, "<path fill=\"none\" stroke=\"gray\" d=\"M0 0V%dH%d M%.1f 0V%d M0 %.1fH%d\"/>\n", HIGH,
               WIDE, x, HIGH, HIGH * (1 - COVERAGE_SHARE), WIDE);
    curve(out, c, end, 1, "stroke-dasharray=\"4 3\"");
    curve(out, c, end, COVERAGE_FOLD, "stroke-width=\"2\"");
    str_add(out, "</svg>\n");
}

void summary_dataset_html(const struct summary_dataset *d, struct str *out)
{
    str_printf(out, "<h2>Is it enough?</h2>\n<p>Outer shell with the %s of trial %u: ",
               COUNT(d->lattices, "lattice"), d->trial);
    coverage_text(&d->coverage, d->lattices, out); /* has only words of ours */
    str_add(out, ".</p>\n");
    if (!d->coverage.why)
        picture(out, d);
    if (d->n_shells)
        str_add(out, "<h2>Merges</h2>\n<pre>");
    for (size_t i = 0; i < d->n_shells; i++) {
        shell_text(d->shells + i, out);
        str_addc(out, '\n');
    }
    if (d->n_shells)
        str_add(out, "</pre>\n");
}
