/* label_test.c - values given for frames, runs and stretches of time become labels and counts; on both kinds of database. */
#include "database.h"
#include "store/store_private.h"

#include <math.h>
#include <string.h>

static struct store *s;
static struct store_job job;
static struct arena arena;
static const struct store_by by = {"kim", STORE_VIA_COMMAND};
enum { FRAMES = 8 };

/* A run with 8 frames: event 100 + i, time 1000 s + 10 ms · i; hits from frame 4 on; the last has neither number nor time. */
static struct result result_of(uint32_t i)
{
    return (struct result){.id = {.frame = i, .path = "/data/a.h5"},
                           .outcome = i < 4 ? OUTCOME_BLANK : OUTCOME_HIT_NOT_INDEXED,
                           .reason = i < 4 ? REASON_FEW_SPOTS : REASON_NO_LATTICE,
                           .beam = {.v = {.wavelength = 1.3}},
                           .numbered = i + 1 < FRAMES,
                           .event = i + 1 < FRAMES ? 100 + (int64_t)i : 0,
                           .t_event = i + 1 < FRAMES ? INT64_C(1000000000000) + 10000000 * (int64_t)i : 0,
                           .t_done = 1 + (int64_t)i};
}

static void put(uint32_t first, uint32_t n)
{
    struct result r[FRAMES];
    const struct result *p[FRAMES];
    struct error err = {0};
    for (uint32_t i = 0; i < n; i++) {
        r[i] = result_of(first + i);
        p[i] = r + i;
    }
    const struct store_batch batch = {.attempt = job.attempt, .results = p, .n = n};
    if (!store_put_results(s, &job, &batch, 1, "hash", &err))
        fail_msg("%s %s", err.fact, err.detail);
}

static int begin(void **state)
{
    (void)state;
    struct error err = {0};
    static const struct store_source source = {"/data/a.h5", 100, 1, FRAMES, "NXmx"};
    const struct store_begin b = database_job(&source);
    database_place();
    return !(database_open(false, &s, &err) && store_begin(s, &b, &job, &err));
}

static int end(void **state)
{
    (void)state;
    store_close(s);
    arena_free(&arena);
    database_drop();
    return 0;
}

static void join(void)
{
    struct error err = {0};
    struct store_label_joined joined;
    if (!store_labels_join(s, 0, &joined, &err))
        fail_msg("%s %s", err.fact, err.detail);
}

/* Values of a label by event or time. */
struct given {
    enum store_label_how how;
    int64_t place;
    const char *text;
    double number;
};

static bool give(const struct store_label *label, bool corrected, const struct given *g, size_t n,
                 struct error *err)
{
    struct store_labels_in *in;
    int64_t *runs;
    size_t n_runs;
    const struct store_label_import what = {.label = *label, .corrected = corrected, .tolerance = 1000000};
    if (!store_labels_begin(s, &what, &in, err))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        const struct store_label_row row = {
            .run = 1, .how = g[i].how, .place = g[i].place, .value = {g[i].text, g[i].number}};
        ok = store_labels_put(in, &row, err);
    }
    return store_labels_end(in, &by, ok, &arena, &runs, &n_runs, err) && ok;
}

static const struct store_label_group *group(const struct store_label_group *rows, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(rows[i].word, word))
            return rows + i;
    fail_msg("no group \"%s\"", word);
    return NULL;
}

static size_t groups(const char *name, struct store_label_group **rows)
{
    struct error err = {0};
    size_t n = 0;
    uint64_t frames = 0;
    struct store_totals totals;
    if (!store_label_groups(s, name, (struct store_jobs_of){0}, &arena, rows, &n, &err))
        fail_msg("%s %s", err.fact, err.detail);
    assert_true(store_read_totals(s, (struct store_jobs_of){0}, &totals, &err));
    for (size_t i = 0; i < n; i++)
        frames += (*rows)[i].frames;
    assert_int_equal(frames, totals.frames); /* every frame once, on every page */
    return n;
}

