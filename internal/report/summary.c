/* summary.c - what a report says, and its forms for reading and for programs; see summary.h. */
#include "report/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double at_share(const double *sorted, size_t n, double share)
{
    double at = share * (double)(n - 1);
    size_t i = (size_t)at;
    return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

struct spread spread_of(double *values, size_t n)
{
    struct spread s = {0, NAN, NAN, NAN};
    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i]))
            values[s.n++] = values[i];
    if (s.n == 0)
        return s;
    qsort(values, s.n, sizeof *values, by_value);
    s.median = at_share(values, s.n, 0.5);
    s.lo = at_share(values, s.n, 0.16);
    s.hi = at_share(values, s.n, 0.84);
    return s;
}

static void make_spreads(struct summary *s, struct arena *a)
{
    double *v = arena_array(a, s->n_sample + 1, sizeof *v);
    for (int c = 0; c < 8; c++) {
        for (size_t i = 0; i < s->n_sample; i++)
            v[i] = c < 6 ? s->sample[i].cell[c] : c == 6 ? s->sample[i].res_a : s->sample[i].rmsd_px;
        *(c < 6 ? s->cell + c : c == 6 ? &s->res_a : &s->rmsd_px) = spread_of(v, s->n_sample);
    }
}

static bool read_jobs(struct store *s, struct arena *a, struct summary *out, struct error *err)
{
    struct store_job_filter f = {.trial = -1, .all_attempts = true};
    struct store_range *ranges = arena_array(a, out->of.n + 1, sizeof *ranges);
    struct store_book_job *jobs = NULL;
    struct store_trial_row *trials = NULL;
    size_t n_trials = 0;
    for (size_t i = 0; i < out->of.n; i++)
        ranges[i] = (struct store_range){out->of.jobs[i], out->of.jobs[i]};
    if (out->of.jobs)
        f.jobs = ranges, f.n_jobs = out->of.n;
    if (!store_book_jobs(s, &f, a, &jobs, &out->n_jobs, err) || !store_trials(s, a, &trials, &n_trials, err))
        return false;
    out->jobs = jobs;
    out->phil = "";
    for (size_t i = 0; i < n_trials && out->n_jobs; i++)
        if (trials[i].id == jobs[out->n_jobs - 1].key.trial)
            out->phil = trials[i].phil;
    return true;
}

bool summary_read(struct store *s, struct store_jobs_of of, struct arena *a, struct summary *out,
                  struct error *err)
{
    struct store_hist *hists;
    struct store_sampled *sample;
    struct store_rank *ranks;
    struct store_tally *tallies;
    *out = (struct summary){.of = of, .now = clock_now()};
    if (!store_read_totals(s, of, &out->totals, err) ||
        !store_read_hists(s, of, a, &hists, &out->n_hists, err) ||
        !store_read_sample(s, of, a, &sample, &out->n_sample, err) ||
        !store_read_ranks(s, of, a, &ranks, &out->n_ranks, err) ||
        !store_tallies(s, a, &tallies, &out->n_tallies, err) || !read_jobs(s, a, out, err))
        return false;
    out->hists = hists;
    out->sample = sample;
    out->ranks = ranks;
    out->tallies = tallies;
    struct store_counts counts = {.frames = out->totals.frames,
                                  .lattices = out->totals.lattices,
                                  .reflections = out->totals.reflections};
    memcpy(counts.by_outcome, out->totals.by_outcome, sizeof counts.by_outcome);
    figures_of(&counts, &out->all);
    make_spreads(out, a);
    forms_of(out->sample, out->n_sample, NAN, a, &out->forms);
    return true;
}

double rank_duty(const struct store_rank *r, uint32_t threads)
{
    double ms = 0, span = 1e-6 * (double)(r->last_t - r->first_t);
    for (int i = 0; i < STAGE_MAX; i++)
        ms += r->stage_ms[i];
    /* the first frame of each thread was begun before the first one was done: without it the share could pass 1 */
    double frames = (double)r->frames, counted = frames > threads ? ms * (frames - threads) / frames : 0;
    return span > 0 && threads > 0 && counted > 0 ? fmin(1, counted / (span * threads)) : NAN;
}

