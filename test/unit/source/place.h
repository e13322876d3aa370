/* place.h - where the tests of one program work: a folder and an arena of their own, made before the first and removed after
 * the last. place_begin and place_end are given to cmocka_run_group_tests; the helper forms where HDF5 files are opened. */
#ifndef XFELX_TEST_SOURCE_PLACE_H
#define XFELX_TEST_SOURCE_PLACE_H

#include "support.h"

#include "base/base.h"
#include "source/source.h"

static char folder[64];
static struct arena arena;

static inline char *in_folder(const char *name)
{
    return arena_printf(&arena, "%s/%s", folder, name);
}

static inline int place_begin(void **state)
{
    (void)state;
    support_folder(folder);
    return 0;
}

static inline int place_end(void **state)
{
    (void)state;
    support_remove(folder);
    arena_free(&arena);
    return 0;
}

static inline int place_begin_with_helper(void **state)
{
    return place_begin(state) == 0 && source_helper_start(NULL) ? 0 : -1;
}

static inline int place_end_with_helper(void **state)
{
    source_helper_stop();
    return place_end(state);
}

#endif
