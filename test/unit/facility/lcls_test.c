/* lcls_test.c - the traps of LCLS' run table, answer by answer. */
#include "facility/lcls.h"
#include "support.h"

#include <string.h>

static const int64_t second = 1000000000;
static bool all_here = true;

static bool look(void *owner, const char *path, uint64_t *size, int64_t *modified_ns)
{
    (void)owner;
    *size = 1000;
    *modified_ns = 5;
    return all_here && !str_ends(path, ".inprogress");
}

static struct facility_settings settings = {.experiment = "mfx1",
                                            .location = "NERSC",
                                            .root = "/data",
                                            .stable_polls = 3,
                                            .poll = 30,
                                            .empty_grace = 600};

static struct observations observe(const char *text, const struct observations *before, int64_t at)
{
    struct observations now = {0};
    struct error err = {0};
    struct json *j = json_parse(text, strlen(text), "test", &err);
    assert_non_null(j);
    assert_true(lcls_observe(&settings, j, before, look, NULL, at * second, &now, &err));
    json_free(j);
    return now;
}

#define FILE_(name, there) "{\"path\": \"/mfx/mfx1/" name "\", \"is_present\": " there "}"
#define RUN_(num, closed, files)                                                                             \
    "[{\"run_num\": " num                                                                                    \
    ", \"begin_time\": \"2026-04-21T18:00:00\", \"end_time\": null, \"is_closed\": " closed                  \
    ", \"files\": [" files "]}]"

static enum run_state last_state(const char *text, int looks)
{
    struct observations o[8];
    for (int i = 0; i < looks; i++)
        o[i] = observe(text, i ? &o[i - 1] : NULL, 1000 + 30 * i);
    enum run_state state = o[looks - 1].n ? o[looks - 1].at[0].state : 0;
    for (int i = 0; i < looks; i++)
        observations_free(&o[i]);
    return state;
}

static void a_run_goes_from_ongoing_over_transferring_to_present(void **state)
{
    (void)state;
    assert_int_equal(last_state(RUN_("1", "false", FILE_("xtc/a.xtc2", "true")), 5), RUN_ONGOING);
    assert_int_equal(
        last_state(RUN_("1", "true", FILE_("xtc/a.xtc2", "true") "," FILE_("xtc/b.xtc2", "false")), 5),
        RUN_TRANSFERRING);
    assert_int_equal(last_state(RUN_("1", "true", FILE_("xtc/a.xtc2", "true")), 2), RUN_TRANSFERRING);
    assert_int_equal(last_state(RUN_("1", "true", FILE_("xtc/a.xtc2", "true")), 3), RUN_PRESENT);
    all_here = false;
    assert_int_equal(last_state(RUN_("1", "true", FILE_("xtc/a.xtc2", "true")), 5), RUN_TRANSFERRING);
    all_here = true;
}

static void files_of_other_kinds_and_streams_80_and_81_are_not_waited_for(void **state)
{
    (void)state;
    const char *text = RUN_(
        "1", "true",
        FILE_("xtc/e1-r0001-s00-c00.xtc", "true") "," FILE_("xtc/e1-r0001-s80-c00.xtc", "false") "," FILE_(
            "xtc/smalldata/a.smd.xtc2", "false") "," FILE_("hdf5/r1.h5", "false"));
    assert_int_equal(last_state(text, 3), RUN_PRESENT);
    settings.enforce80 = true;
    assert_int_equal(last_state(text, 3), RUN_TRANSFERRING);
    settings.enforce80 = false;
}

static void a_closed_run_without_files_is_never_present_and_empty_after_a_while(void **state)
{
    (void)state;
    const char *text = "[{\"run_num\": 4, \"is_closed\": true, \"all_present\": true, \"files\": []}]";
    struct observations a = observe(text, NULL, 0), b = observe(text, &a, 500), c = observe(text, &b, 700);
    struct observations d = observe(RUN_("4", "true", FILE_("xtc/a.xtc2", "true")), &c, 800);
    assert_int_equal(a.at[0].state, RUN_TRANSFERRING);
    assert_int_equal(b.at[0].state, RUN_TRANSFERRING);
    assert_int_equal(c.at[0].state, RUN_EMPTY);
    assert_int_equal(d.at[0].state, RUN_TRANSFERRING);
    observations_free(&a), observations_free(&b), observations_free(&c), observations_free(&d);
}