/* ---- rows that text and CSV share ---- */

static void text_spread(struct str *out, const char *name, const struct spread *s, const char *unit)
{
    if (s->n)
        str_printf(out, "  %-12s %9.3f  [%.3f, %.3f] %s\n", name, s->median, s->lo, s->hi, unit);
}

static const char *const cell_names[6] = {"a", "b", "c", "alpha", "beta", "gamma"};

/* One form and nothing beside it is what the medians say already. */
static void text_forms(const struct cell_forms *f, struct str *out)
{
    if (f->n == 0 || (f->n == 1 && f->n_neither == 0))
        return;
    str_printf(out, "forms among %s (within %.3f Å)\n", COUNT(f->n_points, "cell"), f->eps);
    for (size_t i = 0; i < f->n; i++) {
        const struct cell_form *m = f->form + i;
        str_printf(out, "  %zu  %8zu  %.2f %.2f %.2f %.2f %.2f %.2f\n", i + 1, m->n, m->mean[0], m->mean[1],
                   m->mean[2], m->mean[3], m->mean[4], m->mean[5]);
    }
    if (f->n_groups > f->n)
        str_printf(out, "     and %zu smaller ones\n", f->n_groups - f->n);
    str_printf(out, "  -  %8zu  in none\n", f->n_neither);
}

void summary_text(const struct summary *s, struct str *out)
{
    char text[96], when[32];
    const struct figures *f = &s->all;
    str_printf(out, "%s: %s", s->title, COUNT(s->n_jobs, "job"));
    if (s->totals.first_t)
        str_printf(out, ", %.1f s from the first frame to the last",
                   1e-9 * (double)(s->totals.last_t - s->totals.first_t));
    str_printf(out, ", as of %s\n", clock_text(s->now, when));
    str_printf(out, "  frames       %llu, %llu failed\n", (unsigned long long)f->frames,
               (unsigned long long)f->failed);
    str_printf(out, "  hits         %s\n", rate_text(&f->hit_rate, text));
    str_printf(out, "  indexed      %s\n", rate_text(&f->indexing_rate, text));
    str_printf(out, "  integrated   %s, %s (%s with several), %s\n", COUNT(f->integrated, "frame"),
               COUNT(f->lattices, "lattice"), COUNT(s->totals.multi, "frame"),
               COUNT(f->reflections, "reflection"));
    const struct rate ice = rate_of(s->totals.ice, f->frames - f->failed),
                      solvent = rate_of(s->totals.solvent, s->totals.n_ring);
    if (solvent.of)
        str_printf(out, "  solvent      in %s frames that show the ring of water and lower angles\n",
                   rate_text(&solvent, text));
    if (s->totals.ice)
        str_printf(out, "  ice or salt  %s frames, %llu hits\n", rate_text(&ice, text),
                   (unsigned long long)s->totals.ice_hits);
    if (s->n_sample)
        str_printf(out, "medians of %s [16 %%, 84 %%]\n", COUNT(s->n_sample, "lattice"));
    for (int i = 0; i < 6; i++)
        text_spread(out, cell_names[i], s->cell + i, i < 3 ? "Å" : "°");
    text_spread(out, "resolution", &s->res_a, "Å");
    text_spread(out, "rmsd", &s->rmsd_px, "px");
    text_forms(&s->forms, out);
    bool any = false;
    for (int r = 1; r < REASON_END; r++)
        if (s->totals.by_reason[r]) {
            str_printf(out, "%s  %8llu  %s\n", any ? "" : "why not\n",
                       (unsigned long long)s->totals.by_reason[r], reason_help((enum reason)r));
            any = true;
        }
    if (s->split)
        split_text(s->split, out);
    if (s->dataset)
        summary_dataset_text(s->dataset, out);
}

