/* status_screen.c - the overview as one screen of text: `status` of a campaign, and --follow. Pure but for the environment's words about the
 * terminal. Marks of small plots are ASCII where the locale has no UTF-8. */
#include "cmd/book.h"
#include "cmd/status.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MARKS = 45, MINUTES_A_MARK = 4, WIDE = 120, LIST = 6 };

void status_marks(struct str *out, const double *v, size_t n, bool utf8)
{
    static const char *const fine[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const plain[] = {"_", ".", "-", "=", "+", "*", "%", "#"};
    double top = 0;
    for (size_t i = 0; i < n; i++)
        top = v[i] > top ? v[i] : top;
    for (size_t i = 0; i < n; i++) {
        int level = top > 0 ? (int)(7.999 * v[i] / top) : 0;
        str_add(out, isnan(v[i]) ? " " : (utf8 ? fine : plain)[level < 0 ? 0 : level > 7 ? 7 : level]);
    }
}

static void add_bar(struct str *out, double share, int width, bool utf8)
{
    int n = (int)lrint(share * width);
    for (int i = 0; i < (n < width ? n : width); i++)
        str_add(out, utf8 ? "█" : "#");
}

char *status_time(double s, char out[32])
{
    if (isnan(s))
        snprintf(out, 32, "-");
    else if (s < 120)
        snprintf(out, 32, "%.0f s", s);
    else if (s < 7200)
        snprintf(out, 32, "%.0f min", s / 60);
    else
        snprintf(out, 32, "%d h %02d", (int)(s / 3600), (int)(s / 60) % 60);
    return out;
}

static void add_plot(struct str *out, const struct standing *o, const char *name, const char *value,
                     const char *interval, enum series_kind kind, const struct status_look *look)
{
    double v[MARKS];
    size_t n = overview_series(o->in, kind, MINUTES_A_MARK, v, MARKS);
    str_printf(out, "%-13s %*s   %-15s ", name, strstr(value, "Å") ? 10 : 9, value,
               interval); /* Å: two bytes */
    status_marks(out, v + (n > 36 && look->width < WIDE ? n - 36 : 0), n > 36 && look->width < WIDE ? 36 : n,
                 look->utf8);
    str_addc(out, '\n');
}

static void add_rate(struct str *out, const struct standing *o, const char *name, const struct rate *r,
                     enum series_kind kind, const struct status_look *look)
{
    char value[32] = "-", interval[48] = "";
    if (r->of >= RATE_FEW) {
        snprintf(value, sizeof value, "%.1f %%", 100 * r->share);
        snprintf(interval, sizeof interval, "%.1f - %.1f", 100 * r->lo, 100 * r->hi);
    } else if (r->of) {
        snprintf(value, sizeof value, "%llu of %llu", (unsigned long long)r->n, (unsigned long long)r->of);
    }
    add_plot(out, o, name, value, interval, kind, look);
}

/* A part of the head, on a new line where this one is full. */
__attribute__((format(printf, 4, 5))) static void add_part(struct str *out, int *at, int width,
                                                           const char *format, ...)
{
    char part[NAME_VISIBLE];
    va_list args;
    va_start(args, format);
    vsnprintf(part, sizeof part, format, args);
    va_end(args);
    int n = (int)columns_taken(part);
    bool full = *at > 0 && *at + 3 + n > width;
    str_printf(out, "%s%s", *at == 0 ? "" : full ? "\n" : "   ", part);
    *at = full || *at == 0 ? n : *at + 3 + n;
}

static void add_marked(struct str *out, const char *text, const struct status_look *look)
{
    size_t start = out->len;
    help_wrap(out, 2, (size_t)look->width, text);
    out->text[start] = '!';
}

static void add_head(struct str *out, const struct standing *o, const char *name,
                     const struct status_look *look)
{
    int at = 0, width = look->width;
    char when[32], time[32], visible[NAME_VISIBLE];
    struct str cut = {0};
    columns_cut(&cut, str_visible(name, visible, sizeof visible), 30);
    add_part(out, &at, width, "%s", cut.text);
    if (o->run) {
        str_clear(&cut);
        columns_cut(&cut, str_visible(o->run->name, visible, sizeof visible), 24);
        add_part(out, &at, width, "run %lld %s", (long long)o->run->ord, cut.text);
    }
    str_free(&cut);
    if (o->in->trial && o->in->n_trials > 1)
        add_part(out, &at, width, "trial %u", o->in->trial->num);
    if (o->running && isfinite(o->frames_hz))
        add_part(out, &at, width, "%.1f Hz", o->frames_hz);
    if (isfinite(o->behind_s) && o->behind_s < 86400) /* older data are not behind, but old */
        add_part(out, &at, width, "%s behind", status_time(o->behind_s, time));
    add_part(out, &at, width, "%.8s UTC", clock_text(o->in->now, when) + 11);
    str_addc(out, '\n');
    str_add(out, look->colour ? (o->n_alarms ? "\033[1;31m" : "\033[1m") : "");
    help_wrap(out, 0, (size_t)look->width, o->finding);
    str_add(out, look->colour ? "\033[0m" : "");
    struct str line = {0};
    for (size_t i = 0; i < o->n_alarms; i++) { /* the text of the first is the finding */
        str_clear(&line);
        str_printf(&line, "%s%s%s", i ? o->alarms[i].text : "", i ? ": " : "", o->alarms[i].hint);
        add_marked(out, line.text, look);
    }
    for (size_t i = 0; i < o->n_bad_inputs; i++) {
        const struct overview_bad_input *b = o->bad_inputs + i;
        str_clear(&line);
        str_printf(&line, "%s %lld: %s: %s", b->group ? "rungroup" : "trial", (long long)b->number,
                   str_visible(b->text, visible, sizeof visible), b->hint);
        add_marked(out, line.text, look);
    }
    str_free(&line);
    str_addc(out, '\n');
}

static void add_plots(struct str *out, const struct standing *o, const struct status_look *look)
{
    char value[32] = "-", interval[48] = "";
    str_printf(out, "%-13s %9s   %-15s %s\n", "", "10 min", "95 %", "newest 3 h, one mark = 4 min");
    add_rate(out, o, "hits", &o->hit_now, SERIES_HIT_RATE, look);
    add_rate(out, o, "indexed/hits", &o->indexed_now, SERIES_INDEXING_RATE, look);
    if (isfinite(o->lattices_h)) {
        snprintf(value, sizeof value, "%.0f", o->lattices_h);
        snprintf(interval, sizeof interval, "%.0f - %.0f", o->lattices_h_lo, o->lattices_h_hi);
    }
    add_plot(out, o, "lattices/h", value, interval, SERIES_LATTICES, look);
    snprintf(value, sizeof value,
             !isfinite(o->res_a[1]) ? "-"
             : look->utf8           ? "%.2f Å"
                                    : "%.2f A",
             o->res_a[1]);
    interval[0] = 0;
    if (isfinite(o->res_a[0]) && isfinite(o->res_a[2]))
        snprintf(interval, sizeof interval, "%.2f - %.2f", o->res_a[2], o->res_a[0]);
    add_plot(out, o, "resolution", value, interval, SERIES_RESOLUTION, look);
    str_addc(out, '\n');
}

/* "  2.07 - 2.00 Å: 61 % of 95 % seen 10 times, multiplicity 11.4; trial 3" */
static void add_coverage(struct str *out, const struct overview_goal *g, const struct status_look *look)
{
    const struct coverage *c = g->coverage;
    str_printf(out, "  %.2f - %.2f %s: %.0f %% of %.0f %% seen %d times, multiplicity %.1f; trial %u%s\n",
               c->d_max, c->d_min, look->utf8 ? "Å" : "A",
               100 * coverage_share(c, (double)g->have, COVERAGE_FOLD), 100 * COVERAGE_SHARE, COVERAGE_FOLD,
               coverage_multiplicity(c, (double)g->have), g->trial,
               c->preferred ? "\n  crystals do not lie evenly: it will take more than this" : "");
}

static void add_goals(struct str *out, const struct standing *o, const struct status_look *look)
{
    char left[32], lo[32], hi[32], name[NAME_VISIBLE];
    if (o->n_goals)
        str_printf(out, "%-20s %10s %10s   %s\n", "goal", "have", "of", "left (95 %)");
    for (size_t i = 0; i < o->n_goals && i < LIST; i++) {
        const struct overview_goal *g = o->goals + i;
        columns_fill(out, str_visible(g->dataset, name, sizeof name), 20, false);
        str_printf(out, " %10llu %10llu   ", (unsigned long long)g->have, (unsigned long long)g->goal);
        if (g->have >= g->goal)
            str_add(out, "reached\n");
        else if (isnan(g->left_s))
            str_add(out, "not at this rate\n");
        else
            str_printf(out, "%s (%s to %s)\n", status_time(g->left_s, left), status_time(g->left_lo_s, lo),
                       isnan(g->left_hi_s) ? "never" : status_time(g->left_hi_s, hi));
        if (g->coverage)
            add_coverage(out, g, look);
    }
    if (o->n_goals > LIST)
        str_printf(out, "and %s more\n", COUNT(o->n_goals - LIST, "dataset"));
    if (o->n_goals)
        str_addc(out, '\n');
}

/* The reasons of hits that have no lattice, the most frequent first. */
static void add_reasons(struct str *out, const struct standing *o, const struct status_look *look)
{
    const uint64_t *n = o->in->totals.by_reason;
    bool shown[64] = {false};
    str_add(out, "why hits were not indexed\n");
    for (int line = 0; line < LIST; line++) {
        int best = 0;
        for (int r = REASON_TOO_MANY; r < REASON_SIGMA_B; r++)
            if (n[r] && !shown[r] && (!best || n[r] > n[best]))
                best = r;
        if (!best)
            break;
        shown[best] = true;
        struct rate share = rate_of(n[best], o->all.hits);
        str_printf(out, "  %-52s %5.1f %%  ", reason_help((enum reason)best), 100 * share.share);
        add_bar(out, share.share, look->width < WIDE ? 16 : 40, look->utf8);
        str_addc(out, '\n');
    }
    str_addc(out, '\n');
}

/* A run with its newest job of the trial; with a preview only while there is no other. */
static void add_run(struct str *out, const struct standing *o, const struct store_run_row *r)
{
    const struct store_tally *t = NULL;
    const struct store_book_job *j = NULL;
    char name[NAME_VISIBLE];
    for (size_t i = 0; i < o->in->n_jobs; i++)
        if (o->in->jobs[i].key.run == r->id && !o->in->jobs[i].key.task_rev && o->in->trial &&
            o->in->jobs[i].key.trial == o->in->trial->id && (!j || j->preview || !o->in->jobs[i].preview))
            j = o->in->jobs + i;
    for (size_t i = 0; j && i < o->in->n_tallies; i++)
        if (o->in->tallies[i].job == j->id)
            t = o->in->tallies + i;
    str_printf(out, "%5lld  ", (long long)r->ord);
    columns_fill(out, str_visible(r->name, name, sizeof name), 15, false);
    str_printf(out, " %-12s", book_run_state(r));
    if (t) {
        struct rate hit = rate_of(t->hits, t->frames - t->failed), indexed = rate_of(t->indexed, t->hits);
        double done = j->n_expected > 0 ? 100.0 * (double)t->frames / (double)j->n_expected : NAN;
        str_printf(out, " %8llu", (unsigned long long)t->frames);
        str_printf(out, isnan(done) ? "     -" : " %4.0f%%", done);
        str_printf(out, isnan(hit.share) ? "     -" : " %5.1f", 100 * hit.share);
        str_printf(out, isnan(indexed.share) ? "     -" : " %5.1f", 100 * indexed.share);
    } else {
        str_printf(out, " %8s %5s %5s %5s", "-", "-", "-", "-");
    }
    if (j)
        str_printf(out, " %5u  %lld %s%s", j->trial, (long long)j->id, j->preview ? "preview " : "",
                   job_state_word((int)j->state));
    str_addc(out, '\n');
}

static void add_runs(struct str *out, const struct standing *o, size_t rows)
{
    str_printf(out, "%5s  %-15s %-12s %8s %5s %5s %5s %5s  %s\n", "run", "name", "state", "frames", "done",
               "hit%", "idx%", "trial", "job");
    for (size_t i = 0; i < o->in->n_runs && i < rows; i++)
        add_run(out, o, o->in->runs + o->in->n_runs - 1 - i);
    if (o->in->n_runs > rows)
        str_printf(out, "       and %s\n", COUNT(o->in->n_runs - rows, "earlier run"));
}

/* "job 21 failed"; of other kinds their words: "watch error". */
static void add_event(struct str *out, const struct store_event *e)
{
    if (strcmp(e->kind, "job_failed") == 0) {
        str_printf(out, "job %lld failed", (long long)e->job);
        return;
    }
    for (const char *p = e->kind; *p; p++)
        str_addc(out, *p == '_' ? ' ' : *p);
    if (e->job)
        str_printf(out, ", job %lld", (long long)e->job);
}

/* When, which job, and as much of the reason as the line takes. */
static void add_errors(struct str *out, const struct standing *o, int width)
{
    for (size_t i = 0; i < o->in->n_errors && i < 3; i++) {
        char when[32], text[NAME_VISIBLE];
        const struct store_event *e = o->in->errors + i;
        struct str line = {0};
        clock_text(e->t, when);
        str_printf(&line, "%.10s %.5s  ", when, when + 11);
        add_event(&line, e);
        str_printf(&line, ": %s", str_visible(e->body, text, sizeof text));
        columns_cut(out, line.text, (size_t)width);
        str_addc(out, '\n');
        str_free(&line);
    }
}

static void add_machinery(struct str *out, const struct standing *o, int width)
{
    char age[32], owner[OWNER];
    const struct store_health *h = &o->in->health;
    const char *comma = "\njobs: ";
    for (int s = 1; s < JOB_STATE_END; s++)
        if (o->jobs_by[s]) {
            str_printf(out, "%s%u %s", comma, o->jobs_by[s], job_state_word(s));
            comma = ", ";
        }
    double age_s;
    enum overview_watch watch = overview_watch(o->in, &age_s);
    status_time(age_s, age);
    owner_shown(h->lease_owner, owner);
    if (watch == WATCH_NEVER)
        str_add(out, "\nwatch: nobody yet; xfelx watch finds runs and starts jobs\n");
    else if (watch == WATCH_NOBODY)
        str_printf(out, "\nwatch: nobody for %s: start xfelx watch (before: %s)\n", age, owner);
    else
        str_printf(out, "\nwatch: %s, %s %s ago\n", owner, watch == WATCH_ACTS ? "heard" : "looked", age);
    str_printf(out, "newest number: %s%s\n", status_time(o->age_s, age), isnan(o->age_s) ? "" : " old");
    add_errors(out, o, width);
}

void status_screen(const struct standing *o, const char *name, const struct status_look *look,
                   struct str *out)
{
    add_head(out, o, name, look);
    if (o->all.frames) {
        add_plots(out, o, look);
        add_goals(out, o, look);
        if (o->all.hits > o->all.indexed)
            add_reasons(out, o, look);
    }
    add_runs(out, o, look->rows);
    add_machinery(out, o, look->width);
}

void status_line(const struct standing *o, const char *name, struct str *out)
{
    char behind[32];
    str_printf(out, "%s", name);
    if (o->run)
        str_printf(out, " run %lld", (long long)o->run->ord);
    const struct rate *hit = o->running ? &o->hit_now : &o->all.hit_rate,
                      *indexed = o->running ? &o->indexed_now : &o->all.indexing_rate;
    if (hit->of >= RATE_FEW)
        str_printf(out, " hits %.1f%%", 100 * hit->share);
    if (indexed->of >= RATE_FEW)
        str_printf(out, " indexed %.1f%%", 100 * indexed->share);
    if (isfinite(o->behind_s))
        str_printf(out, " %s behind", status_time(o->behind_s, behind));
    if (o->n_alarms)
        str_printf(out, " %s: %s", COUNT(o->n_alarms, "alarm"), o->alarms[0].kind);
    str_addc(out, '\n');
}
