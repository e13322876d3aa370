/* paired_text.c - trials side by side for reading, for tables and for programs; see paired.h. */
#include "report/paired.h"

#include <math.h>
#include <stdio.h>

static struct rate hit_of(const struct store_tally *t)
{
    return rate_of(t->hits, t->frames - t->failed);
}

static struct rate indexed_of(const struct store_tally *t)
{
    return rate_of(t->indexed, t->hits);
}

/* "61.0 %"; of few the counts. */
static const char *share(const struct rate *r, char out[48])
{
    if (r->of < RATE_FEW)
        snprintf(out, 48, "%llu of %llu", (unsigned long long)r->n, (unsigned long long)r->of);
    else
        snprintf(out, 48, "%.1f %%", 100 * r->share);
    return out;
}

static const char *angstrom(double d, char out[24])
{
    if (isfinite(d))
        snprintf(out, 24, "%.2f", d);
    return isfinite(d) ? out : "-";
}

static void verdict_text(const struct paired *p, size_t t, struct str *out)
{
    const struct paired_frames *f = p->frames + t;
    struct paired_verdict v = paired_verdict_of(f);
    uint64_t n = f->both + f->first + f->this + f->none;
    if (n == 0)
        return;
    str_printf(
        out,
        "trial %u against %u, %s that both have: %llu indexed by both, %llu only by %u, %llu only by %u\n",
        p->trials[t], p->trials[0], COUNT(n, "frame"), (unsigned long long)f->both,
        (unsigned long long)f->first, p->trials[0], (unsigned long long)f->this, p->trials[t]);
    str_printf(out, "  %+.2f %% of the frames, 95 %%: %+.2f to %+.2f", 100 * v.change, 100 * v.lo,
               100 * v.hi);
    if (isfinite(v.p))
        str_printf(out, v.p < 0.001 ? "; not by chance (p < 0.001)\n" : "; p = %.3f\n", v.p);
    else
        str_add(out, "; no frame differs\n");
}

void paired_text(const struct paired *p, struct str *out)
{
    char hits[48], indexed[48], res[24];
    str_printf(out, "%s that all %s have worked on\n", COUNT(p->n_runs, "run"), COUNT(p->n, "trial"));
    if (p->n_runs == 0)
        return;
    str_printf(out, "%6s %9s %12s %14s %9s %6s\n", "trial", "frames", "hits", "indexed/hits", "lattices",
               "res, Å");
    for (size_t t = 0; t < p->n; t++) {
        struct rate h = hit_of(p->sums + t), x = indexed_of(p->sums + t);
        str_printf(out, "%6u %9llu %12s %14s %9llu %6s\n", p->trials[t],
                   (unsigned long long)p->sums[t].frames, share(&h, hits), share(&x, indexed),
                   (unsigned long long)p->sums[t].lattices, angstrom(p->sums[t].res_a, res));
    }
    for (size_t t = 1; t < p->n; t++)
        verdict_text(p, t, out);
    if (p->n_counted < p->n_runs)
        str_printf(out, "frames are paired for the newest %s\n", COUNT(p->n_counted, "run"));
    str_printf(out, "\n%6s", "run");
    for (size_t t = 0; t < p->n; t++)
        str_printf(out, "  %*s%u", t + 1 < p->n ? 10 : 10, "trial ", p->trials[t]);
    str_add(out, "   (indexed of hits)\n");
    for (size_t i = 0; i < p->n_runs; i++) {
        str_printf(out, "%6lld", (long long)p->runs[i].ord);
        for (size_t t = 0; t < p->n; t++) {
            struct rate x = indexed_of(p->runs[i].of + t);
            str_printf(out, "  %11s", share(&x, indexed));
        }
        str_addc(out, '\n');
    }
}

void paired_csv(const struct paired *p, struct str *out)
{
    str_add(out, "# xfelx report --trials: a line a run and trial; both, only_first, only_this, none: frames "
                 "that this and "
                 "the first trial have, indexed by whom; run 0: all runs\n"
                 "run,trial,frames,failed,hits,indexed,lattices,res_a,both,only_first,only_this,none\n");
    for (size_t i = 0; i <= p->n_runs; i++)
        for (size_t t = 0; t < p->n; t++) {
            const struct paired_run *r = i < p->n_runs ? p->runs + i : NULL;
            const struct store_tally *s = r ? r->of + t : p->sums + t;
            const struct paired_frames *f = r ? r->frames + t : p->frames + t;
            char res[24];
            str_printf(out, "%lld,%u,%llu,%llu,%llu,%llu,%llu,%s,", r ? (long long)r->ord : 0LL, p->trials[t],
                       (unsigned long long)s->frames, (unsigned long long)s->failed,
                       (unsigned long long)s->hits, (unsigned long long)s->indexed,
                       (unsigned long long)s->lattices, isfinite(s->res_a) ? angstrom(s->res_a, res) : "");
            if (t > 0 && (!r || r->counted))
                str_printf(out, "%llu,%llu,%llu,%llu\n", (unsigned long long)f->both,
                           (unsigned long long)f->first, (unsigned long long)f->this,
                           (unsigned long long)f->none);
            else
                str_add(out, ",,,\n");
        }
}

static void put_tally(const struct store_tally *t, struct json_writer *w)
{
    struct rate h = hit_of(t), x = indexed_of(t);
    json_put_int(w, "frames", (int64_t)t->frames);
    rate_json(&h, "hit", w);
    rate_json(&x, "indexed", w);
    json_put_int(w, "lattices", (int64_t)t->lattices);
    json_put_real(w, "res_a", t->res_a);
}

static void put_frames(const struct paired_frames *f, struct json_writer *w)
{
    struct paired_verdict v = paired_verdict_of(f);
    json_object(w, "paired");
    json_put_int(w, "both", (int64_t)f->both);
    json_put_int(w, "only_first", (int64_t)f->first);
    json_put_int(w, "only_this", (int64_t)f->this);
    json_put_int(w, "none", (int64_t)f->none);
    json_put_real(w, "change", v.change);
    json_put_real(w, "lo", v.lo);
    json_put_real(w, "hi", v.hi);
    json_put_real(w, "p", v.p);
    json_end_object(w);
}

void paired_json(const struct paired *p, struct json_writer *w)
{
    json_array(w, "trials", false);
    for (size_t t = 0; t < p->n; t++) {
        json_object(w, NULL);
        json_put_int(w, "trial", p->trials[t]);
        put_tally(p->sums + t, w);
        if (t > 0)
            put_frames(p->frames + t, w);
        json_end_object(w);
    }
    json_end_array(w);
    json_put_int(w, "runs_paired", (int64_t)p->n_counted);
    json_array(w, "runs", false);
    for (size_t i = 0; i < p->n_runs; i++) {
        json_object(w, NULL);
        json_put_int(w, "run", p->runs[i].ord);
        json_put_int(w, "id", p->runs[i].run);
        json_array(w, "trials", false);
        for (size_t t = 0; t < p->n; t++) {
            json_object(w, NULL);
            put_tally(p->runs[i].of + t, w);
            if (t > 0 && p->runs[i].counted)
                put_frames(p->runs[i].frames + t, w);
            json_end_object(w);
        }
        json_end_array(w);
        json_end_object(w);
    }
    json_end_array(w);
}
