/* h5_shots_test.c - event numbers and times of shots come with their frames. */
#include "source/source.h"

#include "made_h5.h"
#include "support.h"

#include <string.h>

static char folder[64], path[96];

static hid_t images(uint32_t n)
{
    static uint16_t pixels[4 * 6];
    hid_t file = made_file(path, 0);
    made_dataset(file, "/entry/data/data", H5T_NATIVE_UINT16, 3, (hsize_t[]){n, 2, 3}, pixels);
    return file;
}

static struct frame frame_of(uint32_t number)
{
    static struct frame_buffer b;
    struct arena a = {0};
    struct detector *d = detector_make(&a, 1, 0);
    struct source *s = NULL;
    struct error err = {0};
    struct frame f = {0};
    d->panels[0] = (struct panel){.origin = {0, 0, -100},
                                  .fast = {1, 0, 0},
                                  .slow = {0, -1, 0},
                                  .pixel_fast = 0.1,
                                  .pixel_slow = 0.1,
                                  .n_fast = 3,
                                  .n_slow = 2,
                                  .gain = 1};
    assert_true(detector_finish(d, "test", NULL));
    const struct source_options o = {.reference = d, .wavelength = 1};
    if (!source_open(path, &o, &s, &err) || !source_read(s, number, &b, &f, &err))
        fail_msg("%s (%s)", err.fact, err.detail);
    source_close(s);
    arena_free(&a);
    return f;
}

static void event_and_time_come_with_the_frame(void **state)
{
    (void)state;
    const double seconds[] = {1764082812, 1764082813, NAN}, ns[] = {250000000, 5, 0};
    const int64_t events[] = {7, 8, 9};
    hid_t file = images(3);
    made_reals(file, "/LCLS/machineTime", 3, seconds);
    made_reals(file, "/LCLS/machineTimeNanoSeconds", 3, ns);
    made_dataset(file, "/LCLS/eventNumber", H5T_NATIVE_INT64, 1, (hsize_t[]){3}, events);
    H5Fclose(file);
    struct frame f = frame_of(1);
    assert_int_equal(f.event, 8);
    assert_true(f.t_event == INT64_C(1764082813000000005));
    assert_true(frame_of(0).t_event == INT64_C(1764082812250000000));
    assert_true(frame_of(2).t_event == INT64_MIN);
}

static void lists_of_another_length_are_not_taken(void **state)
{
    (void)state;
    const double two[] = {1, 2};
    hid_t file = images(3);
    made_reals(file, "/entry/event_id", 2, two);
    made_reals(file, "/entry/timestamp", 2, two);
    H5Fclose(file);
    struct frame f = frame_of(1);
    assert_true(f.event == INT64_MIN && f.t_event == INT64_MIN);
}

static void numbers_that_are_none_are_not_known(void **state)
{
    (void)state;
    const double events[] = {1.5, 1e300, -3}, times[] = {-1, 1e300, 1.5};
    hid_t file = images(3);
    made_reals(file, "/entry/event_id", 3, events);
    made_reals(file, "/entry/timestamp", 3, times);
    H5Fclose(file);
    for (uint32_t i = 0; i < 2; i++)
        assert_true(frame_of(i).event == INT64_MIN && frame_of(i).t_event == INT64_MIN);
    struct frame f = frame_of(2);
    assert_true(f.event == -3 && f.t_event == 1500000000);
}

static int begin(void **state)
{
    (void)state;
    struct error err = {0};
    support_folder(folder);
    snprintf(path, sizeof path, "%s/a.h5", folder);
    return !source_helper_start(&err);
}

static int end(void **state)
{
    (void)state;
    source_helper_stop();
    support_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_and_time_come_with_the_frame),
        cmocka_unit_test(lists_of_another_length_are_not_taken),
        cmocka_unit_test(numbers_that_are_none_are_not_known),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
