/* overview_test.c - the whole at one glance, from roll-ups that are written down here. */
#include "report/overview.h"

#include "support.h"

#include <math.h>
#include <string.h>

#define MINUTE INT64_C(60000000000)

static struct store_minute minutes[OVERVIEW_MINUTES];

/* A steady experiment: 600 frames a minute, 120 hits, 80 of them indexed; the newest frame is of the last minute's end. */
static struct overview_sources steady(void)
{
    memset(minutes, 0, sizeof minutes);
    for (int i = 0; i < OVERVIEW_MINUTES; i++)
        minutes[i] = (struct store_minute){
            .minute = 1000 + i, .frames = 600, .hits = 120, .indexed = 80, .lattices = 80, .res_a = 2};
    struct overview_sources in = {.minutes = minutes, .n_minutes = OVERVIEW_MINUTES, .disk_free = NAN};
    in.now = (1000 + OVERVIEW_MINUTES) * MINUTE;
    in.totals.frames = 600 * OVERVIEW_MINUTES;
    in.totals.by_outcome[OUTCOME_BLANK] = 480 * OVERVIEW_MINUTES;
    in.totals.by_outcome[OUTCOME_HIT_NOT_INDEXED] = 40 * OVERVIEW_MINUTES;
    in.totals.by_outcome[OUTCOME_INTEGRATED] = 80 * OVERVIEW_MINUTES;
    in.totals.frame_t = in.totals.last_t = in.now - 1;
    in.live = in.totals;
    return in;
}

static const struct store_book_job running = {.id = 1, .key = {.run = 3}, .state = JOB_RUNNING};

static void with_job(struct overview_sources *in)
{
    in->jobs = &running;
    in->n_jobs = 1;
}

static void rates_are_of_ten_minutes_and_of_all(void **state)
{
    (void)state;
    struct arena a = {0};
    struct standing o;
    struct overview_sources in = steady();
    with_job(&in);
    overview_make(&in, &a, &o);
    assert_int_equal(o.hit_now.n, 1200);
    assert_int_equal(o.hit_now.of, 6000);
    assert_int_equal(o.all.hit_rate.n, 120 * OVERVIEW_MINUTES);
    assert_double_equal(o.frames_hz, 10, 0.01);
    assert_double_equal(o.lattices_h, 4800, 5);
    assert_true(o.lattices_h_lo < o.lattices_h && o.lattices_h < o.lattices_h_hi);
    assert_true(o.running && !o.stale);
    assert_int_equal(o.n_alarms, 0);
    assert_string_equal(o.finding, "20.0 % of the frames are hits, 66.7 % of these are indexed");
    arena_free(&a);
}

static void nothing_has_no_numbers(void **state)
{
    (void)state;
    struct arena a = {0};
    struct standing o;
    const struct overview_sources in = {.disk_free = NAN};
    overview_make(&in, &a, &o);
    assert_true(isnan(o.age_s) && isnan(o.frames_hz) && isnan(o.hit_now.share) && isnan(o.res_a[1]));
    assert_string_equal(o.finding, "nothing was processed yet");
    arena_free(&a);
}

static void a_goal_is_a_time_or_never(void **state)
{
    (void)state;
    struct arena a = {0};
    struct standing o;
    struct overview_sources in = steady();
    const char *tags[] = {"x"};
    const struct store_run_row run = {.id = 3, .tags = tags, .n_tags = 1};
    struct store_book_job job = running;
    struct store_dataset_row d = {.name = "d", .active = true, .goal = 9600, .tags = tags, .n_tags = 1};
    job.trial = 1;
    job.n_lattices = 4800;
    in.jobs = &job, in.n_jobs = 1, in.runs = &run, in.n_runs = 1, in.datasets = &d, in.n_datasets = 1;
    overview_make(&in, &a, &o);
    assert_int_equal(o.n_goals, 1);
    assert_int_equal(o.goals[0].have, 4800);
    assert_double_equal(o.goals[0].left_s, 3600, 5);
    assert_true(o.goals[0].left_lo_s < 3600 && o.goals[0].left_hi_s > 3600);
    d.goal = 4800000;
    overview_make(&in, &a, &o);
    assert_true(isnan(o.goals[0].left_s));
    arena_free(&a);
}

static void quantiles_lie_within_their_bins(void **state)
{
    (void)state;
    uint64_t bins[4] = {0, 10, 10, 0};
    const struct store_hist h = {
        .kind = STORE_HIST_RMSD, .n = 20, .peak = 2.5, .lo = 0, .step = 1, .n_bins = 4, .bins = bins};
    assert_double_equal(hist_quantile(&h, 0.5), 2, 1e-12);
    assert_double_equal(hist_quantile(&h, 0.25), 1.5, 1e-12);
    assert_double_equal(hist_quantile(&h, 1), 2.5, 1e-12); /* and none above the greatest */
    struct store_hist over = h;
    over.n = 40, over.over = 20;
    assert_true(isnan(hist_quantile(&over, 0.9)));
}

