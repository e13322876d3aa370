/* weather_text.c - the computational weather for a terminal, as pictures and as JSON; see weather.h. */
#include "report/report.h"

#include <math.h>

/* ---- a terminal ---- */

/* What most of the time of bins [from, to) went into. */
static char letter_of(const struct weather *w, const struct weather_try *t, size_t row, int from, int to)
{
    double by_kind[WEATHER_KINDS] = {0}, level = 0;
    int best = 0;
    for (int bin = from; bin < to; bin++) {
        for (int k = 0; k < WEATHER_KINDS; k++)
            by_kind[k] += (double)w->ranks[row].busy_ms[bin][k];
        level += weather_cell(w, t, row, bin).level;
    }
    for (int k = 1; k < WEATHER_KINDS; k++)
        best = by_kind[k] > by_kind[best] ? k : best;
    if (!(by_kind[best] > 0))
        return '.';
    return level >= 4.5 * (to - from) ? (char)(weather_letters[best] - 'a' + 'A') : weather_letters[best];
}

static void put_line(const struct weather *w, const struct weather_try *t, size_t row, int columns,
                     struct str *out)
{
    const struct weather_rank *r = w->ranks + row;
    str_printf(out, "  %5u ", r->rank->writer);
    for (int c = 0; c < columns; c++)
        str_addc(out, letter_of(w, t, row, c * WEATHER_BINS / columns, (c + 1) * WEATHER_BINS / columns));
    str_printf(out, isnan(r->duty) ? "    -" : " %3.0f%%", 100 * r->duty);
    if (r->outcomes[WEATHER_FAILED])
        str_printf(out, " %u failed", r->outcomes[WEATHER_FAILED]);
    str_addc(out, '\n');
}

static double seconds_of(const struct weather_try *t, int bin)
{
    return 1e-9 * (double)(t->end - t->begin) * bin / WEATHER_BINS;
}

/* Who kept the others waiting, and who waited. */
static void put_stragglers(const struct weather *w, const struct weather_try *t, struct str *out)
{
    for (size_t i = t->first; i < t->first + t->n; i++) {
        const struct weather_rank *r = w->ranks + i;
        char host[NAME_VISIBLE];
        str_visible(r->rank->host, host, sizeof host);
        if (r->late)
            str_printf(out, "  rank %u on %s: the others waited for it at the end\n", r->rank->writer, host);
        if (r->slow)
            str_printf(out, "  rank %u on %s: %.0f ms a frame, half as long again as the others or more\n",
                       r->rank->writer, host, r->frame_ms);
        if (r->idle_n)
            str_printf(out, "  rank %u on %s: nothing from %.1f s to %.1f s\n", r->rank->writer, host,
                       seconds_of(t, r->idle_from), seconds_of(t, r->idle_from + r->idle_n));
    }
}

void weather_text(const struct weather *w, int columns, struct str *out)
{
    columns = columns < 1 ? 1 : columns > WEATHER_BINS ? WEATHER_BINS : columns;
    for (size_t i = 0; i < w->n_tries; i++) {
        const struct weather_try *t = w->tries + i;
        str_printf(out, "job %lld, try %u: %.1f s, %s, a column %.3g s", (long long)t->job, t->no,
                   seconds_of(t, WEATHER_BINS), COUNT(t->n, "rank"), seconds_of(t, WEATHER_BINS) / columns);
        str_printf(out, isnan(t->duty) ? "\n" : ", duty %.0f%%\n", 100 * t->duty);
        for (size_t row = t->first; row < t->first + t->n; row++)
            put_line(w, t, row, columns, out);
        put_stragglers(w, t, out);
    }
    if (w->n_tries)
        str_add(
            out,
            "r read, s spots, i index and refine, p predict and integrate; capitals: half of the threads\n"
            "or more at work; . nothing\n");
    if (w->left_out)
        str_printf(out, "%zu more ranks are not drawn\n", w->left_out);
}

/* ---- pictures ---- */

enum { SVG_WIDTH = 720, SVG_LEFT = 46, SVG_ROW = 12 };
static const char *const colours[WEATHER_KINDS] = {"#7f8891", "#0a66ad", "#b04f00", "#00735a"};

/* Neighbours that look alike are one rectangle. rows: several ranks may be one; then the first is drawn. */
static void svg_row(const struct weather *w, const struct weather_try *t, size_t row, double y, double high,
                    struct str *out)
{
    const double step = (double)(SVG_WIDTH - SVG_LEFT) / WEATHER_BINS;
    for (int bin = 0, end; bin < WEATHER_BINS; bin = end) {
        struct weather_cell c = weather_cell(w, t, row, bin);
        for (end = bin + 1; end < WEATHER_BINS; end++) {
            struct weather_cell next = weather_cell(w, t, row, end);
            if (next.kind != c.kind || next.level != c.level)
                break;
        }
        if (c.level)
            str_printf(out,
                       "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" "
                       "fill-opacity=\"%.2f\"/>",
                       SVG_LEFT + step * bin, y, step * (end - bin), high, colours[c.kind],
                       0.25 + 0.75 * c.level / 9);
    }
    for (int bin = 0; bin < WEATHER_BINS; bin++)
        if (w->ranks[row].done[bin][WEATHER_FAILED])
            str_printf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"2\" height=\"%.1f\" fill=\"#b3261e\"/>",
                       SVG_LEFT + step * bin, y, high);
}

