/* weather_test.c - what each rank did when. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static struct arena arena;
#define MS INT64_C(1000000)
#define BEGAN (INT64_C(1700000000000) * MS)

/* Ranks 0, 1, 3 of try 11 (job 1), a rank of try 12 (job 2); each two threads. */
static struct store_rank ranks[] = {
    {.job = 1,
     .attempt = 11,
     .no = 1,
     .writer = 0,
     .frames = 100,
     .first_t = BEGAN + 10 * MS,
     .last_t = BEGAN + 1000 * MS,
     .stage_ms = {1000},
     .host = "a"},
    {.job = 1,
     .attempt = 11,
     .no = 1,
     .writer = 1,
     .frames = 100,
     .first_t = BEGAN + 10 * MS,
     .last_t = BEGAN + 1000 * MS,
     .stage_ms = {1000},
     .host = "b"},
    {.job = 1,
     .attempt = 11,
     .no = 1,
     .writer = 3,
     .frames = 100,
     .first_t = BEGAN + 10 * MS,
     .last_t = BEGAN + 2000 * MS,
     .stage_ms = {1000},
     .host = "<c>&"},
    {.job = 2,
     .attempt = 12,
     .no = 1,
     .writer = 0,
     .frames = 1,
     .first_t = BEGAN + 99 * MS,
     .last_t = BEGAN + 99 * MS,
     .host = "d"},
};
static struct store_book_attempt tries[] = {{.id = 11, .n_threads = 2}, {.id = 12, .n_threads = 2}};
static const struct store_book_job jobs[] = {{.id = 1, .attempts = tries, .n_attempts = 1},
                                             {.id = 2, .attempts = tries + 1, .n_attempts = 1}};

static void frame(struct weather *w, int64_t attempt, uint32_t writer, double at_ms, double read,
                  double index, enum outcome outcome)
{
    const struct store_spent x = {.attempt = attempt,
                                  .writer = writer,
                                  .outcome = (uint8_t)outcome,
                                  .done_t = BEGAN + (int64_t)(at_ms * 1e6),
                                  .stage_ms = {[0] = read, [5] = index}};
    weather_add(w, &x);
}

static void make(struct weather *w)
{
    weather_begin(ranks, 4, jobs, 2, &arena, w);
    for (int i = 1; i <= 100; i++) {
        frame(w, 11, 0, 10 * i, 2, 8, OUTCOME_INTEGRATED);
        if (i <= 40 || i > 80) /* a pause */
            frame(w, 11, 1, 10 * i, 8, 2, i == 7 ? OUTCOME_FAILED : OUTCOME_BLANK);
        frame(w, 11, 3, 20 * i, 5, 15, OUTCOME_HIT_NOT_INDEXED);
    }
    frame(w, 12, 0, 99, 1, 1, OUTCOME_BLANK);
    frame(w, 13, 0, 99, 1, 1, OUTCOME_BLANK); /* a try, a rank that nobody knows */
    frame(w, 11, 2, 99, 1, 1, OUTCOME_BLANK);
    weather_end(w);
}

static void time_goes_where_it_was_spent_and_none_is_lost(void **state)
{
    (void)state;
    struct weather w;
    make(&w);
    assert_int_equal(w.n_tries, 2);
    assert_int_equal(w.tries[0].n, 3);
    for (size_t i = 0; i < 3; i++) {
        double sum[WEATHER_KINDS] = {0};
        uint32_t done = 0;
        for (int bin = 0; bin < WEATHER_BINS; bin++) {
            for (int k = 0; k < WEATHER_KINDS; k++)
                sum[k] += (double)w.ranks[i].busy_ms[bin][k];
            for (int k = 0; k < WEATHER_OUTCOMES; k++)
                done += w.ranks[i].done[bin][k];
        }
        static const double read[] = {200, 480, 500}, index[] = {800, 120, 1500};
        assert_double_equal(sum[WEATHER_READ], read[i], 0.01);
        assert_double_equal(sum[WEATHER_INDEX], index[i], 0.01);
        assert_double_equal(sum[WEATHER_SPOTS] + sum[WEATHER_INTEGRATE], 0, 0);
        assert_int_equal(done, w.ranks[i].frames);
    }
    assert_int_equal(w.ranks[0].outcomes[WEATHER_INDEXED], 100);
    assert_int_equal(w.ranks[1].outcomes[WEATHER_FAILED], 1);
    assert_int_equal(w.ranks[2].outcomes[WEATHER_HIT], 100);
    assert_int_equal(w.ranks[3].frames, 1);
    assert_int_equal(weather_cell(&w, w.tries, 0, 50).kind, WEATHER_INDEX);
    assert_int_equal(weather_cell(&w, w.tries, 1, 10).kind, WEATHER_READ);
    assert_int_equal(weather_cell(&w, w.tries, 1, 7).outcome, WEATHER_FAILED);
    assert_int_equal(weather_cell(&w, w.tries, 0, 150).level, 0); /* it was done */
    assert_true(weather_cell(&w, w.tries, 0, 50).level >= 4);     /* one thread of two */
    arena_free(&arena);
}