static void series_join_minutes(void **state)
{
    (void)state;
    const struct overview_sources in = steady();
    double out[OVERVIEW_MINUTES];
    assert_int_equal(overview_series(&in, SERIES_FRAMES, 4, out, 100), 45);
    assert_double_equal(out[0], 2400, 0);
    assert_int_equal(overview_series(&in, SERIES_INDEXING_RATE, 7, out, 100), 25);
    assert_double_equal(out[24], 2.0 / 3, 1e-12);
    overview_series(&in, SERIES_RESOLUTION, 60, out, 100);
    assert_double_equal(out[0], 2, 1e-12);
}

static void json_reads_back_and_unknown_is_null(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str text = {0};
    struct error err = {0};
    struct standing o;
    struct json_writer w = {.out = &text};
    double p = 0;
    struct overview_sources in = steady();
    in.health.kind = "sqlite";
    overview_make(&in, &a, &o);
    json_object(&w, NULL);
    overview_json(&o, "a \"name\"", 0, &w);
    json_end_object(&w);
    struct json *root = json_parse(text.text, text.len, "overview", &err);
    assert_non_null(root);
    assert_true(json_number(json_get(json_get(json_get(root, "keys"), "hit"), "p"), &p));
    assert_double_equal(p, 0.2, 1e-12);
    assert_string_equal(json_text(json_get(root, "experiment")), "a \"name\"");
    assert_true(json_is_null(json_get(json_get(root, "now"), "run")));
    json_free(root);
    str_free(&text);
    arena_free(&a);
}

static void an_input_that_cannot_be_used_is_told_with_what_to_do(void **state)
{
    (void)state;
    struct arena a = {0};
    struct standing o;
    struct str text = {0};
    struct error err = {0};
    struct json_writer w = {.out = &text};
    struct overview_sources in = steady();
    const struct store_trial_row trials[] = {{.num = 1, .active = true, .bad_input = ""},
                                             {.num = 2, .active = true, .bad_input = "no \"mask\""},
                                             {.num = 3, .bad_input = "it is off"}};
    const struct store_group_row groups[] = {{.id = 7, .active = true, .bad_input = "no geometry"},
                                             {.id = 8, .active = true}};
    in.trials = trials, in.n_trials = 3, in.groups = groups, in.n_groups = 2;
    overview_make(&in, &a, &o);
    assert_int_equal(o.n_bad_inputs, 2);
    json_object(&w, NULL);
    overview_json(&o, "x", 0, &w);
    json_end_object(&w);
    struct json *root = json_parse(text.text, text.len, "overview", &err);
    const struct json *list = json_get(root, "bad_inputs"), *of_trial = json_at(list, 0),
                      *of_group = json_at(list, 1);
    assert_non_null(of_group);
    assert_null(json_at(list, 2));
    assert_string_equal(json_text(json_get(of_trial, "of")), "trial");
    assert_string_equal(json_text(json_get(of_trial, "text")), "no \"mask\"");
    assert_non_null(strstr(json_text(json_get(of_trial, "hint")), "xfelx trial copy 2"));
    assert_string_equal(json_text(json_get(of_group, "of")), "rungroup");
    assert_non_null(strstr(json_text(json_get(of_group, "hint")), "xfelx group edit 7"));
    json_free(root);
    str_free(&text);
    arena_free(&a);
}

static void a_look_of_cron_counts_for_five_minutes(void **state)
{
    (void)state;
    enum { AGO_S = 40 };
    const int64_t second = INT64_C(1000000000);
    double age;
    struct overview_sources in = steady();
    assert_int_equal(overview_watch(&in, &age), WATCH_NEVER);
    assert_true(isnan(age));
    in.health.lease_renewed = in.now - AGO_S * second;
    in.health.lease_expires = in.now + 1;
    assert_int_equal(overview_watch(&in, &age), WATCH_ACTS);
    in.health.lease_expires = in.health.lease_renewed;
    assert_int_equal(overview_watch(&in, &age), WATCH_LOOKED);
    assert_double_equal(age, AGO_S, 1e-9);
    in.health.lease_renewed = in.now - OVERVIEW_WATCH_S * second;
    assert_int_equal(overview_watch(&in, &age), WATCH_NOBODY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_of_ten_minutes_and_of_all),
        cmocka_unit_test(nothing_has_no_numbers),
        cmocka_unit_test(a_goal_is_a_time_or_never),
        cmocka_unit_test(quantiles_lie_within_their_bins),
        cmocka_unit_test(series_join_minutes),
        cmocka_unit_test(json_reads_back_and_unknown_is_null),
        cmocka_unit_test(an_input_that_cannot_be_used_is_told_with_what_to_do),
        cmocka_unit_test(a_look_of_cron_counts_for_five_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
