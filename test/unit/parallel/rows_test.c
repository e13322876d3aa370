/* rows_test.c - what the store needs of a result arrives whole, and says the same about its reflections; broken bytes are refused. */
#include "parallel/rows.h"

#include "store/store.h"

#include "support.h"

#include <string.h>

static struct source_entry entry = {
    .path = "run.h5", .recorded = "/data/run.h5", .n_frames = 10, .container = true};
static const struct source_list list = {.n_sources = 1, .sources = &entry, .n_frames = 10};
static struct panel panel = {.n_fast = 100,
                             .n_slow = 100,
                             .fast = {1, 0, 0},
                             .slow = {0, -1, 0},
                             .origin = {-5, 5, -80},
                             .pixel_fast = 0.1,
                             .pixel_slow = 0.1};

/* Two lattices with reflections in several shells. */
static struct result sample(void)
{
    static struct lattice lattices[2] = {
        {.cell = {79, 79, 38, 90, 90, 90}, .evidence = 12.5, .n_integrated = 3},
        {.cell = {80, 79, 38, 90, 90, 90}, .cell_no = 1}};
    static struct reflection rows[3];
    static struct detector d;
    d = (struct detector){.panels = &panel, .n_panels = 1, .n_pixels = 10000};
    for (int i = 0; i < 3; i++)
        rows[i] = (struct reflection){
            .lattice = i == 2, .intensity = 10 * (i + 1), .variance = i + 1, .d = 3.0 + i};
    return (struct result){
        .id = {.source = 0, .frame = 7, .path = "/data/run.h5"},
        .outcome = OUTCOME_INTEGRATED,
        .message = "words",
        .detector = &d,
        .beam = {.v = {.wavelength = 1.3, .direction = {0, 0, 1}}, .energy_recorded_ev = 9500},
        .n_strong = 40,
        .n_lattices = 2,
        .lattices = lattices,
        .n_integrated = 3,
        .integrated = rows,
        .t_done = 123456789,
        .n_stages = 9,
        .stage_ns = {1, 2, 3}};
}

static void a_result_arrives_without_its_tables(void **state)
{
    (void)state;
    struct result r = sample();
    struct str s = {0};
    rows_put(&s, &r);
    assert_true(s.len < 8192);
    struct unwire g = {(const uint8_t *)s.text, (const uint8_t *)s.text + s.len, false};
    struct result *back = rows_get(&g, &list);
    assert_non_null(back);
    assert_ptr_equal(g.at, g.end);
    assert_string_equal(back->id.path, "/data/run.h5");
    assert_int_equal(back->id.frame, 7);
    assert_int_equal(back->outcome, OUTCOME_INTEGRATED);
    assert_string_equal(back->message, "words");
    assert_int_equal(back->n_strong, 40);
    assert_null(back->spots);
    assert_int_equal(back->n_integrated, 0);
    assert_int_equal(back->t_done, 123456789);
    assert_memory_equal(back->stage_ns, r.stage_ns, sizeof r.stage_ns);
    assert_memory_equal(back->lattices, r.lattices, 2 * sizeof *r.lattices);
    assert_true(store_shell_limit(&r) > 0);
    assert_true(store_shell_limit(back) == store_shell_limit(&r));
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t here[RESULT_SHELLS], there[RESULT_SHELLS];
        store_shells(&r, i, here);
        store_shells(back, i, there);
        assert_memory_equal(here, there, RESULT_SHELLS);
    }
    free(back);
    str_free(&s);
}

static void bytes_cut_anywhere_and_frames_of_no_list_are_refused(void **state)
{
    (void)state;
    struct result r = sample();
    struct str s = {0};
    rows_put(&s, &r);
    for (size_t cut = 0; cut < s.len; cut += 1 + cut / 16) {
        struct unwire g = {(const uint8_t *)s.text, (const uint8_t *)s.text + cut, false};
        assert_null(rows_get(&g, &list));
    }
    str_clear(&s);
    r.id.frame = 10;
    rows_put(&s, &r);
    struct unwire g = {(const uint8_t *)s.text, (const uint8_t *)s.text + s.len, false};
    assert_null(rows_get(&g, &list));
    str_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_arrives_without_its_tables),
        cmocka_unit_test(bytes_cut_anywhere_and_frames_of_no_list_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
