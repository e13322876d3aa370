/* summary_html.c - the report as one page that needs nothing else and prints on A4. XHTML syntax, so that an XML parser reads it too;
 * whatever comes from outside goes through html_escape(). */
#include "report/summary_html.h"

#include "report/html.h"
#include "report/overview.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct store_hist *hist_of(const struct summary *s, int kind)
{
    for (size_t i = 0; i < s->n_hists; i++)
        if (s->hists[i].kind == kind && s->hists[i].n)
            return s->hists + i;
    return NULL;
}

/* ---- what stands first: five figures, read from across the room ---- */

static void key_figure(struct str *out, const char *name, const char *colour, const char *value,
                       const char *note)
{
    str_printf(out, "<td><p>%s</p><p class=\"%s\">", name, colour);
    html_escape(out, value);
    str_add(out, "</p><p>");
    html_escape(out, note);
    str_add(out, "</p></td>");
}

static void key_rate(struct str *out, const char *name, const char *colour, const struct rate *r)
{
    char value[32] = "–", note[64] = "none yet";
    if (r->of >= RATE_FEW)
        snprintf(value, sizeof value, "%.1f %%", 100 * r->share),
            snprintf(note, sizeof note, "95 %%: %.1f to %.1f", 100 * r->lo, 100 * r->hi);
    else if (r->of)
        snprintf(value, sizeof value, "%llu of %llu", (unsigned long long)r->n, (unsigned long long)r->of),
            snprintf(note, sizeof note, "too few for a rate");
    key_figure(out, name, colour, value, note);
}

static void key_figures(struct str *out, const struct summary *s)
{
    char value[32], note[64];
    const struct figures *f = &s->all;
    str_add(out, "<table class=\"key\"><tr>");
    snprintf(value, sizeof value, "%llu", (unsigned long long)f->frames);
    snprintf(note, sizeof note, "%llu failed", (unsigned long long)f->failed);
    key_figure(out, "Frames", "v", value, note);
    key_rate(out, "Hits of readable frames", "v hit", &f->hit_rate);
    key_rate(out, "Indexed of hits", "v idx", &f->indexing_rate);
    snprintf(value, sizeof value, "%llu", (unsigned long long)f->lattices);
    snprintf(note, sizeof note, "%llu reflections", (unsigned long long)f->reflections);
    key_figure(out, "Lattices", "v", value, note);
    snprintf(value, sizeof value, s->res_a.n ? "%.2f Å" : "–", s->res_a.median);
    snprintf(note, sizeof note, s->res_a.n ? "68 %%: %.2f to %.2f" : "no lattice", s->res_a.lo, s->res_a.hi);
    key_figure(out, "Resolution", "v", value, note);
    str_add(out, "</tr></table>\n");
}

/* ---- what became of each frame ---- */

/* What else was in the beam, as the text report says it. */
static void beam_row(struct str *out, const char *name, const struct rate *r, const char *of)
{
    char text[96];
    str_printf(out, "<tr><th scope=\"row\">%s</th><td class=\"r\">%llu</td><td>", name,
               (unsigned long long)r->n);
    html_share(out, r->share, HTML_REST);
    str_printf(out, "</td><td>%s %s</td></tr>\n", rate_text(r, text), of);
}

static void funnel(struct str *out, const struct summary *s)
{
    const struct overview_sources of = {.totals = s->totals};
    struct overview_step steps[OVERVIEW_STEPS];
    overview_funnel(&of, steps);
    str_add(out, "<h2>What became of each frame</h2><table class=\"full\">\n");
    for (int i = 0; i < OVERVIEW_STEPS; i++) {
        for (int r = 1; r < REASON_END; r++)
            if (steps[i].lost[r]) {
                str_add(out, "<tr class=\"lost\"><td>− ");
                html_escape(out, reason_help((enum reason)r));
                str_printf(out, "</td><td class=\"r\">%llu</td><td>", (unsigned long long)steps[i].lost[r]);
                html_share(out, (double)steps[i].lost[r] / (double)s->totals.frames, HTML_REST);
                str_add(out, "</td><td></td></tr>\n");
            }
        static const char *const colours[OVERVIEW_STEPS] = {HTML_REST, HTML_REST, HTML_HIT, HTML_INDEXED,
                                                            HTML_INTEGRATED};
        char text[96] = "";
        str_printf(out, "<tr><th scope=\"row\">%s</th><td class=\"r\">%llu</td><td>", steps[i].words,
                   (unsigned long long)steps[i].rate.n);
        html_share(out, s->totals.frames ? (double)steps[i].rate.n / (double)s->totals.frames : NAN,
                   colours[i]);
        str_printf(out, "</td><td>%s</td></tr>\n", i ? rate_text(&steps[i].rate, text) : "");
    }
    const struct rate ice = rate_of(s->totals.ice, s->all.frames - s->all.failed),
                      solvent = rate_of(s->totals.solvent, s->totals.n_ring);
    char more[96];
    if (solvent.of)
        beam_row(out, "solvent", &solvent, "frames that show the ring of water and lower angles");
    snprintf(more, sizeof more, "frames, %llu hits", (unsigned long long)s->totals.ice_hits);
    if (s->totals.ice)
        beam_row(out, "ice or salt", &ice, more);
    str_add(out, "</table>\n");
}

