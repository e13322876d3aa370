/* campaign_see_test.c - a run and its files keep their numbers, whatever the facility shows. */
#include "campaign_rows.h"

static bool see(const struct store_seen *run, size_t *n_new)
{
    struct error err = {0};
    bool ok = store_see(store, run, 1, n_new, &err);
    if (!ok)
        fail_msg("%s %s", err.fact, err.detail);
    return ok;
}

static struct store_seen folder(enum run_state state, const struct store_seen_file *files, uint32_t n)
{
    return (struct store_seen){.path = "/data/run",
                               .name = "run",
                               .facility = "standalone",
                               .why = state == RUN_PRESENT ? "" : "still growing",
                               .num = -1,
                               .state = state,
                               .readable = true,
                               .n_files = n,
                               .n_here = n,
                               .bytes_here = 10,
                               .rate = 2.5,
                               .files = files,
                               .look = {1, UINT64_MAX, -3, 4, INT64_MAX, 6}};
}

static void a_run_is_new_once_and_told_of_as_it_comes(void **state)
{
    (void)state;
    size_t n_new;
    database_do("INSERT INTO tag(name,auto) VALUES('all',1)");
    database_do("INSERT INTO tag(name,auto) VALUES('some',0)");
    struct store_seen_file file = {"/data/run/a", 5, 1};
    struct store_seen run = folder(RUN_ONGOING, &file, 1);
    see(&run, &n_new);
    assert_int_equal(n_new, 1);
    assert_int_equal(campaign_events("run_seen"), 1);
    assert_int_equal(campaign_events("run_closed"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM run_tag WHERE tag=1"), 1);
    assert_int_equal(database_number("SELECT count(*) FROM run_tag"), 1);
    database_do("DELETE FROM run_tag");
    run = folder(RUN_PRESENT, &file, 1);
    see(&run, &n_new);
    see(&run, &n_new);
    assert_int_equal(n_new, 0);
    assert_int_equal(campaign_events("run_closed"), 1);
    assert_int_equal(campaign_events("run_present"), 1);
    assert_int_equal(database_number("SELECT count(*) FROM run_tag"), 0); /* a person took it off */
    assert_int_equal(database_number("SELECT count(*) FROM run WHERE closed_t>0 AND present_t>0"), 1);
    run = folder(RUN_ONGOING, &file, 1);
    see(&run, &n_new);
    assert_int_equal(campaign_events("run_changed"), 1);
}

static void files_keep_their_numbers(void **state)
{
    (void)state;
    size_t n_new;
    struct store_seen_file first[] = {{"/data/run/b", 5, 1}, {"/data/run/c", -1, 0}};
    struct store_seen_file then[] = {{"/data/run/a", 7, 1}, {"/data/run/b", 6, 2}, {"/data/run/c", 8, 1}};
    struct store_seen run = folder(RUN_ONGOING, first, 2);
    see(&run, &n_new);
    assert_int_equal(database_number("SELECT no FROM source WHERE size=-1 AND here=0"), 1);
    run = folder(RUN_PRESENT, then, 3);
    see(&run, &n_new);
    assert_int_equal(database_number("SELECT no FROM source WHERE size=7"), 2);
    assert_int_equal(database_number("SELECT no FROM source WHERE size=6 AND mtime=2"), 0);
    assert_int_equal(database_number("SELECT no FROM source WHERE size=8 AND here=1"), 1);
    run = folder(RUN_PRESENT, then, 1);
    see(&run, &n_new);
    assert_int_equal(database_number("SELECT count(*) FROM source"),
                     3); /* gone from the list: kept, not here */
    assert_int_equal(database_number("SELECT sum(here) FROM source"), 1);
}

/* Frames of it may be done: the row says which file they are of. */
static void the_size_of_a_file_that_was_opened_stays(void **state)
{
    (void)state;
    size_t n_new;
    struct store_seen_file file = {"/data/run/a", 5, 1};
    struct store_seen run = folder(RUN_PRESENT, &file, 1);
    see(&run, &n_new);
    database_do("UPDATE source SET n_frames=3,format='NXmx'");
    file.size = 4;
    see(&run, &n_new);
    assert_int_equal(database_number("SELECT size FROM source"), 5);
    file.size = -1;
    see(&run, &n_new);
    assert_int_equal(database_number("SELECT here FROM source"), 0);
    assert_int_equal(database_number("SELECT n_frames FROM source"), 3);
}

static void a_renamed_run_stays_itself(void **state)
{
    (void)state;
    size_t n_new;
    struct store_seen_file file = {"/data/run/a", 5, 1}, moved = {"/data/other/a", 5, 1};
    struct store_seen run = folder(RUN_PRESENT, &file, 1);
    see(&run, &n_new);
    run.was = run.path;
    run.path = "/data/other";
    run.name = "other";
    run.files = &moved;
    see(&run, &n_new);
    see(&run, &n_new);
    assert_int_equal(n_new, 0);
    assert_int_equal(database_number("SELECT count(*) FROM run"), 1);
    assert_int_equal(database_number("SELECT count(*) FROM source"), 1);
    assert_int_equal(database_number("SELECT count(*) FROM source WHERE path=x'2f646174612f6f746865722f61'"),
                     1);
}

static void what_the_next_look_needs_comes_back(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_seen *rows;
    size_t n, n_new;
    struct store_seen run = folder(RUN_ONGOING, NULL, 3), early = folder(RUN_EMPTY, NULL, 0);
    early.path = "/data/a run\n'with\" \xff bytes";
    early.name = "\xff";
    see(&run, &n_new);
    see(&early, &n_new);
    early.facility = "lcls";
    early.path = "mfx:12";
    early.num = 12;
    see(&early, &n_new);
    assert_true(store_looks(store, "standalone", &a, &rows, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(rows[0].path, "/data/a run\n'with\" \xff bytes");
    assert_string_equal(rows[0].name, "\\xFF");
    assert_string_equal(rows[1].path, "/data/run");
    assert_string_equal(rows[1].why, "still growing");
    assert_int_equal(rows[1].num, -1);
    assert_int_equal(rows[1].n_files, 3);
    assert_true(rows[1].rate == 2.5);
    assert_memory_equal(&rows[1].look, &run.look, sizeof run.look);
    assert_int_equal(database_number("SELECT ord FROM run WHERE num=12"), 12);
    assert_int_equal(database_number("SELECT count(*) FROM run WHERE ord IN (1,2)"), 2);
    arena_free(&a);
}

static void a_name_of_any_length_goes_in(void **state)
{
    (void)state;
    char name[1000];
    size_t n_new;
    memset(name, 0xff, sizeof name - 1);
    name[sizeof name - 1] = 0;
    struct store_seen run = folder(RUN_PRESENT, NULL, 0);
    run.name = name;
    see(&run, &n_new);
    assert_int_equal(database_number("SELECT length(name) FROM run"), 252);
}

static void jobs_of_a_run_that_grows_have_more_to_do(void **state)
{
    (void)state;
    size_t n_new;
    struct store_seen_file files[] = {{"/data/run/a", 5, 1}, {"/data/run/b", -1, 0}, {"/data/run/c", 5, 1}};
    struct store_seen run = folder(RUN_TRANSFERRING, files, 2);
    see(&run, &n_new);
    struct store_claimed c = campaign_claimed(1);
    see(&run, &n_new);
    assert_int_equal(database_number("SELECT n_expected FROM job"), 0); /* it has not looked yet */
    database_do("UPDATE source SET n_frames=3 WHERE no=0");
    database_do("UPDATE job SET n_expected=3");
    campaign_news((struct store_news){.attempt = c.attempt, .state = ATTEMPT_ENDED, .end = END_OK});
    database_do("UPDATE job SET state=1,n_final=3");
    see(&run, &n_new);
    assert_int_equal(database_number("SELECT state FROM job"), JOB_DONE);
    files[1].size = 7;
    run = folder(RUN_PRESENT, files, 3);
    see(&run, &n_new);
    assert_int_equal(database_number("SELECT n_expected FROM job"), 5);
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE state=6 AND forgiven_t=state_t"), 1);
    database_do("UPDATE job SET state=1,n_expected=5,forgiven_t=NULL");
    files[0].size = 50;
    see(&run, &n_new);
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE state=6 AND n_expected=6"), 1);
}

/* A larger file under the name may be the same one that has grown, or another: another inode says that nobody knows. */
static void what_was_replaced_is_told_and_does_not_count_as_grown(void **state)
{
    (void)state;
    static const struct {
        int64_t size, mtime;
        uint64_t inode;
        bool grown, told;
    } cases[] = {
        {5, 1, 7, false, false}, {9, 2, 7, true, false}, {9, 2, 8, false, true},
        {5, 2, 7, false, true},  {4, 2, 7, false, true}, {-1, 0, 7, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n_new;
        char path[32];
        snprintf(path, sizeof path, "/data/run%zu", i);
        struct store_seen_file file = {path, 5, 1};
        struct store_seen run = folder(RUN_PRESENT, &file, 1);
        run.path = run.name = path;
        run.num = (int64_t)i + 1;
        run.look.inode = 7;
        see(&run, &n_new);
        campaign_claimed((int64_t)i + 1);
        database_do("UPDATE source SET n_frames=3");
        database_do("UPDATE job SET n_expected=3");
        database_do("DELETE FROM event");
        file = (struct store_seen_file){path, cases[i].size, cases[i].mtime};
        run.look.inode = cases[i].inode;
        see(&run, &n_new);
        see(&run, &n_new); /* and not at the next look either */
        if ((database_number("SELECT max(n_expected) FROM job") > 3) != cases[i].grown)
            fail_msg("case %zu: grown or not", i);
        if (database_number(
                "SELECT count(*) FROM event WHERE kind='run_changed' AND body LIKE '%not the file%'") !=
            cases[i].told)
            fail_msg("case %zu: told or not", i);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, campaign_make, campaign_drop)
    const struct CMUnitTest tests[] = {
        TEST(a_run_is_new_once_and_told_of_as_it_comes),
        TEST(files_keep_their_numbers),
        TEST(the_size_of_a_file_that_was_opened_stays),
        TEST(a_renamed_run_stays_itself),
        TEST(jobs_of_a_run_that_grows_have_more_to_do),
        TEST(what_was_replaced_is_told_and_does_not_count_as_grown),
        TEST(what_the_next_look_needs_comes_back),
        TEST(a_name_of_any_length_goes_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
