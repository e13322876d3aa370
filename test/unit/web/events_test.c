/* events_test.c - one row of events, many streams. */
#include "web/events.h"

#include "support.h"

#include <string.h>

static int woken, slept;

static void wake(void *arg)
{
    (void)arg;
    woken++;
}

static void sleeps(void *arg)
{
    (void)arg;
    slept++;
}

/* All that a stream has now. */
static char *drain(struct stream *s, size_t piece)
{
    static char text[1 << 20];
    size_t n = 0;
    long got;
    while ((got = stream_read(s, text + n, piece, sleeps)) > 0)
        n += (size_t)got;
    text[n] = 0;
    return text;
}

static void a_stream_gets_each_event_once_in_any_pieces(void **state)
{
    (void)state;
    struct events *e = events_make();
    events_put(e, "old", "{}");
    struct stream *s = stream_open(e, -1, wake, NULL), *tiny = stream_open(e, -1, wake, NULL);
    woken = slept = 0;
    assert_string_equal(drain(s, 4096), "retry: 2000\n\n");
    assert_string_equal(drain(tiny, 3), "retry: 2000\n\n");
    assert_int_equal(slept, 2);
    assert_int_equal(events_put(e, "delta", "{\"a\":1}"), 2);
    assert_int_equal(woken, 2);
    events_put(e, "delta", "{}");
    assert_int_equal(woken, 2); /* they are awake */
    assert_string_equal(drain(s, 4096),
                        "id: 2\nevent: delta\ndata: {\"a\":1}\n\nid: 3\nevent: delta\ndata: {}\n\n");
    assert_string_equal(drain(tiny, 3),
                        "id: 2\nevent: delta\ndata: {\"a\":1}\n\nid: 3\nevent: delta\ndata: {}\n\n");
    events_put(e, NULL, NULL);
    assert_string_equal(drain(tiny, 1), ":\n\n");
    assert_int_equal(events_streams(e), 2);
    stream_close(s);
    stream_close(tiny);
    assert_int_equal(events_streams(e), 0);
    events_free(e);
}

static void who_comes_back_goes_on_where_he_was(void **state)
{
    (void)state;
    struct events *e = events_make();
    for (int i = 0; i < EVENTS_KEPT + 50; i++)
        events_put(e, "x", "{}");
    struct stream *s = stream_open(e, EVENTS_KEPT + 48, wake, NULL);
    assert_string_equal(drain(s, 100),
                        "retry: 2000\n\nid: 649\nevent: x\ndata: {}\n\nid: 650\nevent: x\ndata: {}\n\n");
    stream_close(s);
    s = stream_open(e, 50, wake, NULL); /* the oldest that can be continued */
    assert_non_null(strstr(drain(s, 1000), "id: 51\n"));
    stream_close(s);
    static const int64_t gone[] = {49, 0, 100000};
    for (int i = 0; i < 3; i++) {
        s = stream_open(e, gone[i], wake, NULL);
        assert_string_equal(drain(s, 1000), "retry: 2000\n\nevent: resync\ndata: {}\n\n");
        stream_close(s);
    }
    events_free(e);
}

static void who_falls_behind_is_told_to_look_anew(void **state)
{
    (void)state;
    struct events *e = events_make();
    struct stream *s = stream_open(e, -1, wake, NULL);
    char some[8];
    drain(s, 100);
    events_put(e, "x", "{}");
    assert_int_equal(stream_read(s, some, 5, sleeps), 5); /* in the middle of an event */
    for (int i = 0; i < EVENTS_KEPT + 10; i++)
        events_put(e, "y", "{}");
    assert_string_equal(drain(s, 100), "\n\nevent: resync\ndata: {}\n\n");
    events_put(e, "z", "{}");
    assert_non_null(strstr(drain(s, 100), "event: z\n"));
    stream_close(s);
    events_free(e);
}

static void the_end_comes_after_what_was_said(void **state)
{
    (void)state;
    struct events *e = events_make();
    struct stream *s = stream_open(e, -1, wake, NULL);
    char out[100];
    drain(s, 100);
    events_put(e, "bye", "{}");
    events_end(e);
    assert_true(stream_read(s, out, sizeof out, sleeps) > 0);
    assert_int_equal(stream_read(s, out, sizeof out, sleeps), -1);
    stream_close(s);
    events_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_gets_each_event_once_in_any_pieces),
        cmocka_unit_test(who_comes_back_goes_on_where_he_was),
        cmocka_unit_test(who_falls_behind_is_told_to_look_anew),
        cmocka_unit_test(the_end_comes_after_what_was_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