/* ---- crystals and geometry, as a first table of a paper has them ---- */

static void spread_row(struct str *out, const char *name, const struct spread *p, int digits)
{
    char text[96];
    if (!p->n)
        return;
    if (p->hi - p->lo < 1e-6)
        snprintf(text, sizeof text, "%.*f", digits, p->median);
    else
        snprintf(text, sizeof text, "%.*f [%.*f, %.*f]", digits, p->median, digits, p->lo, digits, p->hi);
    html_row(out, name, text);
}

static void energy_row(struct str *out, const struct summary *s)
{
    const struct store_hist *h = hist_of(s, STORE_HIST_ENERGY);
    char text[96];
    if (!h)
        return;
    double mean = h->total / (double)h->n;
    snprintf(text, sizeof text, "%.1f eV (%.5f Å), mean", mean, EV_ANGSTROM / mean);
    if (mean > 0)
        html_row(out, "Photon energy", text);
}

static void shift_row(struct str *out, const struct summary *s)
{
    const struct store_hist *x = hist_of(s, STORE_HIST_DX), *y = hist_of(s, STORE_HIST_DY);
    char text[96];
    if (!x || !y)
        return;
    snprintf(text, sizeof text, "%+.3f, %+.3f px, mean", x->total / (double)x->n, y->total / (double)y->n);
    html_row(out, "Beam beside where it was expected", text);
}

static void crystals(struct str *out, const struct summary *s)
{
    static const char *const names[6] = {"a, Å", "b, Å", "c, Å", "α, °", "β, °", "γ, °"};
    char text[96];
    if (!s->all.lattices)
        return;
    str_add(out, "<h2>Crystals and geometry</h2><table>\n");
    if (s->space_group)
        html_row(out, "Space group", s->space_group);
    for (int i = 0; i < 6; i++)
        spread_row(out, names[i], s->cell + i, i < 3 ? 3 : 2);
    spread_row(out, "Resolution of a lattice, Å", &s->res_a, 2);
    spread_row(out, "Spots beside their prediction, px", &s->rmsd_px, 3);
    snprintf(text, sizeof text, "%llu on %llu frames, %llu frames with several",
             (unsigned long long)s->all.lattices, (unsigned long long)s->all.indexed,
             (unsigned long long)s->totals.multi);
    html_row(out, "Lattices", text);
    snprintf(text, sizeof text, "%.0f", (double)s->all.reflections / (double)s->all.lattices);
    html_row(out, "Reflections a lattice, mean", text);
    energy_row(out, s);
    shift_row(out, s);
    str_add(out, "</table>\n");
    str_printf(out, "<p class=\"note\">Medians and the 16 and 84 percentiles of an even sample of %s.</p>\n",
               COUNT(s->n_sample, "lattice"));
}

/* ---- distributions ---- */

enum { BINS = 40 };

/* The middle of a sample, ± 4 of its half widths about the median. */
static void sample_bars(struct str *out, const struct summary *s, const char *title, const struct spread *p,
                        double lo, double hi, double (*of)(const struct store_sampled *l, int c), int c,
                        double (*value)(double x))
{
    uint64_t counts[BINS] = {0};
    double step = (hi - lo) / BINS;
    if (!p->n || !(step > 1e-9)) /* all alike: set by symmetry */
        return;
    for (size_t i = 0; i < s->n_sample; i++) {
        double at = (of(s->sample + i, c) - lo) / step;
        if (at >= 0 && at < BINS)
            counts[(size_t)at]++;
    }
    html_histogram(out, &(struct html_bins){title, "", counts, BINS, lo, step, value});
}

