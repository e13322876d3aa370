/* html.c - pieces of a page; see html.h. */
#include "report/html.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void html_escape(struct str *out, const char *text)
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

void html_row(struct str *out, const char *name, const char *value)
{
    str_add(out, "<tr><th scope=\"row\">");
    html_escape(out, name);
    str_add(out, "</th><td>");
    html_escape(out, value);
    str_add(out, "</td></tr>\n");
}

void html_share(struct str *out, double share, const char *colour)
{
    str_add(out, "<svg class=\"share\" viewBox=\"0 0 100 8\" aria-hidden=\"true\" "
                 "xmlns=\"http://www.w3.org/2000/svg\"><rect width=\"100\" height=\"8\" fill=\"#ecece6\"/>");
    if (isfinite(share))
        str_printf(out, "<rect width=\"%.2f\" height=\"8\" fill=\"%s\"/>", 100 * fmin(1, fmax(0, share)),
                   colour);
    str_add(out, "</svg>");
}

static void figure_begin(struct str *out, const char *title, int width, int height)
{
    str_printf(out, "<figure%s><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
               width > 400 ? " class=\"wide\"" : "", width, height);
    html_escape(out, title);
    str_add(out, "\" xmlns=\"http://www.w3.org/2000/svg\">");
}

static void figure_end(struct str *out, const char *title, const char *note)
{
    str_add(out, "</svg><figcaption>");
    html_escape(out, title);
    if (*note) {
        str_add(out, ": ");
        html_escape(out, note);
    }
    str_add(out, "</figcaption></figure>\n");
}

static void put_text(struct str *out, double x, double y, const char *anchor, const char *text)
{
    str_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    html_escape(out, text);
    str_add(out, "</text>");
}

static void put_number(struct str *out, double x, double y, const char *anchor, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.4g", value);
    put_text(out, x, y, anchor, text);
}

void html_histogram(struct str *out, const struct html_bins *b)
{
    enum { WIDTH = 300, HEIGHT = 90, MOST = 60 };
    size_t first = 0, last = b->n;
    while (first < b->n && b->counts[first] == 0)
        first++;
    while (last > first && b->counts[last - 1] == 0)
        last--;
    if (first == last)
        return;
    size_t join = (last - first + MOST - 1) / MOST, count = (last - first + join - 1) / join;
    uint64_t sums[MOST] = {0}, top = 0;
    for (size_t i = first; i < last; i++)
        sums[(i - first) / join] += b->counts[i];
    for (size_t i = 0; i < count; i++)
        top = sums[i] > top ? sums[i] : top;
    figure_begin(out, b->title, WIDTH, HEIGHT + 16);
    for (size_t i = 0; i < count; i++) {
        double h = HEIGHT * (double)sums[i] / (double)top, w = (double)WIDTH / (double)count;
        str_printf(out,
                   "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"" HTML_INDEXED "\"/>",
                   w * (double)i, HEIGHT - h, w * 0.9, h);
    }
    double lo = b->lo + b->step * (double)first, hi = b->lo + b->step * (double)(first + count * join);
    put_number(out, 0, HEIGHT + 13, "start", b->value ? b->value(lo) : lo);
    put_number(out, WIDTH, HEIGHT + 13, "end", b->value ? b->value(hi) : hi);
    figure_end(out, b->title, b->note);
}

void html_dots(struct str *out, const char *title, const char *colour, const struct html_dot *dots, size_t n)
{
    enum { WIDTH = 900, HEIGHT = 120, LEFT = 40, TOP = 8, NAMES = 10 };
    if (n == 0)
        return;
    double step = (double)(WIDTH - LEFT) / (double)n;
    size_t every = (n + NAMES - 1) / NAMES;
    figure_begin(out, title, WIDTH, TOP + HEIGHT + 18);
    for (int percent = 0; percent <= 100; percent += 50) {
        double y = TOP + HEIGHT * (1 - percent / 100.0);
        str_printf(out, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dfdfd8\"/>", LEFT, WIDTH,
                   y, y);
        put_number(out, LEFT - 6, y + 4, "end", percent);
    }
    for (size_t i = 0; i < n; i++) {
        double x = LEFT + step * ((double)i + 0.5);
        if (isfinite(dots[i].share))
            str_printf(
                out,
                "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"1.5\"/>"
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" fill=\"%s\"/>",
                x, x, TOP + HEIGHT * (1 - dots[i].hi), TOP + HEIGHT * (1 - dots[i].lo), colour, x,
                TOP + HEIGHT * (1 - dots[i].share), n > 100 ? "1.5" : "3", colour);
        if (i % every == 0)
            put_text(out, x, TOP + HEIGHT + 15, "middle", dots[i].name);
    }
    figure_end(out, title, "");
}
