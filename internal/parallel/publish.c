/* publish.c - files from journals; see publish.h.
 *
 * A rank's files need its own journals, and those of rank 0: the ranks of one attempt void their own frames, what earlier ones left
 * is voided by rank 0 of the next (STORE 6). */
#include "parallel/publish.h"

static bool open_journals(const char *folder, uint32_t rank, struct journals **out, struct error *err)
{
    struct arena a = {0};
    char **mine, **firsts = NULL;
    size_t n, n_firsts = 0;
    bool ok = journals_list(folder, rank, &a, &mine, &n, err) &&
              (rank == 0 || journals_list(folder, 0, &a, &firsts, &n_firsts, err));
    if (ok) {
        const char **all = arena_array(&a, n + n_firsts + 1, sizeof *all);
        for (size_t i = 0; i < n + n_firsts; i++)
            all[i] = i < n ? mine[i] : firsts[i - n];
        ok = journals_open(all, n + n_firsts, out, err);
    }
    arena_free(&a);
    return ok;
}

/* What this rank has added up so far. */
static bool put_powder(const struct publish *p, uint32_t rank, struct error *err)
{
    struct arena a = {0};
    const char *name =
        arena_printf(&a, "%s/a%llu-r%u", p->powder_parts, (unsigned long long)p->attempt, rank);
    bool ok = powder_write(p->powder, name, err);
    arena_free(&a);
    return ok;
}

bool publish_powder(const struct publish *p, struct error *err)
{
    struct arena a = {0};
    struct powder_sum sum;
    bool ok = !p->powder || (powder_gather(p->powder_parts, &a, &sum, err) &&
                             (!sum.detector || (powder_publish_residuals(&sum, p->residuals_path, err) &&
                                                (sum.frames[POWDER_HIT] + sum.frames[POWDER_OTHER] == 0 ||
                                                 powder_publish(&sum, p->powder_path, err)))));
    arena_free(&a);
    return ok;
}

bool publish_rank(const struct publish *p, uint32_t rank, struct error *err)
{
    struct journals *j = NULL;
    struct sink *s = NULL;
    struct sink_options o = p->sink;
    o.rank = rank;
    bool ok =
        open_journals(p->journals, rank, &j, err) && sink_open(&o, &s, err) &&
        sink_put_journals(s, j, rank, err) && sink_publish(s, err) &&
        (!p->powder || rank != p->sink.rank || put_powder(p, rank, err)); /* others have added up theirs */
    sink_close(s);
    journals_close(j);
    return ok;
}

bool publish_from(const struct publish *p, uint32_t first_rank, struct error *err)
{
    struct arena a = {0};
    char **paths;
    size_t n;
    bool ok = journals_list(p->journals, -1, &a, &paths, &n, err);
    uint32_t after = first_rank;
    for (size_t i = 0; ok && i < n; i++) {
        struct journal_reader *r;
        ok = journal_open(paths[i], &r, err);
        if (ok && journal_identity(r)->rank >= after)
            after = journal_identity(r)->rank + 1;
        journal_reader_close(ok ? r : NULL);
    }
    for (uint32_t rank = first_rank; ok && rank < after; rank++)
        ok = publish_rank(p, rank, err);
    arena_free(&a);
    return ok;
}
