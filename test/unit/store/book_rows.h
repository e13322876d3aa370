/* book_rows.h - a database with runs, for the tests of the book. */
#ifndef XFELX_TEST_STORE_BOOK_ROWS_H
#define XFELX_TEST_STORE_BOOK_ROWS_H

#include "database.h"

#include "store/store_private.h"

static const struct store_by somebody = {"ada", STORE_VIA_COMMAND};

/* Open a new database with runs of the numbers 1 … n ("r0001" …). */
static inline struct store *book_rows(size_t n)
{
    struct store *s = NULL;
    struct error err = {0};
    struct arena a = {0};
    size_t n_new = 0;
    database_place();
    if (!database_open(false, &s, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    struct store_seen *seen = arena_array(&a, n, sizeof *seen);
    for (size_t i = 0; i < n; i++)
        seen[i] = (struct store_seen){.path = arena_printf(&a, "/data/r%04zu.h5", i + 1),
                                      .name = arena_printf(&a, "r%04zu", i + 1),
                                      .facility = "standalone",
                                      .why = "",
                                      .num = (int64_t)i + 1,
                                      .state = RUN_PRESENT,
                                      .readable = true,
                                      .n_files = 1,
                                      .n_here = 1,
                                      .bytes_here = 1000};
    if (!store_see(s, seen, n, &n_new, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    assert_int_equal(n_new, n);
    arena_free(&a);
    return s;
}

static inline void book_end(struct store *s)
{
    store_close(s);
    database_drop();
}

#define MUST(call)                                                                                           \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s %s", err.fact, err.detail, err.hint);                                           \
    } while (0)

/* A trial with a recipe of its own. */
static inline uint32_t book_trial(struct store *s, uint8_t recipe)
{
    struct error err = {0};
    uint8_t hash[32] = {recipe};
    uint32_t num = 0;
    struct store_trial_new t = {
        .recipe_hash = hash, .phil = "x = 1\n", .percent = 10, .d_min = 2.5, .active = true};
    MUST(store_trial_add(s, &somebody, &t, &num, &err));
    return num;
}

#endif
