/* api_trials.c - trials side by side: internal/report/paired, for a page. */
#include "web/api.h"

#include "report/report.h"

#include <string.h>

/* What a page may read of frames: two look-ups each, a tenth of a second for all of them. */
enum { PAIRED_FRAMES = 200000 };

void api_compare(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    struct arena arena = {0};
    struct error err = {0};
    struct paired p;
    uint32_t trials[PAIRED_MOST];
    size_t n = 0;
    for (size_t i = 0; i < q->target->n_query; i++) {
        int64_t num;
        if (strcmp(q->target->query[i].name, "trial") != 0)
            continue;
        if (n == PAIRED_MOST || !str_to_i64(q->target->query[i].value, &num) || num < 0 || num > UINT32_MAX) {
            answer_error(a, 400, "bad_choice", "trial is a number, two to eight times", "as trial=3&trial=5");
            return;
        }
        trials[n++] = (uint32_t)num;
    }
    if (!paired_read(s, trials, n, NULL, 0, PAIRED_FRAMES, &arena, &p, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    struct json_writer j = answer_json(a);
    paired_json(&p, &j);
    answer_json_end(&j);
    arena_free(&arena);
}