static double cell_of(const struct store_sampled *l, int c)
{
    return l->cell[c];
}
static double rmsd_of(const struct store_sampled *l, int c)
{
    (void)c;
    return l->rmsd_px;
}
static double s2_of(const struct store_sampled *l, int c)
{
    (void)c;
    return 1 / (l->res_a * l->res_a);
}
static double d_of(double s2)
{
    return 1 / sqrt(fmax(s2, 1e-6));
}

static void distributions(struct str *out, const struct summary *s)
{
    static const char *const titles[6] = {"a, Å", "b, Å", "c, Å", "α, °", "β, °", "γ, °"};
    static const struct {
        int kind;
        const char *title;
    } counted[] = {{STORE_HIST_DX, "Detector shift along fast, px"},
                   {STORE_HIST_DY, "Detector shift along slow, px"},
                   {STORE_HIST_ENERGY, "Photon energy, eV"}};
    str_add(out, "<h2>Distributions</h2>\n");
    for (int c = 0; c < 6; c++) {
        double half = 2 * (s->cell[c].hi - s->cell[c].lo);
        sample_bars(out, s, titles[c], s->cell + c, s->cell[c].median - half, s->cell[c].median + half,
                    cell_of, c, NULL);
    }
    if (s->res_a.n) {
        double near = 1 / (s->res_a.lo * s->res_a.lo), far = 1 / (s->res_a.hi * s->res_a.hi),
               half = near - far;
        sample_bars(out, s, "Resolution of lattices, Å", &s->res_a, fmax(0, far - half), near + half, s2_of,
                    0, d_of);
    }
    sample_bars(out, s, "Spots beside their prediction, px", &s->rmsd_px, 0, 2 * s->rmsd_px.hi, rmsd_of, 0,
                NULL);
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        for (size_t k = 0; k < s->n_hists; k++) {
            const struct store_hist *h = s->hists + k;
            if (h->kind == counted[i].kind)
                html_histogram(
                    out, &(struct html_bins){counted[i].title, "", h->bins, h->n_bins, h->lo, h->step, NULL});
        }
}

/* ---- throughput ---- */

static void throughput(struct str *out, const struct summary *s)
{
    double ms[STAGE_MAX] = {0}, all = 0, span = 1e-9 * (double)(s->totals.last_t - s->totals.first_t);
    char text[96];
    for (size_t i = 0; i < s->n_ranks; i++)
        for (int k = 0; k < STAGE_MAX; k++)
            ms[k] += s->ranks[i].stage_ms[k], all += s->ranks[i].stage_ms[k];
    if (!s->totals.frames || !(all > 0))
        return;
    str_add(out, "<h2>Throughput</h2><table>\n");
    snprintf(text, sizeof text, "%.1f frames/s over %.1f s", (double)s->totals.frames / fmax(span, 1e-3),
             span);
    if (span > 0)
        html_row(out, "From the first frame to the last", text);
    snprintf(text, sizeof text, "%.1f ms", all / (double)s->totals.frames);
    html_row(out, "A frame takes a thread", text);
    for (int k = 0; k < STAGE_MAX && s->stages[k]; k++)
        if (ms[k] > 0) {
            str_add(out, "<tr class=\"lost\"><th scope=\"row\">");
            html_escape(out, s->stages[k]);
            str_add(out, "</th><td>");
            html_share(out, ms[k] / all, HTML_REST);
            str_printf(out, " %.2f ms</td></tr>\n", ms[k] / (double)s->totals.frames);
        }
    str_add(out, "</table>\n");
}

static void by_label(struct str *out, const struct split *s)
{
    struct str text = {0};
    split_text(s, &text);
    str_add(out, "<h2>Frames by label</h2><pre>");
    html_escape(out, text.text ? text.text : "");
    str_add(out, "</pre>\n");
    str_free(&text);
}