/* What the colours mean, below the rows. */
static void svg_key(double y, struct str *out)
{
    double x = SVG_LEFT + 60;
    for (int k = 0; k <= WEATHER_KINDS; k++, x += 90)
        str_printf(
            out,
            "<rect x=\"%.0f\" y=\"%.1f\" width=\"8\" height=\"8\" fill=\"%s\"/><text x=\"%.0f\" y=\"%.1f\" "
            "font-size=\"9\">%s</text>",
            x, y - 8, k < WEATHER_KINDS ? colours[k] : "#b3261e", x + 11, y,
            k < WEATHER_KINDS ? weather_kinds[k] : "a frame failed");
}

static void svg_try(const struct weather *w, const struct weather_try *t, struct str *out)
{
    size_t each = (t->n + WEATHER_ROWS - 1) / WEATHER_ROWS, rows = (t->n + each - 1) / each;
    double high = rows > 40 ? 4 : SVG_ROW, height = high * (double)rows + 14;
    str_printf(
        out,
        "<figure class=\"wide\"><svg viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"what each rank of job "
        "%lld, try %u, did when\" xmlns=\"http://www.w3.org/2000/svg\">",
        SVG_WIDTH, height, (long long)t->job, t->no);
    for (size_t k = 0; k < rows; k++) {
        size_t row = t->first + k * each;
        if (k % (rows > 40 ? 8 : 1) == 0)
            str_printf(out, "<text x=\"40\" y=\"%.1f\" font-size=\"9\" text-anchor=\"end\">%u</text>",
                       high * (double)k + (high > 8 ? 9 : 6), w->ranks[row].rank->writer);
        svg_row(w, t, row, high * (double)k + 1, high - (high > 8 ? 2 : 0.5), out);
    }
    str_printf(
        out,
        "<text x=\"%d\" y=\"%.0f\" font-size=\"9\">0 s</text><text x=\"%d\" y=\"%.0f\" font-size=\"9\" "
        "text-anchor=\"end\">%.1f s</text>",
        SVG_LEFT, height - 3, SVG_WIDTH, height - 3, seconds_of(t, WEATHER_BINS));
    svg_key(height - 3, out);
    str_printf(out, "</svg><figcaption>job %lld, try %u; pale: few threads at work", (long long)t->job,
               t->no);
    if (each > 1)
        str_printf(out, "; of %zu ranks one is drawn", each);
    if (!isnan(t->duty))
        str_printf(out, "; duty %.0f %%", 100 * t->duty);
    str_add(out, "</figcaption></figure>\n");
}

void weather_svg(const struct weather *w, struct str *out)
{
    for (size_t i = 0; i < w->n_tries; i++)
        svg_try(w, w->tries + i, out);
}

/* ---- JSON ---- */

static void put_strings(const struct weather *w, const struct weather_try *t, size_t row,
                        struct json_writer *j)
{
    char kind[WEATHER_BINS + 1] = "", level[WEATHER_BINS + 1] = "", outcome[WEATHER_BINS + 1] = "";
    for (int bin = 0; bin < WEATHER_BINS; bin++) {
        struct weather_cell c = weather_cell(w, t, row, bin);
        kind[bin] = c.level ? weather_letters[c.kind] : '.';
        level[bin] = (char)('0' + c.level);
        outcome[bin] = c.outcome < 0 ? '.' : weather_outcomes[c.outcome][0];
    }
    json_put_text(j, "kind", kind);
    json_put_text(j, "level", level);
    json_put_text(j, "outcome", outcome);
}

static void put_rank(const struct weather *w, const struct weather_try *t, size_t row, struct json_writer *j)
{
    const struct weather_rank *r = w->ranks + row;
    char host[NAME_VISIBLE];
    json_object(j, NULL);
    json_put_int(j, "rank", r->rank->writer);
    json_put_text(j, "host", str_visible(r->rank->host, host, sizeof host));
    json_put_int(j, "frames", (int64_t)r->frames);
    for (int k = 0; k < WEATHER_OUTCOMES; k++)
        json_put_int(j, weather_outcomes[k], r->outcomes[k]);
    json_put_fixed(j, "duty", r->duty, 4);
    json_put_fixed(j, "frame_ms", r->frame_ms, 2);
    json_put_bool(j, "late", r->late);
    json_put_bool(j, "slow", r->slow);
    json_put_fixed(j, "idle_from_s", r->idle_n ? seconds_of(t, r->idle_from) : NAN, 3);
    json_put_fixed(j, "idle_to_s", r->idle_n ? seconds_of(t, r->idle_from + r->idle_n) : NAN, 3);
    put_strings(w, t, row, j);
    json_end_object(j);
}

void weather_json(const struct weather *w, const char *key, struct json_writer *j)
{
    json_array(j, key, false);
    for (size_t i = 0; i < w->n_tries; i++) {
        const struct weather_try *t = w->tries + i;
        json_object(j, NULL);
        json_put_int(j, "job", t->job);
        json_put_int(j, "try", t->no);
        json_put_real(j, "t_begin", 1e-9 * (double)t->begin);
        json_put_real(j, "t_end", 1e-9 * (double)t->end);
        json_put_fixed(j, "duty", t->duty, 4);
        json_array(j, "ranks", false);
        for (size_t row = t->first; row < t->first + t->n; row++)
            put_rank(w, t, row, j);
        json_end_array(j);
        json_end_object(j);
    }
    json_end_array(j);
}
