/* facility_test.c - the table, when a run may start, and how long to wait. */
#include "facility/facility.h"
#include "support.h"

#include <string.h>

static void a_run_starts_when_it_is_complete_only_where_files_are_written_in_place(void **state)
{
    (void)state;
    struct facility_settings s = {.name = "lcls", .location = "S3DF"};
    struct observation o = {.state = RUN_TRANSFERRING, .n_here = 1};
    assert_true(facility_may_start(&s, &o));
    o.n_here = 0;
    assert_false(facility_may_start(&s, &o));
    o = (struct observation){.state = RUN_TRANSFERRING, .n_here = 1};
    s.location = "NERSC";
    assert_false(facility_may_start(&s, &o));
    s.start_at = "complete";
    assert_true(facility_may_start(&s, &o));
    o.state = RUN_ONGOING;
    assert_false(facility_may_start(&s, &o));
    s = (struct facility_settings){.name = "standalone", .location = "SLAC"};
    o.state = RUN_TRANSFERRING;
    assert_false(facility_may_start(&s, &o));
    o.state = RUN_PRESENT;
    assert_true(facility_may_start(&s, &o));
}

static void who_is_not_let_in_asks_once_a_minute_at_most(void **state)
{
    (void)state;
    struct facility_settings s = {.poll = 30};
    assert_double_equal(facility_wait(&s, NET_DONE, 0, 0), 30, 0);
    assert_double_equal(facility_wait(&s, NET_AGAIN, 1, 0), 8, 1e-9);
    assert_double_equal(facility_wait(&s, NET_DENIED, 1, 0), 60, 0);
}

static void the_settings_come_from_the_parameters(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct facility_settings s;
    struct params *p = params_make(&a);
    assert_true(facility_settings_read(p, &a, &s, &err));
    assert_string_equal(s.name, "standalone");
    assert_non_null(facility_find(s.name));
    assert_double_equal(s.settle, 10, 0);
    assert_int_equal(s.stable_polls, 3);
    assert_true(params_merge_argument(p, "facility.path_map=/a=/b", &err));
    assert_true(params_merge_argument(p, "facility.auth=bearer", &err));
    assert_true(facility_settings_read(p, &a, &s, &err));
    assert_string_equal(s.path_map[0], "/a=/b");
    assert_int_equal(s.auth.kind, NET_AUTH_BEARER);
    assert_true(params_merge_argument(p, "facility.path_map=wrong", &err));
    assert_false(facility_settings_read(p, &a, &s, &err));
    assert_null(facility_find("nowhere"));
    arena_free(&a);
}

static void a_change_ends_the_wait(void **state)
{
    (void)state;
    char folder[64], path[128];
    struct facility_settings s = {.data_dir = support_folder(folder), .depth = 1};
    int fd = -1;
    assert_false(facility_watch(&fd, &s, 0.01));
    snprintf(path, sizeof path, "%s/new.h5", folder);
    fclose(fopen(path, "w"));
    assert_true(facility_watch(&fd, &s, 60));
    close(fd);
    support_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_starts_when_it_is_complete_only_where_files_are_written_in_place),
        cmocka_unit_test(who_is_not_let_in_asks_once_a_minute_at_most),
        cmocka_unit_test(the_settings_come_from_the_parameters),
        cmocka_unit_test(a_change_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
