/* merges.c - see merges.h. */
#include "cycle/merges.h"

enum { AT_ONCE = 20 };

/* Only what the store could not do is an error: a log that is none stays none. */
static bool take(struct cycle *c, const struct store_merge_done *m, struct arena *a, struct error *err)
{
    static const struct store_by by = {"watch", STORE_VIA_WATCH};
    struct error why = {0};
    struct store_merge_shell *shells = NULL;
    char **names, line[1024];
    size_t n = 0, n_shells = 0;
    int64_t job;
    const char *folder = fs_quoted(a, fs_join(a, fs_join(a, c->folder, m->folder), "out"));
    if (!fs_glob(fs_join(a, folder, "*_main.log"), a, &names, &n, &why) || n == 0)
        return true;
    if (merge_log_read(names[0], a, &shells, &n_shells, &why))
        return store_put_merge(c->store, &by, &m->merge, shells, n_shells, &job, err);
    error_line(&why, line, sizeof line);
    return store_merge_refused(c->store, m->merge.job, line, err);
}

bool cycle_merges(struct cycle *c, struct error *err)
{
    struct arena a = {0};
    struct store_merge_done *rows;
    size_t n = 0;
    int64_t after = 0, seen = 0;
    const char *word = store_kept_word(c->store, "merges", &a, NULL);
    if (!word || !str_to_i64(word, &after))
        after = 0;
    bool ok = store_merges_done(c->store, after, AT_ONCE, &a, &rows, &n, &seen, err);
    for (size_t i = 0; ok && i < n; i++)
        ok = take(c, rows + i, &a, err);
    if (ok && seen != after)
        ok = store_keep_word(c->store, "merges", arena_printf(&a, "%lld", (long long)seen), err);
    arena_free(&a);
    return ok;
}
