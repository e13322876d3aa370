/* tune_say.c - what tuning came to, for people and for programs. See tune.h. */
#include "cmd/tune.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const ways[2] = {"before", "after"};

/* ---- text ---- */

static void number(char out[32], double v, int decimals)
{
    if (isfinite(v))
        snprintf(out, 32, "%.*f", decimals, v);
    else
        snprintf(out, 32, "-");
}

static void line(const struct tune *t, struct str *out, const char *name, const double v[2], int decimals)
{
    char a[32], b[32];
    number(a, v[0], decimals);
    number(b, v[1], decimals);
    str_printf(out, "  %-22s %12s", name, a);
    if (t->changed)
        str_printf(out, " %12s", b);
    str_addc(out, '\n');
}

static void differences(const struct tune *t, struct str *out)
{
    if (!t->changed) {
        str_add(out, "nothing is changed: as it was processed\n");
        return;
    }
    str_printf(out, "%zu parameter%s changed\n", t->n_differences, t->n_differences == 1 ? " is" : "s are");
    for (size_t i = 0; i < t->n_differences; i++) {
        const struct param_difference *d = t->differences + i;
        str_printf(out, "  %s = %s, was %s\n", d->path, d->is ? d->is : "(none)", d->was ? d->was : "(none)");
    }
}

static void one_frame(const struct tune *t, struct str *out)
{
    const struct tune_outcome *w = t->frames->way;
    str_printf(out, "\nframe %u/%u %*s\n", t->frames->source, t->frames->frame, t->changed ? 37 : 1,
               t->changed ? "before        after" : "");
    str_printf(out, "  %-22s %s%s%s\n", "outcome", outcome_say(w[0].outcome), t->changed ? " → " : "",
               t->changed ? outcome_say(w[1].outcome) : "");
    line(t, out, "strong spots", (double[]){w[0].strong, w[1].strong}, 0);
    line(t, out, "lattices", (double[]){w[0].lattices, w[1].lattices}, 0);
    line(t, out, "indexed spots", (double[]){w[0].indexed, w[1].indexed}, 0);
    line(t, out, "integrated", (double[]){w[0].integrated, w[1].integrated}, 0);
    line(t, out, "rmsd, px", (double[]){w[0].rmsd_px, w[1].rmsd_px}, 3);
    line(t, out, "resolution, Å", (double[]){w[0].res_a, w[1].res_a}, 2);
    line(t, out, "seconds", (double[]){w[0].seconds, w[1].seconds}, 2);
    for (int k = 0; k < 1 + t->changed; k++)
        if (*w[k].message)
            str_printf(out, "  %s: %s\n", ways[k], w[k].message);
}

static void all_frames(const struct tune *t, struct str *out)
{
    const struct tune_total *w = t->total;
    str_printf(out, "\n%s, all hits when they were processed\n", COUNT(t->n_frames, "frame"));
    line(t, out, "hits", (double[]){(double)w[0].hits, (double)w[1].hits}, 0);
    line(t, out, "indexed", (double[]){(double)w[0].indexed, (double)w[1].indexed}, 0);
    line(t, out, "lattices", (double[]){(double)w[0].lattices, (double)w[1].lattices}, 0);
    line(t, out, "expected false", (double[]){w[0].expected_false, w[1].expected_false}, 3);
    line(t, out, "score", (double[]){w[0].score, w[1].score}, 2);
    line(t, out, "median I/sigma", (double[]){w[0].i_sigma, w[1].i_sigma}, 2);
    line(t, out, "seconds a frame", (double[]){w[0].seconds, w[1].seconds}, 2);
    if (!t->changed)
        return;
    const struct paired_verdict *d = &t->verdict;
    str_printf(out, "  indexed: %+.1f %% of the frames (%+.1f to %+.1f), %llu gained, %llu lost, p = %.2g\n",
               100 * d->change, 100 * d->lo, 100 * d->hi, (unsigned long long)t->indexed.this,
               (unsigned long long)t->indexed.first, isnan(d->p) ? 1 : d->p);
}

void tune_text(const struct tune *t, struct str *out)
{
    differences(t, out);
    for (int k = 0; k < 1 + t->changed; k++)
        if (t->way[k].note)
            str_printf(out, "%s: %s\n", ways[k], t->way[k].note);
    one_frame(t, out);
    if (t->n_frames > 1)
        all_frames(t, out);
}

/* ---- JSON ---- */

