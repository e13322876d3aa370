/* shelf_test.c - frames at hand, and given up in time. */
#include "frames.h"

#include "view/view.h"

#include <string.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static const char *path_of(int i)
{
    static char path[4][128];
    snprintf(path[i % 4], sizeof path[0], "%s/%d.img", folder, i);
    return path[i % 4];
}

static void a_frame_is_opened_once_and_again_when_it_changed(void **state)
{
    (void)state;
    struct error err = {0};
    struct view_shelf *s = view_shelf_make(100 << 20, 0);
    frame_with_spots(path_of(0), 3);
    const struct view_sheet *a = view_shelf_take(s, path_of(0), 0, &err),
                            *b = view_shelf_take(s, path_of(0), 0, &err);
    assert_non_null(a);
    assert_ptr_equal(a, b);
    assert_int_equal(a->layout.width, FRAME_SIDE + 2);
    view_shelf_give(s, a);
    view_shelf_give(s, b);
    uint8_t before = b->code[40 * FRAME_SIDE + 40];
    struct timespec times[2] = {{0, UTIME_OMIT}, {1000, 0}};
    frame_with_spots(path_of(0), 60);
    assert_int_equal(utimensat(AT_FDCWD, path_of(0), times, 0), 0);
    const struct view_sheet *c = view_shelf_take(s, path_of(0), 0, &err);
    assert_non_null(c);
    (void)before;
    assert_true(c->value[VIEW_CODE_LAST] >= 500);
    view_shelf_give(s, c);
    assert_null(view_shelf_take(s, path_of(0), 1, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    assert_null(view_shelf_take(s, "/nowhere/at.img", 0, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
    view_shelf_free(s);
}

static void what_is_in_use_stays_and_the_rest_makes_room(void **state)
{
    (void)state;
    struct error err = {0};
    struct view_shelf *s = view_shelf_make(1, 2); /* no room at all, two files */
    const struct view_sheet *held[3];
    for (int i = 0; i < 3; i++)
        frame_with_spots(path_of(i), 3 + i);
    for (int i = 0; i < 2; i++) {
        held[i] = view_shelf_take(s, path_of(i), 0, &err);
        assert_non_null(held[i]);
    }
    assert_null(view_shelf_take(s, path_of(2), 0, &err));
    assert_int_equal(err.code, ERROR_BUSY);
    assert_int_equal(held[0]->frame.detector->n_pixels, FRAME_SIDE * FRAME_SIDE);
    view_shelf_give(s, held[0]);
    held[2] = view_shelf_take(s, path_of(2), 0, &err);
    assert_non_null(held[2]);
    assert_int_equal(held[1]->code[0], held[1]->code[0]);
    view_shelf_give(s, held[1]);
    view_shelf_give(s, held[2]);
    view_shelf_give(s, NULL);
    view_shelf_free(s);
    view_shelf_free(NULL);
}

/* Of the same size and age, but another file: as when a run is copied anew. */
static void a_file_of_the_same_name_is_another_one(void **state)
{
    (void)state;
    struct error err = {0};
    struct view_shelf *s = view_shelf_make(100 << 20, 0);
    struct timespec times[2] = {{1000, 0}, {1000, 0}};
    frame_with_spots(path_of(0), 3);
    frame_with_spots(path_of(1), 60);
    utimensat(AT_FDCWD, path_of(0), times, 0);
    utimensat(AT_FDCWD, path_of(1), times, 0);
    const struct view_sheet *a = view_shelf_take(s, path_of(0), 0, &err);
    assert_non_null(a);
    assert_int_equal(rename(path_of(1), path_of(0)), 0);
    const struct view_sheet *b = view_shelf_take(s, path_of(0), 0, &err);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    assert_memory_not_equal(a->frame.pixels, b->frame.pixels, FRAME_SIDE * FRAME_SIDE * 2);
    assert_int_equal(unlink(path_of(0)), 0);
    assert_null(view_shelf_take(s, path_of(0), 0, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
    view_shelf_give(s, a);
    view_shelf_give(s, b);
    view_shelf_free(s);
}

struct looker {
    struct view_shelf *shelf;
    int first, n_wrong;
};

static void *look(void *arg)
{
    struct looker *l = arg;
    for (int i = 0; i < 60; i++) {
        struct error err = {0};
        char path[128];
        int no = (l->first + i) % 4; /* the fourth is not there */
        snprintf(path, sizeof path, "%s/%d.img", folder, no);
        const struct view_sheet *sheet = view_shelf_take(l->shelf, path, 0, &err);
        bool as_it_should = no == 3 ? !sheet && err.code == ERROR_UNREADABLE
                                    : sheet && sheet->layout.width == FRAME_SIDE + 2 && sheet->code;
        l->n_wrong += !as_it_should;
        view_shelf_give(l->shelf, sheet);
    }
    return NULL;
}

static void many_look_at_once(void **state)
{
    (void)state;
    struct view_shelf *s =
        view_shelf_make(1, 4); /* nothing is kept that nobody looks at: all load again and again */
    pthread_t threads[4];
    struct looker lookers[4];
    for (int i = 0; i < 3; i++)
        frame_with_spots(path_of(i), 3 + i);
    for (int i = 0; i < 4; i++) {
        lookers[i] = (struct looker){s, i / 2, 0};
        assert_int_equal(pthread_create(threads + i, NULL, look, lookers + i), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(lookers[i].n_wrong, 0);
    }
    view_shelf_free(s);
}

static int setup(void **state)
{
    (void)state;
    support_folder(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    support_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_frame_is_opened_once_and_again_when_it_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_of_the_same_name_is_another_one, setup, teardown),
        cmocka_unit_test_setup_teardown(many_look_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_in_use_stays_and_the_rest_makes_room, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
