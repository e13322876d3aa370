/* summary_html_runs.c - run by run; see summary_html.h. */
#include "report/summary_html.h"

#include "report/html.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS_MOST = 200 }; /* of the table: four pages of A4. The plots have all. */

static int by_job(const void *a, const void *b)
{
    int64_t x = ((const struct store_tally *)a)->job, y = ((const struct store_tally *)b)->job;
    return x < y ? -1 : x > y;
}

static const struct store_tally *tally_of(const struct summary *s, int64_t job)
{
    const struct store_tally key = {.job = job};
    return s->n_tallies ? bsearch(&key, s->tallies, s->n_tallies, sizeof key, by_job) : NULL;
}

struct line {
    const struct store_book_job *job;
    const struct store_tally *tally;
};

static int by_run(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int64_t p = x->job->run_ord, q = y->job->run_ord;
    return p != q ? (p < q ? -1 : 1) : x->job->id < y->job->id ? -1 : x->job->id > y->job->id;
}

/* Jobs with frames, by number of their run. */
static size_t lines_of(const struct summary *s, struct arena *a, struct line **out)
{
    size_t n = 0;
    *out = arena_array(a, s->n_jobs + 1, sizeof **out);
    for (size_t i = 0; i < s->n_jobs; i++) {
        const struct store_tally *t = tally_of(s, s->jobs[i].id);
        if (t)
            (*out)[n++] = (struct line){s->jobs + i, t};
    }
    if (n)
        qsort(*out, n, sizeof **out, by_run);
    return n;
}

static void plot(struct str *out, const struct line *lines, size_t n, bool indexed, struct arena *a)
{
    struct html_dot *dots = arena_array(a, n, sizeof *dots);
    for (size_t i = 0; i < n; i++) {
        const struct store_tally *t = lines[i].tally;
        struct rate r = indexed ? rate_of(t->indexed, t->hits) : rate_of(t->hits, t->frames - t->failed);
        dots[i] = (struct html_dot){lines[i].job->run, r.share, r.lo, r.hi};
    }
    html_dots(out,
              indexed ? "Indexed, % of the hits of each run" : "Hits, % of the readable frames of each run",
              indexed ? HTML_INDEXED : HTML_HIT, dots, n);
}

static void row(struct str *out, const struct line *l)
{
    char text[96];
    const struct store_tally *t = l->tally;
    struct rate hits = rate_of(t->hits, t->frames - t->failed), indexed = rate_of(t->indexed, t->hits);
    str_add(out, "<tr><th scope=\"row\">");
    html_escape(out, l->job->run);
    str_printf(out, "</th><td class=\"r\">%llu</td><td class=\"r\">%llu</td><td>",
               (unsigned long long)t->frames, (unsigned long long)t->failed);
    html_share(out, hits.share, HTML_HIT);
    str_printf(out, " %s</td><td>", rate_text(&hits, text));
    html_share(out, indexed.share, HTML_INDEXED);
    str_printf(out, " %s</td><td class=\"r\">%llu</td><td class=\"r\">", rate_text(&indexed, text),
               (unsigned long long)t->lattices);
    if (isfinite(t->res_a))
        str_printf(out, "%.2f", t->res_a);
    str_add(out, "</td></tr>\n");
}

void summary_html_runs(struct str *out, const struct summary *s)
{
    struct arena a = {0};
    struct line *lines;
    size_t n = lines_of(s, &a, &lines);
    if (n > 1) {
        str_add(out, "<h2>Run by run</h2>\n");
        plot(out, lines, n, false, &a);
        plot(out, lines, n, true, &a);
        str_add(out, "<table class=\"full\"><thead><tr><th scope=\"col\">run</th><th scope=\"col\" "
                     "class=\"r\">frames</th><th "
                     "scope=\"col\" class=\"r\">failed</th><th scope=\"col\">hits</th><th "
                     "scope=\"col\">indexed</th><th "
                     "scope=\"col\" class=\"r\">lattices</th><th scope=\"col\" class=\"r\">d, "
                     "Å</th></tr></thead><tbody>\n");
        for (size_t i = n > ROWS_MOST ? n - ROWS_MOST : 0; i < n; i++)
            row(out, lines + i);
        str_add(out, "</tbody></table>\n");
        if (n > ROWS_MOST)
            str_printf(out, "<p>The newest %d of %zu runs; <code>xfelx run list</code> has all.</p>\n",
                       ROWS_MOST, n);
    }
    arena_free(&a);
}