static void json_outcome(struct json_writer *j, const char *key, const struct tune_outcome *o)
{
    json_object(j, key);
    json_put_text(j, "outcome", outcome_word(o->outcome));
    json_put_text(j, "outcome_text", outcome_say(o->outcome));
    json_put_text(j, "reason_text", o->reason ? reason_help(o->reason) : NULL);
    json_put_text(j, "reason", o->reason ? reason_word(o->reason) : NULL);
    json_put_text(j, "message", *o->message ? o->message : NULL);
    json_put_int(j, "strong", o->strong);
    json_put_int(j, "lattices", o->lattices);
    json_put_int(j, "indexed", o->indexed);
    json_put_int(j, "integrated", o->integrated);
    json_put_real(j, "rmsd_px", o->rmsd_px);
    json_put_real(j, "res_a", o->res_a);
    json_put_real(j, "seconds", o->seconds);
    json_end_object(j);
}

static void json_total(struct json_writer *j, const char *key, const struct tune_total *w)
{
    json_object(j, key);
    json_put_int(j, "hits", (int64_t)w->hits);
    json_put_int(j, "indexed", (int64_t)w->indexed);
    json_put_int(j, "integrated", (int64_t)w->integrated);
    json_put_int(j, "lattices", (int64_t)w->lattices);
    json_put_real(j, "expected_false", w->expected_false);
    json_put_real(j, "score", w->score);
    json_put_real(j, "median_i_sigma", w->i_sigma);
    json_put_real(j, "seconds", w->seconds);
    json_end_object(j);
}

static void json_totals(struct json_writer *j, const struct tune *t)
{
    const struct paired_verdict *d = &t->verdict;
    json_object(j, "totals");
    json_put_int(j, "frames", (int64_t)t->n_frames);
    for (int k = 0; k < 1 + t->changed; k++)
        json_total(j, ways[k], t->total + k);
    if (t->changed) {
        json_object(j, "indexed");
        json_put_int(j, "both", (int64_t)t->indexed.both);
        json_put_int(j, "lost", (int64_t)t->indexed.first);
        json_put_int(j, "gained", (int64_t)t->indexed.this);
        json_put_int(j, "neither", (int64_t)t->indexed.none);
        json_put_real(j, "difference", d->change);
        json_put_real(j, "lo", d->lo);
        json_put_real(j, "hi", d->hi);
        json_put_real(j, "p", isnan(d->p) ? 1 : d->p); /* none differs: as chance would have it */
        json_end_object(j);
    }
    json_end_object(j);
}

/* One way on the named frame, with everything that can be drawn. */
static void json_way(struct json_writer *j, const struct tune *t, int k)
{
    const struct result *r = t->frames->way[k].result;
    json_object(j, ways[k]);
    json_put_text(j, "note", t->way[k].note);
    json_array(j, "stages", false);
    for (uint32_t s = 0; s < r->n_stages && stage_info(s); s++) {
        json_object(j, NULL);
        json_put_text(j, "name", stage_info(s)->name);
        json_put_real(j, "seconds", (double)r->stage_ns[s] / 1e9);
        json_end_object(j);
    }
    json_end_array(j);
    const struct detector *true_to = r->detector ? r->detector : t->drawn;
    view_put_layout(j, &t->layout, t->drawn, true_to, r->beam.v.wavelength > 0 ? &r->beam.v : &t->beam.v);
    view_put_found(j, &t->layout, t->drawn, r);
    json_end_object(j);
}

void tune_json(const struct tune *t, struct str *out)
{
    struct json_writer j = {.out = out};
    struct str phil = {0};
    params_show(t->way[t->changed].params,
                &(struct param_show_options){.what = PARAM_SHOW_ALL, .expert = -1, .tree = PARAM_RECIPE},
                &phil);
    json_object(&j, NULL);
    json_put_int(&j, "version", 1);
    json_array(&j, "differences", false);
    for (size_t i = 0; i < t->n_differences; i++) {
        json_object(&j, NULL);
        json_put_text(&j, "path", t->differences[i].path);
        json_put_text(&j, "was", t->differences[i].was);
        json_put_text(&j, "is", t->differences[i].is);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_put_text(&j, "phil", phil.text);
    json_totals(&j, t);
    json_array(&j, "frames", false);
    for (size_t i = 0; i < t->n_frames; i++) {
        json_object(&j, NULL);
        json_put_int(&j, "source", t->frames[i].source);
        json_put_int(&j, "frame", t->frames[i].frame);
        for (int k = 0; k < 1 + t->changed; k++)
            json_outcome(&j, ways[k], t->frames[i].way + k);
        json_end_object(&j);
    }
    json_end_array(&j);
    for (int k = 0; k < 1 + t->changed; k++)
        json_way(&j, t, k);
    json_end_object(&j);
    str_addc(out, '\n');
    str_free(&phil);
}