void summary_csv(const struct summary *s, struct str *out)
{
    char number[32];
    str_add(out, "# xfelx report; a line for each number: name, value, low, high, unit. Rates: 95 % Wilson "
                 "intervals; of lattices: median and 16, 84 percentiles\nname,value,low,high,unit\n");
    const struct figures *f = &s->all;
    const struct {
        const char *name;
        uint64_t n;
    } counts[] = {
        {"frames", f->frames},     {"failed", f->failed},          {"hits", f->hits},
        {"indexed", f->indexed},   {"integrated", f->integrated},  {"indexed_below", f->indexed_below},
        {"lattices", f->lattices}, {"reflections", f->reflections}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        str_printf(out, "%s,%llu,,,\n", counts[i].name, (unsigned long long)counts[i].n);
    const struct rate *rates[] = {&f->hit_rate, &f->indexing_rate};
    for (int i = 0; i < 2; i++)
        if (rates[i]->of)
            str_printf(out, "%s,%.6f,%.6f,%.6f,\n", i ? "indexing_rate" : "hit_rate", rates[i]->share,
                       rates[i]->lo, rates[i]->hi);
    for (int i = 0; i < 8; i++) {
        const struct spread *p = i < 6 ? s->cell + i : i == 6 ? &s->res_a : &s->rmsd_px;
        const char *name = i < 6 ? cell_names[i] : i == 6 ? "resolution" : "rmsd";
        if (p->n)
            str_printf(out, "%s,%s,%.5f,%.5f,%s\n", name, str_double(p->median, number), p->lo, p->hi,
                       i < 3 || i == 6 ? "A"
                       : i < 6         ? "deg"
                                       : "px");
    }
    for (int r = 1; r < REASON_END; r++)
        if (s->totals.by_reason[r])
            str_printf(out, "reason_%s,%llu,,,frames\n", reason_word((enum reason)r),
                       (unsigned long long)s->totals.by_reason[r]);
    if (s->dataset)
        summary_dataset_csv(s->dataset, out);
}

void summary_cells(const struct summary *s, struct str *out)
{
    str_add(out, "# restrained cells of a sample of the lattices, resolution and rmsd; Å, degrees, px; form "
                 "0: in none\n"
                 "a,b,c,alpha,beta,gamma,res_a,rmsd_px,form\n");
    for (size_t i = 0; i < s->n_sample; i++) {
        const struct store_sampled *l = s->sample + i;
        for (int c = 0; c < 6; c++)
            str_printf(out, "%.4f,", l->cell[c]);
        str_printf(out, isfinite(l->res_a) ? "%.3f," : ",", l->res_a);
        str_printf(out, isfinite(l->rmsd_px) ? "%.3f," : ",", l->rmsd_px);
        if (s->forms.labels && s->forms.labels[i] != FORMS_LEFT)
            str_printf(out, "%d", s->forms.labels[i] + 1);
        str_addc(out, '\n');
    }
}

static uint32_t threads_of(const struct summary *s, int64_t attempt)
{
    for (size_t i = 0; i < s->n_jobs; i++)
        for (size_t k = 0; k < s->jobs[i].n_attempts; k++)
            if (s->jobs[i].attempts[k].id == attempt)
                return s->jobs[i].attempts[k].n_threads;
    return 0;
}

void summary_weather(const struct summary *s, struct str *out)
{
    str_printf(out, "%5s %3s %5s %-20s %9s %9s %9s %6s\n", "job", "try", "rank", "host", "frames", "begin s",
               "end s", "duty");
    for (size_t i = 0; i < s->n_ranks; i++) {
        const struct store_rank *r = s->ranks + i;
        int64_t begin = r->first_t, end = 0;
        double sum = 0, n = 0;
        for (size_t k = 0; k < s->n_ranks; k++)
            if (s->ranks[k].attempt == r->attempt) {
                begin = s->ranks[k].first_t < begin ? s->ranks[k].first_t : begin;
                end = s->ranks[k].last_t > end ? s->ranks[k].last_t : end;
                sum += (double)s->ranks[k].last_t, n++;
            }
        double duty = rank_duty(r, threads_of(s, r->attempt));
        str_printf(out, "%5lld %3u %5u %-20.20s %9llu %9.1f %9.1f", (long long)r->job, r->no, r->writer,
                   r->host, (unsigned long long)r->frames, 1e-9 * (double)(r->first_t - begin),
                   1e-9 * (double)(r->last_t - begin));
        str_printf(out, isnan(duty) ? "      -" : " %5.0f%%", 100 * duty);
        /* a straggler: the last one, and later than the mean by more than a tenth of the whole */
        bool late = n > 1 && r->last_t == end && (double)end - sum / n > 0.1 * (double)(end - begin);
        str_add(out, late ? "  others waited for it\n" : "\n");
    }
    if (s->weather) {
        str_addc(out, '\n');
        weather_text(s->weather, 60, out);
    }
    if (s->weather_left)
        str_printf(out, "frames of %s are not drawn: too many\n", COUNT(s->weather_left, "older job"));
}

static void json_spread(struct json_writer *w, const char *key, const struct spread *s)
{
    json_object(w, key);
    json_put_int(w, "n", (int64_t)s->n);
    json_put_real(w, "median", s->median);
    json_put_reals(w, "p16_p84", (double[]){s->lo, s->hi}, 2);
    json_end_object(w);
}

void summary_json(const struct summary *s, struct str *out)
{
    struct json_writer w = {.out = out, .indent = 2};
    json_object(&w, NULL);
    json_put_int(&w, "version", 1);
    json_put_text(&w, "of", s->title);
    json_put_real(&w, "t", 1e-9 * (double)s->now);
    json_put_int(&w, "jobs", (int64_t)s->n_jobs);
    json_put_int(&w, "frames", (int64_t)s->all.frames);
    for (enum outcome o = OUTCOME_BLANK; o < OUTCOME_END; o++)
        json_put_int(&w, outcome_word(o), (int64_t)s->totals.by_outcome[o]);
    json_put_int(&w, "lattices", (int64_t)s->all.lattices);
    json_put_int(&w, "reflections", (int64_t)s->all.reflections);
    rate_json(&s->all.hit_rate, "hit", &w);
    rate_json(&s->all.indexing_rate, "indexed", &w);
    const struct rate ice = rate_of(s->totals.ice, s->all.frames - s->all.failed),
                      solvent = rate_of(s->totals.solvent, s->totals.n_ring);
    rate_json(&ice, "ice", &w);
    rate_json(&solvent, "solvent", &w);
    for (int i = 0; i < 6; i++)
        json_spread(&w, cell_names[i], s->cell + i);
    json_spread(&w, "res_a", &s->res_a);
    json_spread(&w, "rmsd_px", &s->rmsd_px);
    json_array(&w, "forms", false);
    for (size_t i = 0; i < s->forms.n; i++) {
        json_object(&w, NULL);
        json_put_int(&w, "n", (int64_t)s->forms.form[i].n);
        json_put_reals(&w, "mean", s->forms.form[i].mean, 6);
        json_put_reals(&w, "sd", s->forms.form[i].sd, 6);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_put_int(&w, "in_no_form", (int64_t)s->forms.n_neither);
    json_object(&w, "reasons");
    for (int r = 1; r < REASON_END; r++)
        if (s->totals.by_reason[r])
            json_put_int(&w, reason_word((enum reason)r), (int64_t)s->totals.by_reason[r]);
    json_end_object(&w);
    if (s->dataset)
        summary_dataset_json(s->dataset, &w);
    json_array(&w, "ranks", false);
    for (size_t i = 0; i < s->n_ranks; i++) {
        json_object(&w, NULL);
        json_put_int(&w, "job", s->ranks[i].job);
        json_put_int(&w, "attempt", s->ranks[i].no);
        json_put_int(&w, "rank", s->ranks[i].writer);
        json_put_text(&w, "host", s->ranks[i].host);
        json_put_int(&w, "frames", (int64_t)s->ranks[i].frames);
        json_put_real(&w, "duty", rank_duty(s->ranks + i, threads_of(s, s->ranks[i].attempt)));
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    str_addc(out, '\n');
}