static void jobs(struct str *out, const struct summary *s)
{
    str_add(out, "<h2>Jobs and versions</h2><table><tr><th>job</th><th>run</th><th>trial</th><th>state</th>"
                 "<th>program</th><th>host</th><th>results</th></tr>\n");
    for (size_t i = 0; i < s->n_jobs; i++) {
        const struct store_book_job *j = s->jobs + i;
        const struct store_book_attempt *a = j->n_attempts ? j->attempts + j->n_attempts - 1 : NULL;
        const char *cells[] = {j->run,           NULL,     job_state_word((int)j->state), a ? a->program : "",
                               a ? a->host : "", j->folder};
        str_printf(out, "<tr><td>%lld</td>", (long long)j->id);
        for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
            str_add(out, "<td>");
            if (cells[c])
                html_escape(out, cells[c]);
            else
                str_printf(out, "%u", j->trial);
            str_add(out, "</td>");
        }
        str_add(out, "</tr>\n");
    }
    str_add(out, "</table>\n");
}

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\"><head><meta "
    "charset=\"utf-8\"/><meta "
    "name=\"viewport\" content=\"width=device-width\"/><style>"
    "@page{size:A4;margin:15mm}"
    "body{font:14px/1.45 system-ui,sans-serif;max-width:62rem;margin:1.5rem auto;padding:0 "
    "1rem;color:#1a1e23;background:#fff}"
    "h1{font-size:1.6rem;margin:0}h2{font-size:1.05rem;margin:1.6rem 0 "
    ".4rem;break-after:avoid}p{margin:.2rem 0}"
    "table{border-collapse:collapse;break-inside:auto}tr{break-inside:avoid}"
    "th,td{text-align:left;padding:2px 14px 2px 0;border-bottom:1px solid "
    "#dfdfd8;font-weight:400;overflow-wrap:anywhere;"
    "vertical-align:top}th{color:#59626c}.r{text-align:right;font-variant-numeric:tabular-nums}.full{width:"
    "100%}"
    ".sub,.note,figcaption{color:#59626c}.note,figcaption{font-size:.86rem}.lost td,.lost "
    "th{color:#59626c;font-size:.9rem;"
    "border:0}.lost td:first-child{padding-left:1.2rem}"
    ".key{width:100%;margin:1rem 0;border:1px solid #dfdfd8}.key td{border:0;border-left:1px solid "
    "#dfdfd8;padding:.5rem .8rem;"
    "width:20%}.key td:first-child{border-left:0}.key p{margin:0;color:#59626c;font-size:.86rem}.key "
    "p.v{font-size:1.5rem;"
    "font-weight:600;color:#1a1e23}.key p.hit{color:" HTML_HIT "}.key p.idx{color:" HTML_INDEXED "}"
    "svg text{font:10px "
    "system-ui,sans-serif;fill:#59626c}svg.share{width:6rem;height:.5rem;vertical-align:middle}"
    "figure{display:inline-block;width:18rem;margin:.4rem 1rem .4rem "
    "0;break-inside:avoid}figure.wide{width:100%;margin:.4rem 0}"
    "pre{white-space:pre-wrap;font-size:.8rem;overflow-wrap:anywhere}"
    "@media "
    "print{body{margin:0;padding:0;max-width:none;-webkit-print-color-adjust:exact;print-color-adjust:exact}}"
    "</style><title>";

static void heading(struct str *out, const struct summary *s)
{
    char when[32];
    str_add(out, head);
    if (s->place) {
        html_escape(out, s->place);
        str_add(out, ": ");
    }
    html_escape(out, s->title);
    str_add(out, "</title></head><body><h1>");
    if (s->place) {
        html_escape(out, s->place);
        str_add(out, ": ");
    }
    html_escape(out, s->title);
    str_printf(out, "</h1><p class=\"sub\">%s", COUNT(s->n_jobs, "job"));
    if (s->n_jobs && s->jobs[s->n_jobs - 1].trial)
        str_printf(out, " of trial %u", s->jobs[s->n_jobs - 1].trial);
    if (s->totals.first_t)
        str_printf(out, ", frames done from %s", clock_text(s->totals.first_t, when));
    if (s->totals.first_t)
        str_printf(out, " to %s", clock_text(s->totals.last_t, when));
    str_printf(out, "; as of %s. Rates with 95 %% Wilson intervals.</p>\n", clock_text(s->now, when));
}

void summary_html(const struct summary *s, struct str *out)
{
    heading(out, s);
    key_figures(out, s);
    funnel(out, s);
    if (s->split)
        by_label(out, s->split);
    if (s->dataset)
        summary_dataset_html(s->dataset, out);
    crystals(out, s);
    summary_html_runs(out, s);
    distributions(out, s);
    throughput(out, s);
    struct str weather = {0};
    summary_weather(s, &weather);
    str_add(out, "<h2>What each rank did</h2><pre>");
    html_escape(out, weather.text ? weather.text : "");
    str_free(&weather);
    str_add(out, "</pre>\n");
    if (s->weather)
        weather_svg(s->weather, out);
    jobs(out, s);
    str_add(out, "<h2>Parameters of the newest trial that differ from the defaults</h2><pre>");
    html_escape(out, s->phil);
    str_add(out, "</pre></body></html>\n");
}
