/* found_test.c - one frame out of a journal, also of one that is being written. */
#include "sink/fixture.h"

#include "view/view.h"

static char path[128];

static struct journal *begin(uint64_t attempt)
{
    struct error err = {0};
    struct journal *j = NULL;
    static const struct journal_source sources[] = {{"/data/run_0.h5", 1000, 5, 8}};
    struct journal_start start = {.identity = {.attempt = attempt, .recipe = {1}},
                                  .program = "xfelx",
                                  .host = "node",
                                  .boot_id = "b",
                                  .recipe_text = "",
                                  .sources = sources,
                                  .n_sources = 1};
    snprintf(path, sizeof path, "%s/a.xfj", folder);
    if (!journal_create(path, &start, &j, &err))
        fail_msg("%s", err.fact);
    return j;
}

static void put(struct journal *j, uint32_t frame, uint32_t lattices, bool final)
{
    struct error err = {0};
    struct result r = frames_result(&memory, 0, frame, lattices, frames_detector(&memory, 100));
    assert_true(journal_put(j, &r, final, 1, &err));
    assert_true(journal_sync(j, &err));
}

static void frames_are_found_while_the_journal_grows(void **state)
{
    (void)state;
    struct view_shelf *s = view_shelf_make(1, 0);
    struct error err = {0};
    struct result r;
    bool found = true;
    assert_false(view_shelf_found(s, "/nowhere.xfj", 0, 0, &memory, &r, &found, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    struct journal *j = begin(1);
    assert_true(view_shelf_found(s, path, 0, 2, &memory, &r, &found, &err));
    assert_false(found);
    put(j, 2, 1, false); /* may be tried again: not the word that counts */
    assert_true(view_shelf_found(s, path, 0, 2, &memory, &r, &found, &err));
    assert_false(found);
    put(j, 5, 1, true);
    put(j, 2, 3, true);
    assert_true(view_shelf_found(s, path, 0, 2, &memory, &r, &found, &err));
    assert_true(found);
    assert_int_equal(r.n_lattices, 3);
    assert_int_equal(r.n_indexed, 6);
    journal_end(j, 0);
    assert_true(journal_sync(j, &err));
    journal_close(j);
    assert_true(view_shelf_found(s, path, 0, 5, &memory, &r, &found, &err));
    assert_true(found);
    view_shelf_free(s); /* what was found is in the arena */
    assert_int_equal(r.id.frame, 5);
    assert_string_equal(r.id.path, "/data/run_0.h5");
    assert_int_equal(r.detector->n_panels, 2);
    assert_string_equal(r.detector->info[1].name, "p1");
}

static void a_journal_in_place_of_another_is_read_anew(void **state)
{
    (void)state;
    struct view_shelf *s = view_shelf_make(1, 0);
    struct error err = {0};
    struct result r;
    bool found;
    struct journal *j = begin(1);
    put(j, 1, 1, true);
    journal_close(j);
    assert_true(view_shelf_found(s, path, 0, 1, &memory, &r, &found, &err) && found);
    assert_int_equal(unlink(path), 0);
    j = begin(2);
    put(j, 7, 2, true);
    journal_close(j);
    assert_true(view_shelf_found(s, path, 0, 1, &memory, &r, &found, &err));
    assert_false(found);
    assert_true(view_shelf_found(s, path, 0, 7, &memory, &r, &found, &err) && found);
    view_shelf_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_are_found_while_the_journal_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(a_journal_in_place_of_another_is_read_anew, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
