/* summary_html.c - the report as one page that needs nothing else and prints on A4. XHTML syntax, so that an XML parser reads it too;
 * whatever comes from outside goes through escape(). */
#include "report/summary.h"

#include <math.h>
#include <string.h>

static void escape(struct str *out, const char *text)
{
    for (const char *p = text; *p;) {
        uint32_t code;
        int n = str_utf8(p, &code);
        const char *as = *p == '<'   ? "&lt;"
                         : *p == '>' ? "&gt;"
                         : *p == '&' ? "&amp;"
                         : *p == '"' ? "&quot;"
                                     : NULL;
        bool control = code < 32 && *p != '\n' && *p != '\t';
        if (n == 0 || control || code == 0xFFFE || code == 0xFFFF)
            str_add(out, "\xEF\xBF\xBD"); /* XML has no such characters */
        else if (as)
            str_add(out, as);
        else
            str_addn(out, p, (size_t)n);
        p += n > 0 ? n : 1;
    }
}

static void row(struct str *out, const char *name, const char *value)
{
    str_add(out, "<tr><th scope=\"row\">");
    escape(out, name);
    str_add(out, "</th><td>");
    escape(out, value);
    str_add(out, "</td></tr>\n");
}

/* Bars of a histogram between its first and last filled bin, joined so that there are at most 60. */
static void bars(struct str *out, const char *title, const uint64_t *bins, size_t n, double lo, double step)
{
    enum { WIDTH = 300, HEIGHT = 90, MOST = 60 };
    size_t first = 0, last = n;
    while (first < n && bins[first] == 0)
        first++;
    while (last > first && bins[last - 1] == 0)
        last--;
    if (first == last)
        return;
    size_t join = (last - first + MOST - 1) / MOST, count = (last - first + join - 1) / join;
    uint64_t sums[MOST] = {0}, top = 0;
    for (size_t i = first; i < last; i++)
        sums[(i - first) / join] += bins[i];
    for (size_t i = 0; i < count; i++)
        top = sums[i] > top ? sums[i] : top;
    str_add(out, "<figure><svg viewBox=\"0 0 300 106\" role=\"img\" aria-label=\"");
    escape(out, title);
    str_add(out, "\" xmlns=\"http://www.w3.org/2000/svg\">");
    for (size_t i = 0; i < count; i++) {
        double h = HEIGHT * (double)sums[i] / (double)top, w = (double)WIDTH / (double)count;
        str_printf(out, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"#0a66ad\"/>",
                   w * (double)i, HEIGHT - h, w * 0.9, h);
    }
    str_printf(out,
               "<text x=\"0\" y=\"103\" font-size=\"10\">%.4g</text><text x=\"300\" y=\"103\" "
               "font-size=\"10\" text-anchor=\"end\">%.4g</text></svg><figcaption>",
               lo + step * (double)first, lo + step * (double)last);
    escape(out, title);
    str_add(out, "</figcaption></figure>\n");
}

/* A parameter of the cell over the sample, ± 4 of its half widths about the median. */
static void cell_bars(struct str *out, const struct summary *s, int c)
{
    enum { BINS = 40 };
    static const char *const titles[6] = {"a, Å", "b, Å", "c, Å", "α, °", "β, °", "γ, °"};
    uint64_t bins[BINS] = {0};
    double half = 2 * (s->cell[c].hi - s->cell[c].lo), lo = s->cell[c].median - half, step = 2 * half / BINS;
    if (!s->cell[c].n || !(step > 1e-9)) /* all alike: set by symmetry */
        return;
    for (size_t i = 0; i < s->n_sample; i++) {
        double at = (s->sample[i].cell[c] - lo) / step;
        if (at >= 0 && at < BINS)
            bins[(size_t)at]++;
    }
    bars(out, titles[c], bins, BINS, lo, step);
}

