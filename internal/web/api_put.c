/* api_put.c - pieces of JSON that several handlers have; see api.h. */
#include "web/api.h"

#include "report/report.h"

#include <math.h>

void put_time(struct json_writer *j, const char *key, int64_t ns)
{
    json_put_fixed(j, key, ns > 0 ? 1e-9 * (double)ns : NAN, 3);
}

void put_fraction(struct json_writer *j, const char *key, uint64_t k, uint64_t n)
{
    struct rate r = rate_of(k, n);
    json_object(j, key);
    json_put_int(j, "k", (int64_t)k);
    json_put_int(j, "n", (int64_t)n);
    json_put_fixed(j, "p", r.share, 6);
    json_put_fixed(j, "lo", r.lo, 6);
    json_put_fixed(j, "hi", r.hi, 6);
    json_end_object(j);
}

void put_words(struct json_writer *j, const char *key, const char *const *words, size_t n)
{
    json_array(j, key, true);
    for (size_t i = 0; i < n; i++)
        json_put_text(j, NULL, words[i]);
    json_end_array(j);
}

void put_job_states(struct json_writer *j, const char *key, const struct store_job_counts *c)
{
    json_object(j, key);
    for (int i = 1; i < JOB_STATE_END; i++)
        if (c->by[i])
            json_put_int(j, job_state_word(i), c->by[i]);
    json_end_object(j);
}

void put_columns(struct json_writer *j, const char *const *names, size_t n)
{
    put_words(j, "cols", names, n);
    json_array(j, "rows", false);
}

void put_reasons(struct json_writer *j, const uint64_t reasons[REASON_END])
{
    json_array(j, "reasons", false);
    for (int r = 1; r < REASON_END; r++)
        if (reasons[r]) {
            json_object(j, NULL);
            json_put_text(j, "reason", reason_word((enum reason)r));
            json_put_text(j, "text", reason_help((enum reason)r));
            json_put_int(j, "n", (int64_t)reasons[r]);
            json_end_object(j);
        }
    json_end_array(j);
}

bool api_failed(struct web_answer *a, struct arena *arena, const struct error *err)
{
    answer_failed(a, err);
    arena_free(arena);
    return false;
}

bool api_number(const struct web_request *q, struct web_answer *a, int64_t *out)
{
    if (str_to_i64(q->parts[0], out) && *out > 0)
        return true;
    answer_error(a, 404, "no_such_number", "a number from 1 on stands here", NULL);
    return false;
}
