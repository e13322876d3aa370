/* api_there.c - what a query names is looked for before it is chosen by: nothing of something and nothing of nothing are two answers. */
#include "web/api.h"

#include <string.h>

static bool has_trial(struct store *s, const char *text, struct arena *a, bool *there, struct error *err)
{
    struct store_trial_row *rows;
    int64_t num;
    size_t n;
    if (!str_to_i64(text, &num))
        return *there = true;
    if (!store_trials(s, a, &rows, &n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        *there |= rows[i].num == num;
    return true;
}

static bool has_job(struct store *s, const char *text, struct arena *a, bool *there, struct error *err)
{
    struct store_book_job *rows;
    int64_t id;
    size_t n;
    if (!str_to_i64(text, &id))
        return *there = true;
    const struct store_range range = {id, id};
    const struct store_job_filter one = {.trial = -1, .jobs = &range, .n_jobs = 1};
    if (!store_book_jobs(s, &one, a, &rows, &n, err))
        return false;
    *there = n > 0;
    return true;
}

static bool has_tag(struct store *s, const char *text, struct arena *a, bool *there, struct error *err)
{
    struct store_tag_row *rows;
    size_t n;
    if (!store_tags(s, a, &rows, &n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        *there |= strcmp(rows[i].name, text) == 0;
    return true;
}

static const struct {
    const char *name, *code, *text, *hint;
    bool (*has)(struct store *s, const char *text, struct arena *a, bool *there, struct error *err);
} kinds[] = {
    {"trial", "no_such_trial", "there is no trial of this number", "api/v1/trials lists them", has_trial},
    {"job", "no_such_job", "there is no job of this number", "api/v1/jobs lists them", has_job},
    {"tag", "no_such_tag", "there is no tag of this name", "api/v1/tags lists them", has_tag},
};

bool api_there(struct store *s, const struct web_request *q, struct arena *arena, struct web_answer *a)
{
    struct error err = {0};
    for (size_t i = 0; i < q->target->n_query; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            bool there = false;
            if (strcmp(q->target->query[i].name, kinds[k].name) != 0)
                continue;
            if (!kinds[k].has(s, q->target->query[i].value, arena, &there, &err))
                return api_failed(a, arena, &err);
            if (there)
                continue;
            answer_error(a, 404, kinds[k].code, kinds[k].text, kinds[k].hint);
            arena_free(arena);
            return false;
        }
    return true;
}

bool api_run_named(struct store *s, const char *word, struct arena *arena, int64_t *id, struct web_answer *a)
{
    struct error err = {0};
    int64_t *ids;
    size_t n;
    if (!store_find_runs(s, &word, 1, arena, &ids, &n, &err) && err.code != ERROR_USAGE)
        return api_failed(a, arena, &err);
    if (!err.fact[0] && n == 1)
        return *id = ids[0], true;
    answer_error(a, 404, "no_such_run",
                 err.fact[0] ? err.fact : "one run is asked for, by its number or name", err.hint);
    arena_free(arena);
    return false;
}

bool api_run_asked(struct store *s, const struct web_request *q, struct arena *arena, int64_t *id,
                   struct web_answer *a)
{
    const char *word = target_value(q->target, "run");
    *id = -1;
    return !word || api_run_named(s, word, arena, id, a);
}