static void values_that_came_first_wait_for_their_frames(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_label_group *rows;
    const struct store_label laser = {.name = "laser", .kind = LABEL_BOOL, .bin = NAN};
    const struct given g[] = {{LABEL_BY_EVENT, 100, NULL, 1},
                              {LABEL_BY_EVENT, 101, NULL, 0},
                              {LABEL_BY_TIME, INT64_C(1000020400000), NULL, 1},
                              {LABEL_BY_EVENT, 104, NULL, 1},
                              {LABEL_BY_EVENT, 999, NULL, 1}};
    assert_true(give(&laser, false, g, 5, &err));
    join();
    assert_int_equal(groups("laser", &rows), 1); /* nothing but the frames without */
    put(0, 4);
    assert_int_equal(group(rows, groups("laser", &rows), "")->frames, 4); /* not joined yet */
    join();
    size_t n = groups("laser", &rows);
    assert_int_equal(n, 3);
    assert_int_equal(group(rows, n, "on")->frames, 2);
    assert_int_equal(group(rows, n, "off")->frames, 1);
    assert_int_equal(group(rows, n, "")->frames, 1);
    put(4, 4);
    join();
    n = groups("laser", &rows);
    assert_int_equal(group(rows, n, "on")->frames, 3);
    assert_int_equal(group(rows, n, "on")->by_outcome[OUTCOME_HIT_NOT_INDEXED], 1);
    assert_int_equal(group(rows, n, "on")->by_reason[REASON_FEW_SPOTS], 2);
    assert_int_equal(group(rows, n, "")->frames, 4);
}

