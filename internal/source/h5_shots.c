/* h5_shots.c - which shot of the facility a frame is: its event number and time, where files of facilities keep them. Nothing else
 * depends on them but labels that come later, so what is not there, or has another length, is left out without a word. */
#include "source/h5_describe.h"

#include <string.h>

enum { SHOTS_MOST = 100000000 };

/* In the order in which they are looked for. A number that repeats within a run (a fiducial) is none of an event. */
static const char *const event_places[] = {
    "/LCLS/eventNumber",    "/entry/event_id", "/entry/data/event_id", "/entry_1/event_id",
    "/entry/data/pulse_id", "/entry/pulse_id", "/entry_1/pulse_id",    "/entry/shot_id",
};
/* Seconds since 1970, and a second dataset of nanoseconds beside them. */
static const char *const time_places[][2] = {
    {"/LCLS/machineTime", "/LCLS/machineTimeNanoSeconds"},
    {"/entry/timestamp", NULL},
    {"/entry/data/timestamp", NULL},
    {"/entry/instrument/detector/timestamp", NULL},
    {"/entry_1/timestamp", NULL},
};

static bool add(struct h5_builder *b, const char *path, const char *key)
{
    double *v = NULL;
    uint64_t n = 0;
    if (!path || !h5_numbers(b->file, path, SHOTS_MOST, b->arena, &v, &n, NULL, NULL))
        return false;
    h5_add_value(b, key, "", v, n);
    return true;
}

void h5_add_shots(struct h5_builder *b)
{
    bool done = h5_value_find(&b->d, "event") != NULL;
    for (size_t i = 0; i < sizeof event_places / sizeof *event_places && !done; i++)
        done = add(b, event_places[i], "event");
    for (size_t i = 0; i < sizeof time_places / sizeof *time_places; i++)
        if (add(b, time_places[i][0], "time")) {
            add(b, time_places[i][1], "time_ns");
            break;
        }
}

void h5_add_events_of_groups(struct h5_builder *b, const char *pattern, char *const *paths, size_t n)
{
    const char *mark = strchr(pattern, '%');
    double *v = arena_array(b->arena, n + 1, sizeof *v);
    for (size_t i = 0; i < n; i++) {
        int64_t number;
        const char *digits = paths[i] + (mark - pattern);
        size_t length = strspn(digits, "0123456789");
        if (length == 0 || !str_to_i64(arena_strndup(b->arena, digits, length), &number))
            return;
        v[i] = (double)number;
    }
    if (n && !h5_value_find(&b->d, "event"))
        h5_add_value(b, "event", "", v, n);
}