static void who_is_late_slow_or_pauses_is_named(void **state)
{
    (void)state;
    struct weather w;
    make(&w);
    assert_true(w.ranks[2].late && !w.ranks[0].late && !w.ranks[1].late);
    assert_true(w.ranks[2].slow && !w.ranks[0].slow && !w.ranks[1].slow);
    assert_int_equal(w.ranks[0].idle_n, 0);
    assert_true(w.ranks[1].idle_n >= 35 && w.ranks[1].idle_from >= 39 && w.ranks[1].idle_from <= 42);
    assert_double_equal(w.ranks[0].frame_ms, 10, 0.01);
    assert_true(w.tries[0].duty > 0.25 && w.tries[0].duty < 0.35); /* 3.6 s of 2 s x 6 threads */
    struct str text = {0};
    weather_text(&w, 40, &text);
    assert_non_null(strstr(text.text, "job 1, try 1: 2.0 s, 3 ranks"));
    assert_non_null(strstr(text.text, "rank 3 on <c>&: the others waited for it at the end\n"));
    assert_non_null(strstr(text.text, "rank 3 on <c>&: 20 ms a frame"));
    assert_non_null(strstr(text.text, "rank 1 on b: nothing from 0.4 s to 0.8 s\n"));
    assert_non_null(strstr(text.text, " 1 failed\n"));
    const char *row = strstr(text.text, "      0 ");
    assert_true(row && (row[8] | 32) == 'i' && row[8 + 39] == '.');
    str_free(&text);
    arena_free(&arena);
}

/* Pictures of a thousand ranks stay small, and a try of no length breaks nothing. */
static void many_ranks_are_joined_and_no_time_is_drawn(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    struct weather w;
    struct str svg = {0}, json = {0};
    struct json_writer j = {.out = &json};
    struct store_rank *many = calloc(MANY + 1, sizeof *many);
    for (uint32_t i = 0; i < MANY; i++)
        many[i] = (struct store_rank){
            .job = 1, .attempt = 11, .no = 1, .writer = i, .first_t = BEGAN, .last_t = BEGAN + 1000 * MS};
    many[MANY] = (struct store_rank){
        .job = 2, .attempt = 12, .writer = 0, .frames = 1, .first_t = BEGAN, .last_t = BEGAN};
    weather_begin(many, MANY + 1, jobs, 2, &arena, &w);
    for (uint32_t i = 0; i < MANY; i++)
        for (int k = 1; k <= 20; k++)
            frame(&w, 11, i, 50 * k, 10, 30, OUTCOME_BLANK);
    frame(&w, 12, 0, 0, 0, 0, OUTCOME_BLANK);
    weather_end(&w);
    weather_svg(&w, &svg);
    assert_true(svg.len < 3 << 20);
    assert_non_null(strstr(svg.text, "of 8 ranks one is drawn"));
    assert_int_equal(w.ranks[MANY].frames, 1);
    weather_json(&w, "tries", &j);
    assert_true(json.len < 1 << 20);
    str_free(&svg);
    str_free(&json);
    free(many);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_goes_where_it_was_spent_and_none_is_lost),
        cmocka_unit_test(who_is_late_slow_or_pauses_is_named),
        cmocka_unit_test(many_ranks_are_joined_and_no_time_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
