/* summary_test.c - spreads, duty, and the forms of a report; names from outside are hostile. */
#include "report/report.h"

#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void a_spread_is_median_and_percentiles_of_what_is_finite(void **state)
{
    (void)state;
    double v[] = {5, NAN, 1, 3, 2, 4};
    struct spread s = spread_of(v, 6);
    assert_int_equal(s.n, 5);
    assert_double_equal(s.median, 3, 0);
    assert_double_equal(s.lo, 1.64, 1e-12);
    assert_double_equal(s.hi, 4.36, 1e-12);
    assert_true(isnan(spread_of(v, 0).median));
}

static void duty_is_a_share_of_the_threads_time(void **state)
{
    (void)state;
    struct store_rank r = {.frames = 100, .first_t = 1, .last_t = 1 + 10 * INT64_C(1000000000)};
    r.stage_ms[0] = 10000;
    assert_double_equal(rank_duty(&r, 2), 0.49, 1e-6); /* 98 of 100 frames × 100 ms in 2 × 10 s */
    assert_true(isnan(rank_duty(&r, 0)));
    r.last_t = r.first_t;
    assert_true(isnan(rank_duty(&r, 2)));
}

static const char hostile[] = "<script>alert(1)</script>\"&\x01\xff";

static struct summary hostile_summary(struct store_book_job *job, struct store_sampled *sample)
{
    static uint64_t bins[3] = {1, 5, 0};
    static const struct store_hist hist = {
        .kind = STORE_HIST_RMSD, .n = 6, .step = 1, .n_bins = 3, .bins = bins};
    *job = (struct store_book_job){.id = 1, .run = hostile, .folder = hostile, .state = JOB_DONE};
    *sample = (struct store_sampled){.cell = {79, 79, 38, 90, 90, 90}, .res_a = 2, .rmsd_px = NAN};
    struct summary s = {
        .title = hostile, .phil = hostile, .jobs = job, .n_jobs = 1, .hists = &hist, .n_hists = 1};
    s.sample = sample, s.n_sample = 1;
    static struct split_row by_sample = {.word = hostile, .value = NAN};
    by_sample.figures =
        (struct figures){.frames = 7, .hit_rate = rate_of(5, 7), .indexing_rate = rate_of(2, 5)};
    static struct split split;
    split = (struct split){.label = hostile, .unit = "", .kind = "text", .rows = &by_sample, .n = 1};
    s.split = &split;
    s.totals.by_reason[REASON_ICE] = 3;
    s.all.hit_rate = rate_of(30, 100);
    s.all.indexing_rate = rate_of(3, 4);
    double a = 79;
    s.cell[0] = spread_of(&a, 1);
    return s;
}

