/* batch_fuzz.c - any text as what a scheduler's command prints; the first byte picks the reader. Rows are terminated texts with states
 * and ends that exist, whatever was read. */
#include "batch/batch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_rows(const struct batch_table *t)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct batch_job *j = &t->jobs[i];
        check(memchr(j->id, 0, sizeof j->id) && memchr(j->name, 0, sizeof j->name) &&
              memchr(j->raw, 0, sizeof j->raw) && memchr(j->reason, 0, sizeof j->reason));
        check(j->state > 0 && j->state < ATTEMPT_STATE_END && (unsigned)j->end < END_KIND_END);
        check(batch_table_find(t, j->id) != NULL);
    }
}

static void slurm_queue(const char *text, struct batch_table *t)
{
    slurm_read_queue(SLURM_QUEUE_FORMAT, text, t);
}

static void slurm_account(const char *text, struct batch_table *t)
{
    slurm_read_account(SLURM_ACCOUNT_FORMAT, text, t);
}

static void pbs_json(const char *text, struct batch_table *t)
{
    pbs_read_json(text, strlen(text), t);
}

static void records(const char *text, struct batch_table *t)
{
    struct batch_record r;
    struct error err = {0};
    (void)t;
    for (int end = 0; end < 2; end++)
        if (batch_read_record(text, strlen(text), end, &r, &err))
            check(memchr(r.host, 0, sizeof r.host) && memchr(r.last, 0, sizeof r.last) &&
                  memchr(r.step, 0, sizeof r.step) && memchr(r.sched_id, 0, sizeof r.sched_id));
}

static void ids(const char *text, struct batch_table *t)
{
    static bool (*const readers[])(const char *, char *, size_t) = {slurm_read_id, sge_read_id, pbs_read_id,
                                                                    lsf_read_id};
    static const struct batch_text *const texts[] = {slurm_texts, sge_texts, pbs_texts, lsf_texts};
    char id[128];
    (void)t;
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (readers[i](text, id, sizeof id))
            check(*id && memchr(id, 0, sizeof id));
        batch_judge(texts[i], 1, text);
    }
}

static void (*const readers[])(const char *text, struct batch_table *t) = {
    slurm_queue, slurm_account, sge_read_queue, sge_read_account, pbs_json, pbs_read_full, lsf_read_jobs,
    records,     ids,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct batch_table t = {.arena = &a};
    if (size == 0)
        return 0;
    char *text = malloc(size);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    readers[data[0] % (sizeof readers / sizeof *readers)](text, &t);
    check_rows(&t);
    arena_free(&a);
    free(text);
    return 0;
}
