/* journals_files.c - names of journals: below a folder a<attempt>/r<rank>.xfj; from rank 1000 on in sub-folders by thousands, since
 * folders of very many files are slow everywhere (STORE 2). See journals.h. */
#include "sink/journal_format.h"
#include "sink/journals.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { RANKS_A_FOLDER = 1000 };

char *journals_path(struct arena *a, const char *folder, uint64_t attempt, uint32_t rank)
{
    char *name = rank < RANKS_A_FOLDER ? arena_printf(a, "a%llu/r%04u.xfj", (unsigned long long)attempt, rank)
                                       : arena_printf(a, "a%llu/%u/r%04u.xfj", (unsigned long long)attempt,
                                                      rank / RANKS_A_FOLDER, rank);
    return fs_join(a, folder, name);
}

/* A path with the numbers in it. */
struct named {
    char *path;
    uint64_t attempt;
    uint32_t rank;
};

/* Digits and nothing else up to a character. */
static bool read_number(const char **at, char end, uint64_t *out)
{
    const char *start = *at;
    for (*out = 0; **at >= '0' && **at <= '9' && *at - start < 18; ++*at)
        *out = 10 * *out + (uint64_t)(**at - '0');
    return *at > start && *(*at)++ == end;
}

/* Is it one of ours: exactly where journals_path would put it? */
static bool read_name(struct arena *a, const char *folder, char *path, struct named *out)
{
    const char *at = path + strlen(fs_join(a, folder, "x")) - 1;
    const char *last = strrchr(path, '/') + 1;
    uint64_t rank = 0;
    if (*at++ != 'a' || !read_number(&at, '/', &out->attempt) || *last++ != 'r' ||
        !read_number(&last, '.', &rank) || rank > UINT32_MAX)
        return false;
    out->path = path;
    out->rank = (uint32_t)rank;
    return !strcmp(path, journals_path(a, folder, out->attempt, out->rank));
}

/* A process that died, or is about to write the head: nothing is in it yet. */
static bool is_begun(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_size >= JOURNAL_FIRST;
}

static int compare(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    if (x->attempt != y->attempt)
        return x->attempt < y->attempt ? -1 : 1;
    return x->rank == y->rank ? 0 : x->rank < y->rank ? -1 : 1;
}

/* All names of ours below the folder, in no order. rank: -1: of all. */
static bool find_all(const char *folder, int64_t rank, struct arena *a, struct named **all, size_t *n_all,
                     struct error *err)
{
    static const char *const places[] = {"a*/r*.xfj", "a*/*/r*.xfj"};
    *all = NULL;
    *n_all = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char **found;
        size_t n_found;
        if (!fs_glob(fs_join(a, fs_quoted(a, folder), places[i]), a, &found, &n_found, err))
            return false;
        for (size_t k = 0; k < n_found; k++) {
            struct named one;
            if (!read_name(a, folder, found[k], &one) || (rank >= 0 && one.rank != rank))
                continue;
            *all = arena_grow(a, *all, *n_all, sizeof **all);
            (*all)[(*n_all)++] = one;
        }
    }
    if (*n_all)
        qsort(*all, *n_all, sizeof **all, compare);
    return true;
}

bool journals_list(const char *folder, int64_t rank, struct arena *a, char ***paths, size_t *n,
                   struct error *err)
{
    struct named *all;
    size_t n_all;
    *n = 0;
    if (!find_all(folder, rank, a, &all, &n_all, err))
        return false;
    *paths = arena_array(a, n_all + 1, sizeof **paths);
    for (size_t i = 0; i < n_all; i++)
        if (is_begun(all[i].path))
            (*paths)[(*n)++] = all[i].path;
    return true;
}

bool journals_last_attempt(const char *folder, uint64_t *attempt, struct error *err)
{
    struct arena a = {0};
    struct named *all;
    size_t n;
    bool ok = find_all(folder, -1, &a, &all, &n, err);
    *attempt = ok && n ? all[n - 1].attempt : 0;
    arena_free(&a);
    return ok;
}