static void html_holds_nothing_of_what_a_name_says(void **state)
{
    (void)state;
    struct store_book_job job;
    struct store_sampled sample;
    const struct summary s = hostile_summary(&job, &sample);
    struct str out = {0};
    summary_html(&s, &out);
    assert_null(strstr(out.text, "<script"));
    assert_non_null(strstr(out.text, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;"));
    assert_null(strchr(out.text, '\x01'));
    assert_null(strchr(out.text, '\xff'));
    assert_non_null(strstr(out.text, "<svg"));
    assert_non_null(strstr(out.text, "5 of 7")); /* by label */
    assert_non_null(strstr(out.text, "</body></html>"));
    str_free(&out);
}

static void forms_for_programs_read_back(void **state)
{
    (void)state;
    struct store_book_job job;
    struct store_sampled sample;
    struct error err = {0};
    double p = 0;
    const struct summary s = hostile_summary(&job, &sample);
    struct str out = {0};
    summary_json(&s, &out);
    struct json *root = json_parse(out.text, out.len, "report", &err);
    assert_non_null(root);
    assert_true(json_number(json_get(json_get(root, "hit"), "p"), &p));
    assert_double_equal(p, 0.3, 1e-12);
    json_free(root);
    str_clear(&out);
    summary_csv(&s, &out);
    assert_non_null(strstr(out.text, "hit_rate,0.300000,"));
    assert_non_null(strstr(out.text, "reason_ice,3,,,frames\n"));
    str_clear(&out);
    summary_cells(&s, &out);
    assert_non_null(strstr(out.text, "79.0000,79.0000,38.0000,90.0000,90.0000,90.0000,2.000,,\n"));
    str_free(&out);
}

static void runs_are_plotted_by_number_and_the_newest_are_listed(void **state)
{
    (void)state;
    enum { N = 260 };
    static struct store_book_job jobs[N];
    static struct store_tally tallies[N + 1];
    static char names[N][16];
    for (int i = 0; i < N; i++) { /* the jobs came in another order than the runs */
        int run = 1 + (i * 7) % N;
        snprintf(names[i], sizeof names[i], "r%04d", run);
        jobs[i] =
            (struct store_book_job){.id = i + 1, .run_ord = run, .run = names[i], .folder = "", .trial = 3};
        tallies[i] = (struct store_tally){
            .job = i + 1, .frames = 100, .hits = 40, .indexed = 10, .lattices = 12, .res_a = NAN};
    }
    tallies[N] = (struct store_tally){.job = N + 1, .frames = 100, .hits = 100}; /* of another trial */
    const struct summary s = {
        .title = "all runs", .phil = "", .jobs = jobs, .n_jobs = N, .tallies = tallies, .n_tallies = N + 1};
    struct str out = {0};
    summary_html(&s, &out);
    assert_non_null(strstr(out.text, "of trial 3"));
    assert_non_null(strstr(out.text, "40 of 100"));
    assert_null(strstr(out.text, "100 of 100"));
    assert_null(strstr(out.text, "<th scope=\"row\">r0060</th>")); /* 200 of 260 */
    const char *first = strstr(out.text, "<th scope=\"row\">r0061</th>"),
               *last = strstr(out.text, "<th scope=\"row\">r0260</th>");
    assert_true(first && last && first < last);
    assert_non_null(strstr(out.text, "The newest 200 of 260 runs"));
    size_t dots = 0;
    for (const char *p = out.text; (p = strstr(p, "<circle")) != NULL; p++)
        dots++;
    assert_int_equal(dots, 2 * N);
    str_free(&out);
}

static void solvent_and_ice_are_told_as_in_the_text(void **state)
{
    (void)state;
    struct summary s = {.title = "x", .phil = "", .all = {.frames = 1000, .failed = 100}};
    struct str text = {0}, page = {0};
    summary_html(&s, &page);
    assert_null(strstr(page.text, "solvent"));
    assert_null(strstr(page.text, "ice or salt"));
    s.totals =
        (struct store_totals){.frames = 1000, .n_ring = 800, .solvent = 400, .ice = 90, .ice_hits = 12};
    str_clear(&page);
    summary_html(&s, &page);
    summary_text(&s, &text);
    char rate[96];
    const struct rate solvent = rate_of(400, 800), ice = rate_of(90, 900);
    assert_non_null(strstr(page.text, ">solvent</th><td class=\"r\">400</td>"));
    assert_non_null(strstr(page.text, rate_text(&solvent, rate)));
    assert_non_null(strstr(text.text, rate));
    assert_non_null(strstr(page.text, ">ice or salt</th><td class=\"r\">90</td>"));
    assert_non_null(strstr(page.text, rate_text(&ice, rate)));
    assert_non_null(strstr(text.text, rate));
    for (const char *const *words =
             (const char *const[]){"frames that show the ring of water and lower angles", "frames, 12 hits",
                                   NULL};
         *words; words++)
        assert_true(strstr(page.text, *words) && strstr(text.text, *words));
    str_free(&text);
    str_free(&page);
}

static void who_is_waited_for_is_named(void **state)
{
    (void)state;
    const struct store_rank ranks[] = {
        {.job = 1, .attempt = 1, .no = 1, .writer = 0, .frames = 10, .first_t = 1, .last_t = 1000},
        {.job = 1, .attempt = 1, .no = 1, .writer = 1, .frames = 10, .first_t = 1, .last_t = 1500}};
    const struct summary s = {.ranks = ranks, .n_ranks = 2};
    struct str out = {0};
    summary_weather(&s, &out);
    const char *late = strstr(out.text, "others waited for it");
    assert_non_null(late);
    assert_null(strstr(late + 1, "others waited"));
    str_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spread_is_median_and_percentiles_of_what_is_finite),
        cmocka_unit_test(duty_is_a_share_of_the_threads_time),
        cmocka_unit_test(html_holds_nothing_of_what_a_name_says),
        cmocka_unit_test(forms_for_programs_read_back),
        cmocka_unit_test(runs_are_plotted_by_number_and_the_newest_are_listed),
        cmocka_unit_test(solvent_and_ice_are_told_as_in_the_text),
        cmocka_unit_test(who_is_waited_for_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