static void table(struct str *out, const struct summary *s)
{
    static const char *const names[8] = {"a, Å",    "b, Å",     "c, Å",          "alpha, °",
                                         "beta, °", "gamma, °", "resolution, Å", "rmsd, px"};
    const struct figures *f = &s->all;
    char text[96];
    struct str v = {0};
    str_add(out, "<table>\n");
    str_printf(&v, "%llu", (unsigned long long)f->frames);
    row(out, "Frames", v.text);
    row(out, "Hits of readable frames", rate_text(&f->hit_rate, text));
    row(out, "Indexed of hits", rate_text(&f->indexing_rate, text));
    const struct {
        const char *name;
        uint64_t n;
    } counts[] = {{"Frames integrated", f->integrated},
                  {"Lattices", f->lattices},
                  {"Frames with several lattices", s->totals.multi},
                  {"Reflections", f->reflections},
                  {"Frames failed", f->failed}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        str_clear(&v);
        str_printf(&v, "%llu", (unsigned long long)counts[i].n);
        row(out, counts[i].name, v.text);
    }
    for (int i = 0; i < 8; i++) {
        const struct spread *p = i < 6 ? s->cell + i : i == 6 ? &s->res_a : &s->rmsd_px;
        str_clear(&v);
        str_printf(&v, "%.3f [%.3f, %.3f]", p->median, p->lo, p->hi);
        if (p->n)
            row(out, names[i], v.text);
    }
    for (int r = 1; r < REASON_END; r++)
        if (s->totals.by_reason[r]) {
            str_clear(&v);
            str_printf(&v, "%llu", (unsigned long long)s->totals.by_reason[r]);
            row(out, reason_help((enum reason)r), v.text);
        }
    str_add(out, "</table>\n");
    str_free(&v);
}

static void by_label(struct str *out, const struct split *s)
{
    struct str text = {0};
    split_text(s, &text);
    str_add(out, "<h2>Frames by label</h2><pre>");
    escape(out, text.text ? text.text : "");
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
                escape(out, cells[c]);
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
    "charset=\"utf-8\"/>"
    "<style>@page{size:A4;margin:15mm}body{font:14px/1.45 system-ui,sans-serif;max-width:62rem;margin:1rem "
    "auto;padding:0 1rem;color:#1a1e23}table{border-collapse:collapse}th,td{text-align:left;padding:2px 10px "
    "2px "
    "0;border-bottom:1px solid #dfdfd8;font-weight:400;overflow-wrap:anywhere}figure{display:inline-block;"
    "width:18rem;margin:.5rem 1rem .5rem 0;break-inside:avoid}figcaption{color:#59626c;font-size:.86rem}"
    "pre{white-space:pre-wrap;font-size:.8rem}</style><title>";

void summary_html(const struct summary *s, struct str *out)
{
    static const struct {
        int kind;
        const char *title;
    } plots[] = {{STORE_HIST_RES, "1/d² of lattices, 1/Å²"},
                 {STORE_HIST_RMSD, "rmsd of spots, px"},
                 {STORE_HIST_DX, "detector shift along fast, px"},
                 {STORE_HIST_DY, "detector shift along slow, px"},
                 {STORE_HIST_ENERGY, "photon energy, eV"}};
    char when[32];
    str_add(out, head);
    escape(out, s->title);
    str_add(out, "</title></head><body><h1>");
    escape(out, s->title);
    str_printf(out,
               "</h1><p>%s, as of %s. Rates with 95 %% Wilson intervals; of lattices the median and the 16 "
               "and 84 percentiles of a sample of %zu.</p>\n",
               COUNT(s->n_jobs, "job"), clock_text(s->now, when), s->n_sample);
    table(out, s);
    if (s->split)
        by_label(out, s->split);
    str_add(out, "<h2>Lattices</h2>\n");
    for (int c = 0; c < 6; c++)
        cell_bars(out, s, c);
    for (size_t i = 0; i < sizeof plots / sizeof *plots; i++)
        for (size_t k = 0; k < s->n_hists; k++)
            if (s->hists[k].kind == plots[i].kind)
                bars(out, plots[i].title, s->hists[k].bins, s->hists[k].n_bins, s->hists[k].lo,
                     s->hists[k].step);
    struct str weather = {0};
    summary_weather(s, &weather);
    str_add(out, "<h2>What each rank did</h2><pre>");
    escape(out, weather.text ? weather.text : "");
    str_free(&weather);
    str_add(out, "</pre>\n");
    jobs(out, s);
    str_add(out, "<h2>Parameters of the newest trial that differ from the defaults</h2><pre>");
    escape(out, s->phil);
    str_add(out, "</pre></body></html>\n");
}
