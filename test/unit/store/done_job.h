/* done_job.h - a database with one job that is done. */
#ifndef XFELX_TEST_STORE_DONE_JOB_H
#define XFELX_TEST_STORE_DONE_JOB_H

#include "database.h"

/* n_frames ≤ 12000 blank frames, of which the first failed; published. */
static inline void done_job(uint32_t n_frames)
{
    enum { FRAMES = 12000 };
    struct store *s = NULL;
    struct error err = {0};
    struct store_job job;
    static struct result r[FRAMES];
    static const struct result *p[FRAMES];
    const struct store_source source = {"/data/a.h5", 100, 1, n_frames, "NXmx"};
    const struct store_begin b = database_job(&source);
    assert_true(database_open(false, &s, &err));
    assert_true(store_begin(s, &b, &job, &err));
    for (uint32_t i = 0; i < n_frames; i++) {
        r[i] = (struct result){.id = {.frame = i, .path = source.path},
                               .outcome = i ? OUTCOME_BLANK : OUTCOME_FAILED,
                               .reason = i ? REASON_FEW_SPOTS : REASON_TRUNCATED,
                               .beam = {.v = {.wavelength = 1.3}},
                               .t_done = 1 + (int64_t)i};
        p[i] = r + i;
    }
    const struct store_batch batch = {.attempt = job.attempt, .results = p, .n = n_frames};
    assert_true(store_put_results(s, &job, &batch, 1, "hash", &err));
    assert_true(store_write_rolls(s, true, &err));
    assert_true(store_end(s, &job, END_OK, 0, true, &err));
    store_close(s);
}

#endif
