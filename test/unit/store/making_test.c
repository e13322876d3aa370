/* making_test.c - what a job is made of, what happened, kept words. */
#include "done_job.h"

#include "store/store_private.h"

#include <string.h>

static struct store *open_it(void)
{
    struct store *s = NULL;
    struct error err = {0};
    if (!database_open(false, &s, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    return s;
}

static void a_task_of_a_run_is_read_with_the_folder_before_it(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct store_making m;
    database_place();
    done_job(4);
    database_do("INSERT INTO task(id,name,kind) VALUES(7,'refining','refine')");
    database_do("INSERT INTO task_rev(id,task,rev,phil,resources,used,created,who) "
                "VALUES(3,7,1,'dials.refine','mp.nproc = 2',0,0,'me')");
    database_do("UPDATE job SET folder='/out/r0001/000_rg000' WHERE id=1");
    struct store *s = open_it();
    int64_t run = database_number("SELECT run FROM job WHERE id=1");
    int64_t trial = database_number("SELECT trial FROM job WHERE id=1");
    const struct campaign_key key = {.trial = trial, .run = run, .task_rev = 3};
    if (!store_read_making(s, &key, 1, &a, &m, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    assert_int_equal(m.task, 7);
    assert_int_equal(m.kind, TASK_REFINE);
    assert_string_equal(m.task_text, "dials.refine");
    assert_string_equal(m.resources, "mp.nproc = 2");
    assert_int_equal(m.n_inputs, 1);
    assert_string_equal(m.inputs[0], "/out/r0001/000_rg000");
    assert_true(*m.run_name);
    const struct campaign_key none = {.trial = trial, .run = run, .rungroup = 77};
    assert_false(store_read_making(s, &none, 0, &a, &m, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    assert_non_null(strstr(err.fact, "rungroup 77"));
    store_close(s);
    arena_free(&a);
    database_drop();
}

static void runs_of_one_number_have_folders_apart_and_jobs_keep_theirs(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct store_making m;
    size_t n_new = 0;
    database_place();
    done_job(4);
    database_do("UPDATE job SET folder='/old/r0001/000_rg000' WHERE id=1");
    struct store *s = open_it();
    int64_t trial = database_number("SELECT trial FROM job WHERE id=1"),
            last = database_number("SELECT max(id) FROM run");
    const struct store_seen seen[] = {
        {.path = "/d/r7_a.h5", .name = "r7_a", .facility = "standalone", .num = 7, .state = RUN_PRESENT},
        {.path = "/d/r7_b.h5", .name = "r7_b", .facility = "standalone", .num = 7, .state = RUN_PRESENT},
        {.path = "/d/x/c.h5", .name = "c", .facility = "standalone", .num = -1, .state = RUN_PRESENT},
        {.path = "/d/y/c.h5", .name = "c", .facility = "standalone", .num = -1, .state = RUN_PRESENT}};
    assert_true(store_see(s, seen, 4, &n_new, &err));
    assert_int_equal(n_new, 4);
    for (int64_t i = 1; i <= 4; i++) {
        const struct campaign_key key = {.trial = trial, .run = last + i};
        assert_true(store_read_making(s, &key, 0, &a, &m, &err));
        assert_int_equal(m.twin, i % 2 ? 0 : last + i);
        assert_string_equal(m.folder, "");
    }
    const struct campaign_key done = {.trial = trial,
                                      .run = database_number("SELECT run FROM job WHERE id=1")};
    assert_true(store_read_making(s, &done, 0, &a, &m, &err));
    assert_string_equal(m.folder, "/old/r0001/000_rg000");
    store_close(s);
    arena_free(&a);
    database_drop();
}

static void events_come_in_their_order_from_where_one_was(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct store_event *rows;
    size_t n = 0;
    int64_t last = -1;
    database_place();
    struct store *s = open_it();
    assert_true(store_last_event(s, &last, &err));
    assert_int_equal(last, 0);
    for (int i = 0; i < 5; i++)
        database_do(
            "INSERT INTO event(t,kind,level,run,job,attempt,body) VALUES(1,'job_failed',2,0,4,5,'no')");
    assert_true(store_events(s, 2, 2, &a, &rows, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].id, 3);
    assert_string_equal(rows[0].kind, "job_failed");
    assert_string_equal(rows[0].run_name, "");
    assert_int_equal(rows[1].attempt, 5);
    assert_true(store_last_event(s, &last, &err));
    assert_int_equal(last, 5);
    store_close(s);
    arena_free(&a);
    database_drop();
}

static void a_kept_word_is_replaced_and_apart_from_the_schemas(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    database_place();
    struct store *s = open_it();
    int64_t schema = database_number("SELECT count(*) FROM meta WHERE k='schema'");
    assert_null(store_kept_word(s, "schema", &a, &err));
    assert_int_equal(err.code, ERROR_NONE);
    assert_true(store_keep_word(s, "schema", "one", &err));
    assert_true(store_keep_word(s, "schema", "two", &err));
    assert_string_equal(store_kept_word(s, "schema", &a, &err), "two");
    assert_int_equal(database_number("SELECT count(*) FROM meta WHERE k='schema'"), schema);
    store_close(s);
    arena_free(&a);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_of_a_run_is_read_with_the_folder_before_it),
        cmocka_unit_test(runs_of_one_number_have_folders_apart_and_jobs_keep_theirs),
        cmocka_unit_test(events_come_in_their_order_from_where_one_was),
        cmocka_unit_test(a_kept_word_is_replaced_and_apart_from_the_schemas),
    };
    return cmocka_run_group_tests_name("store/making", tests, NULL, NULL);
}
