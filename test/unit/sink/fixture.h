/* fixture.h - a folder to write into and memory, of each case of this room's tests. */
#ifndef XFELX_TEST_SINK_FIXTURE_H
#define XFELX_TEST_SINK_FIXTURE_H

#include "frames.h"

static char folder[64];
static struct arena memory;

static inline int setup(void **state)
{
    (void)state;
    support_folder(folder);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    support_remove(folder);
    arena_free(&memory);
    return 0;
}

#endif
