/* api_weather.c - what each rank of a job did when, frame by frame. Reads the frames of the job by its key (a million: a second), so the
 * page asks for it when it is looked at. */
#include "web/api.h"

#include "report/report.h"

enum { FRAMES_MOST = 4000000 };

void api_weather(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    struct arena arena = {0};
    struct error err = {0};
    struct store_book_job *job;
    struct store_rank *ranks;
    struct weather *weather = arena_array(&arena, 1, sizeof *weather);
    size_t n = 0, n_ranks = 0, left = 0;
    int64_t id;
    if (!api_number(q, a, &id)) {
        arena_free(&arena);
        return;
    }
    const struct store_range one = {id, id};
    const struct store_job_filter filter = {.trial = -1, .jobs = &one, .n_jobs = 1, .all_attempts = true};
    const struct store_jobs_of of = {.jobs = &id, .n = 1};
    if (!store_book_jobs(s, &filter, &arena, &job, &n, &err) ||
        !store_read_ranks(s, of, &arena, &ranks, &n_ranks, &err) ||
        !weather_read(s, ranks, n_ranks, job, n, FRAMES_MOST, &arena, weather, &left, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    if (n == 0) {
        answer_error(a, 404, "no_such_job", "there is no such job", NULL);
        arena_free(&arena);
        return;
    }
    struct json_writer j = answer_json(a);
    json_put_int(&j, "job", id);
    json_put_int(&j, "most", FRAMES_MOST);
    json_put_bool(&j, "too_many", left > 0);
    json_put_int(&j, "ranks_left", (int64_t)weather->left_out);
    weather_json(weather, "tries", &j);
    answer_json_end(&j);
    arena_free(&arena);
}