static void looks_that_follow_too_fast_count_as_one(void **state)
{
    (void)state;
    const char *text = RUN_("1", "true", FILE_("xtc/a.xtc2", "true"));
    struct observations a = observe(text, NULL, 0), b = observe(text, &a, 1), c = observe(text, &b, 2),
                        d = observe(text, &c, 3);
    assert_int_equal(d.at[0].looks, 1);
    observations_free(&a), observations_free(&b), observations_free(&c), observations_free(&d);
}

static void run_numbers_come_in_all_shapes_and_the_shapeless_are_left_out(void **state)
{
    (void)state;
    struct observations o = observe("[{\"run_num\": 8.0}, {\"run_num\": \"0009\"}, {\"run_num\": "
                                    "\"grid\\n10\"}, {\"run_num\": 1.5}, {\"run_num\": "
                                    "-1}, {}, {\"run_num\": 8.0, \"begin_time\": 1776794400.0}, 7]",
                                    NULL, 0);
    assert_int_equal(o.n, 2);
    assert_non_null(observations_find(&o, "mfx1:9"));
    assert_int_equal(observations_find(&o, "mfx1:8")->begun_ns, 1776794400 * second);
    assert_true(o.n_notes >= 2);
    assert_null(strchr(o.notes[0], '\n'));
    observations_free(&o);
}

static void a_run_that_is_not_listed_any_more_is_kept_and_comes_back(void **state)
{
    (void)state;
    const char *text = RUN_("1", "true", FILE_("xtc/a.xtc2", "true"));
    struct observations a = observe(text, NULL, 0), b = observe("[]", &a, 30), c = observe("[]", &b, 60),
                        d = observe(text, &c, 90);
    assert_int_equal(b.at[0].state, RUN_VANISHED);
    assert_int_equal(c.at[0].looks, 2);
    assert_int_equal(d.at[0].state, RUN_TRANSFERRING);
    observations_free(&a), observations_free(&b), observations_free(&c), observations_free(&d);
}

static void a_path_that_leaves_the_data_is_no_file(void **state)
{
    (void)state;
    struct observations o = observe(RUN_("1", "true", FILE_("xtc/../../../etc/xtc/a.xtc2", "true")), NULL, 0);
    assert_int_equal(o.at[0].n_files, 0);
    observations_free(&o);
}

static void the_form_for_one_run_confirms_the_same_files_only(void **state)
{
    (void)state;
    struct error err = {0};
    struct observations o = observe(RUN_("1", "true", FILE_("xtc/a.xtc2", "true")), NULL, 0);
    static const struct {
        const char *text;
        bool good;
    } cases[] = {{"{\"is_closed\": true, \"files\": [" FILE_("xtc/a.xtc2", "true") "]}", true},
                 {"{\"is_closed\": true, \"files\": [" FILE_("xtc/a.xtc2", "false") "]}", false},
                 {"{\"is_closed\": true, \"files\": [" FILE_("xtc/a.xtc2", "true") "," FILE_("xtc/b.xtc2",
                                                                                             "true") "]}",
                  false},
                 {"{\"is_closed\": false, \"files\": [" FILE_("xtc/a.xtc2", "true") "]}", false},
                 {"{\"is_closed\": true, \"files\": []}", false},
                 {"[]", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json *j = json_parse(cases[i].text, strlen(cases[i].text), "test", &err);
        assert_int_equal(lcls_confirms(&settings, j, &o.at[0]), cases[i].good);
        json_free(j);
    }
    observations_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_goes_from_ongoing_over_transferring_to_present),
        cmocka_unit_test(files_of_other_kinds_and_streams_80_and_81_are_not_waited_for),
        cmocka_unit_test(a_closed_run_without_files_is_never_present_and_empty_after_a_while),
        cmocka_unit_test(looks_that_follow_too_fast_count_as_one),
        cmocka_unit_test(run_numbers_come_in_all_shapes_and_the_shapeless_are_left_out),
        cmocka_unit_test(a_run_that_is_not_listed_any_more_is_kept_and_comes_back),
        cmocka_unit_test(a_path_that_leaves_the_data_is_no_file),
        cmocka_unit_test(the_form_for_one_run_confirms_the_same_files_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
