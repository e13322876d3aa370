/* api_overview.c - the first page: what `xfelx status --json` says, without its lists that grow; and the log of alarms. */
#include "web/api.h"

#include "report/report.h"

#include <stdio.h>

enum { MINUTES_LEAST = 10, LOG = 500 };

/* A number of the query within bounds; 400 and false: it is none. */
static bool asked_number(const struct web_request *q, struct web_answer *a, const char *key, int64_t least,
                         int64_t most, int64_t *out)
{
    const char *word = target_value(q->target, key);
    if (!word || (str_to_i64(word, out) && *out >= least && *out <= most))
        return true;
    char text[96];
    snprintf(text, sizeof text, "%s is a number from %lld to %lld", key, (long long)least, (long long)most);
    answer_error(a, 400, "bad_number", text, NULL);
    return false;
}

void api_overview(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct arena arena = {0};
    struct error err = {0};
    struct overview_sources in;
    struct standing o;
    int64_t minutes = OVERVIEW_MINUTES, trial = 0;
    if (!asked_number(q, a, "minutes", MINUTES_LEAST, TALLY_MINUTES, &minutes) ||
        !asked_number(q, a, "trial", 1, UINT32_MAX, &trial))
        return;
    const struct overview_asked asked = {.trial = (uint32_t)trial,
                                         .minutes = (size_t)minutes,
                                         .folder = w->options.folder,
                                         .stages = w->options.stages,
                                         .n_stages = w->options.n_stages,
                                         .limits = w->options.limits};
    if (!overview_read(s, &asked, &arena, &in, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    overview_make(&in, &arena, &o);
    struct json_writer j = answer_json(a);
    overview_json(&o, w->options.title, (size_t)minutes, &j);
    answer_json_end(&j);
    arena_free(&arena);
}

void api_alarms(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w, (void)q;
    struct arena arena = {0};
    struct error err = {0};
    struct store_alarm *rows;
    size_t n = 0;
    if (!store_alarms(s, LOG, &arena, &rows, &n, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    struct json_writer j = answer_json(a);
    alarms_json(rows, n, &j);
    answer_json_end(&j);
    arena_free(&arena);
}
