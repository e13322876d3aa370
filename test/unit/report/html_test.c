/* html_test.c - pieces of pages: text is harmless, plots are whole and say where they end. */
#include "report/html.h"

#include "support.h"

#include <math.h>
#include <string.h>

static void text_is_made_harmless_and_stays_readable(void **state)
{
    (void)state;
    struct str out = {0};
    html_escape(&out, "a<b>&\"c\" \xC3\xA5 \x01\xff\xEF\xBF\xBF");
    assert_string_equal(out.text,
                        "a&lt;b&gt;&amp;&quot;c&quot; \xC3\xA5 \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    str_clear(&out);
    html_row(&out, "<x>", "1 & 2");
    assert_string_equal(out.text, "<tr><th scope=\"row\">&lt;x&gt;</th><td>1 &amp; 2</td></tr>\n");
    str_free(&out);
}

static double twice(double x)
{
    return 2 * x;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
        n++;
    return n;
}

static void a_histogram_shows_its_filled_bins_and_their_ends(void **state)
{
    (void)state;
    uint64_t counts[200] = {[20] = 3, [29] = 6};
    struct html_bins b = {"a & b", "", counts, 200, 10, 0.5, twice};
    struct str out = {0};
    html_histogram(&out, &b);
    assert_int_equal(count(out.text, "<rect"), 10);
    assert_non_null(strstr(out.text, "height=\"90.00\"")); /* the highest */
    assert_non_null(strstr(out.text, ">40</text>"));       /* 2 (10 + 20/2) */
    assert_non_null(strstr(out.text, ">50</text>"));       /* 2 (10 + 30/2) */
    assert_non_null(strstr(out.text, "<figcaption>a &amp; b</figcaption>"));
    counts[199] = 1; /* 180 bins are joined by threes: the axis ends where the last bar does */
    str_clear(&out);
    html_histogram(&out, &b);
    assert_int_equal(count(out.text, "<rect"), 60);
    assert_non_null(strstr(out.text, ">220</text>"));
    memset(counts, 0, sizeof counts);
    str_clear(&out);
    html_histogram(&out, &b);
    assert_int_equal(out.len, 0);
    str_free(&out);
}

static void shares_are_within_the_plot_and_unknown_ones_are_left_out(void **state)
{
    (void)state;
    const struct html_dot dots[] = {{"r1", 0.5, 0.4, 0.6}, {"r2", NAN, NAN, NAN}, {"<r3>", 1, 0.9, 1}};
    struct str out = {0};
    html_dots(&out, "hits", HTML_HIT, dots, 3);
    assert_int_equal(count(out.text, "<circle"), 2);
    assert_non_null(strstr(out.text, "&lt;r3&gt;"));
    assert_null(strstr(out.text, "nan"));
    str_clear(&out);
    html_dots(&out, "hits", HTML_HIT, NULL, 0);
    assert_int_equal(out.len, 0);
    html_share(&out, 7, HTML_HIT);
    assert_non_null(strstr(out.text, "width=\"100.00\""));
    str_clear(&out);
    html_share(&out, NAN, HTML_HIT);
    assert_int_equal(count(out.text, "<rect"), 1);
    str_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_made_harmless_and_stays_readable),
        cmocka_unit_test(a_histogram_shows_its_filled_bins_and_their_ends),
        cmocka_unit_test(shares_are_within_the_plot_and_unknown_ones_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
