/* members.c - membership by sorted rows and binary search; see members.h. */
#include "campaign/members.h"

#include <stdlib.h>

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_ord(const void *x, const void *y)
{
    const struct campaign_run *a = *(const struct campaign_run *const *)x,
                              *b = *(const struct campaign_run *const *)y;
    int c = order(a->ord, b->ord);
    return c != 0 ? c : order(a->id, b->id);
}

static int by_rungroup(const void *x, const void *y)
{
    const struct campaign_exception *a = *(const struct campaign_exception *const *)x;
    const struct campaign_exception *b = *(const struct campaign_exception *const *)y;
    int c = order(a->rungroup, b->rungroup);
    return c != 0 ? c : order(a->run, b->run);
}

static int by_run(const void *x, const void *y)
{
    const struct campaign_run_tag *a = *(const struct campaign_run_tag *const *)x;
    const struct campaign_run_tag *b = *(const struct campaign_run_tag *const *)y;
    int c = order(a->run, b->run);
    return c != 0 ? c : order(a->tag, b->tag);
}

static int by_dataset(const void *x, const void *y)
{
    const struct campaign_dataset_tag *a = *(const struct campaign_dataset_tag *const *)x;
    const struct campaign_dataset_tag *b = *(const struct campaign_dataset_tag *const *)y;
    int c = order(a->dataset, b->dataset);
    return c != 0 ? c : order(a->tag, b->tag);
}

/* Pointers to the rows of an array, sorted. */
#define SORTED(out, rows, n, compare)                                                                        \
    do {                                                                                                     \
        (out) = arena_array(a, (n), sizeof *(out));                                                          \
        for (size_t i_ = 0; i_ < (n); i_++)                                                                  \
            (out)[i_] = &(rows)[i_];                                                                         \
        if ((n) > 1)                                                                                         \
            qsort((out), (n), sizeof *(out), (compare));                                                     \
    } while (0)

void members_make(const struct snapshot *s, struct arena *a, struct members *out)
{
    out->s = s;
    SORTED(out->runs, s->runs, s->n_runs, by_ord);
    SORTED(out->exceptions, s->exceptions, s->n_exceptions, by_rungroup);
    SORTED(out->tags, s->run_tags, s->n_run_tags, by_run);
    SORTED(out->datasets, s->dataset_tags, s->n_dataset_tags, by_dataset);
}

static const struct campaign_exception *exception_of(const struct members *m, int64_t rungroup, int64_t run)
{
    const struct campaign_exception key = {.rungroup = rungroup, .run = run}, *at = &key;
    const struct campaign_exception **found =
        m->s->n_exceptions > 0
            ? bsearch(&at, m->exceptions, m->s->n_exceptions, sizeof *m->exceptions, by_rungroup)
            : NULL;
    return found != NULL ? *found : NULL;
}

bool members_rungroup_has(const struct members *m, const struct campaign_rungroup *g,
                          const struct campaign_run *run)
{
    const struct campaign_exception *e = exception_of(m, g->id, run->id);
    if (e != NULL)
        return e->include;
    return run->ord >= g->first_ord && (g->open || run->ord <= g->last_ord);
}

/* Index of the first run whose ord is not below. */
static size_t first_run(const struct members *m, int64_t ord)
{
    size_t low = 0, high = m->s->n_runs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->runs[middle]->ord < ord)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether the rungroup makes an exception of any run that it includes. */
static bool includes_some(const struct members *m, int64_t rungroup)
{
    for (size_t i = 0; i < m->s->n_exceptions; i++)
        if (m->exceptions[i]->rungroup == rungroup && m->exceptions[i]->include)
            return true;
    return false;
}

const struct campaign_run **members_of_rungroup(const struct members *m, const struct campaign_rungroup *g,
                                                struct arena *a, size_t *n)
{
    size_t begin = 0, end = m->s->n_runs;
    if (!includes_some(m, g->id)) {
        begin = first_run(m, g->first_ord);
        if (!g->open && g->last_ord < INT64_MAX)
            end = first_run(m, g->last_ord + 1);
    }
    const struct campaign_run **out = arena_array(a, end > begin ? end - begin : 0, sizeof *out);
    *n = 0;
    for (size_t i = begin; i < end; i++)
        if (members_rungroup_has(m, g, m->runs[i]))
            out[(*n)++] = m->runs[i];
    return out;
}

static bool run_has_tag(const struct members *m, int64_t run, int64_t tag)
{
    const struct campaign_run_tag key = {run, tag}, *at = &key;
    return m->s->n_run_tags > 0 && bsearch(&at, m->tags, m->s->n_run_tags, sizeof *m->tags, by_run) != NULL;
}

bool members_dataset_has(const struct members *m, const struct campaign_dataset *d, int64_t run)
{
    size_t n = 0, had = 0;
    for (size_t i = 0; i < m->s->n_dataset_tags; i++)
        if (m->datasets[i]->dataset == d->id) {
            n++;
            had += run_has_tag(m, run, m->datasets[i]->tag);
        }
    return n > 0 && (d->all ? had == n : had > 0);
}