static void what_found_nothing_is_counted_both_ways(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_label_set *sets;
    size_t n;
    assert_true(store_labels(s, &arena, &sets, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(sets->name, "laser");
    assert_int_equal(sets->frames, FRAMES);
    assert_int_equal(sets->unmatched, 4);
    assert_int_equal(sets->rows, 5);
    assert_int_equal(sets->unused, 1);
    assert_int_equal(sets->n_due, 0);
}

static void a_corrected_value_goes_over_the_nominal_one_and_both_are_kept(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_label_group *rows;
    const struct store_label delay = {.name = "delay", .kind = LABEL_NUMBER, .unit = "fs", .bin = 50};
    const struct given nominal[] = {{LABEL_BY_EVENT, 100, NULL, 100}, {LABEL_BY_EVENT, 101, NULL, 100}};
    const struct given corrected[] = {{LABEL_BY_EVENT, 101, NULL, 161.5}};
    assert_true(give(&delay, false, nominal, 2, &err));
    assert_true(give(&delay, true, corrected, 1, &err));
    join();
    size_t n = groups("delay", &rows);
    assert_int_equal(n, 3);
    assert_string_equal(rows[0].word, "100 … 150");
    assert_string_equal(rows[1].word, "150 … 200");
    assert_int_equal(rows[1].frames, 1);
    assert_int_equal(database_number("SELECT count(*) FROM frame_label WHERE value=161.5 AND nominal=100"),
                     1);
    /* corrected anew: the nominal ones stay */
    const struct given again[] = {{LABEL_BY_EVENT, 100, NULL, 90}};
    assert_true(give(&delay, true, again, 1, &err));
    join();
    n = groups("delay", &rows);
    assert_string_equal(rows[0].word, "50 … 100");
    assert_int_equal(group(rows, n, "100 … 150")->frames, 1);
    assert_int_equal(database_number("SELECT version FROM label_set WHERE name='delay'"), 3);
    assert_int_equal(database_number("SELECT count(*) FROM label_row WHERE layer=1"), 1);
}

static void several_samples_a_day(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_label_group *rows;
    const struct store_label sample = {.name = "sample", .bin = NAN};
    const int64_t run = 1;
    const struct store_label_stretch whole = {&run, 1, INT64_MIN, INT64_MAX},
                                     later = {NULL, 0, INT64_C(1000025000000), INT64_MAX};
    const struct store_label_value lysozyme = {.text = "lysozyme"}, myoglobin = {.text = "myo'globin; DROP"};
    assert_true(store_label_stretch(s, &by, &sample, &lysozyme, &whole, &err));
    assert_true(store_label_stretch(s, &by, &sample, &myoglobin, &later, &err));
    join();
    size_t n = groups("sample", &rows);
    assert_int_equal(group(rows, n, "lysozyme")->frames, 4); /* three, and the one without a time */
    assert_int_equal(group(rows, n, "myo'globin; DROP")->frames, 4);
    assert_int_equal(group(rows, n, "")->frames, 0);
    assert_true(store_label_stretch(s, &by, &sample, NULL, &whole, &err));
    join();
    assert_int_equal(group(rows, groups("sample", &rows), "")->frames, 4);
    struct store_label_given *given;
    assert_true(store_label_stretches(s, "sample", &arena, &given, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(given->value, "myo'globin; DROP");
}

static void bad_values_leave_everything_as_it_was(void **state)
{
    (void)state;
    struct error err = {0};
    const struct store_label as_text = {.name = "laser", .kind = LABEL_TEXT, .bin = NAN},
                             nameless = {.name = " a", .kind = LABEL_TEXT, .bin = NAN},
                             laser = {.name = "laser", .bin = NAN},
                             fresh = {.name = "x", .kind = LABEL_NUMBER, .bin = NAN},
                             binned = {.name = "y", .kind = LABEL_TEXT, .bin = 3};
    const struct given good = {LABEL_BY_EVENT, 100, NULL, 0}, bad = {LABEL_BY_EVENT, 100, NULL, NAN};
    const struct given both[] = {good, bad};
    int64_t rows = database_number("SELECT count(*) FROM label_row");
    assert_false(give(&as_text, false, &good, 1, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "is a bool, not a text"));
    assert_false(give(&nameless, false, &good, 1, &err));
    assert_false(give(&binned, false, &good, 1, &err));
    assert_false(give(&laser, false, both, 2, &err));
    assert_false(give(&fresh, false, both, 2, &err));
    assert_int_equal(database_number("SELECT count(*) FROM label_row"), rows);
    assert_int_equal(database_number("SELECT count(*) FROM label_set WHERE name IN ('x','y')"), 0);
}

static void too_many_groups_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_labels_in *in;
    int64_t *runs;
    size_t n_runs;
    char text[32];
    const struct store_label_import what = {.label = {.name = "many", .bin = NAN}};
    bool ok = true;
    assert_true(store_labels_begin(s, &what, &in, &err));
    for (int i = 0; ok && i < 3 * LABEL_GROUPS; i++) {
        snprintf(text, sizeof text, "v%d", i);
        const struct store_label_row row = {.run = 1, .how = LABEL_BY_EVENT, .place = i, .value = {text, 0}};
        ok = store_labels_put(in, &row, &err);
    }
    assert_false(ok);
    assert_non_null(strstr(err.fact, "different values"));
    assert_true(store_labels_end(in, &by, false, &arena, &runs, &n_runs, &err));
    assert_int_equal(database_number("SELECT count(*) FROM label_set WHERE name='many'"), 0);
}

/* Law: whatever is joined how often, frames and roll-ups stay as they are. */
static void no_label_changes_a_frame(void **state)
{
    (void)state;
    assert_int_equal(database_number("SELECT count(*) FROM frame WHERE label<>0"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM roll WHERE label<>0"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM frame"), FRAMES);
}

static void a_label_goes_with_all_that_it_had(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_label_group *rows;
    size_t n;
    assert_true(store_label_remove(s, &by, "delay", &err));
    assert_false(store_label_remove(s, &by, "delay", &err));
    assert_false(store_label_groups(s, "delay", (struct store_jobs_of){0}, &arena, &rows, &n, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_int_equal(database_number("SELECT count(*) FROM label_row WHERE layer=1"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM frame_label WHERE nominal=100"), 0);
    assert_int_equal(groups("laser", &rows), 3);
}

static void joining_costs_nothing_when_nothing_is_due(void **state)
{
    (void)state;
    uint64_t before = s->sql.n_statements;
    join();
    assert_true(s->sql.n_statements - before <= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_came_first_wait_for_their_frames),
        cmocka_unit_test(what_found_nothing_is_counted_both_ways),
        cmocka_unit_test(a_corrected_value_goes_over_the_nominal_one_and_both_are_kept),
        cmocka_unit_test(several_samples_a_day),
        cmocka_unit_test(bad_values_leave_everything_as_it_was),
        cmocka_unit_test(too_many_groups_are_refused),
        cmocka_unit_test(no_label_changes_a_frame),
        cmocka_unit_test(a_label_goes_with_all_that_it_had),
        cmocka_unit_test(joining_costs_nothing_when_nothing_is_due),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
