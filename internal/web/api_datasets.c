/* api_datasets.c - datasets: what they are made of, how far they are, their versions, and what merging came to. */
#include "web/api.h"

#include "report/report.h"

#include <math.h>

enum { SHELLS_MOST = 5000 };

/* What the list and one alone both say. */
static void put_dataset(struct json_writer *j, const struct store_dataset_row *d, uint64_t lattices)
{
    json_put_int(j, "id", d->id);
    json_put_int(j, "lattices", (int64_t)lattices);
    json_put_text(j, "name", d->name);
    json_put_text(j, "comment", d->comment);
    json_put_bool(j, "all", d->all);
    json_put_bool(j, "active", d->active);
    json_put_real(j, "goal", d->goal ? (double)d->goal : NAN);
    put_words(j, "tags", d->tags, d->n_tags);
    json_put_int(j, "runs", d->n_runs);
    json_array(j, "tasks", false);
    for (size_t i = 0; i < d->n_tasks; i++) {
        json_object(j, NULL);
        json_put_text(j, "name", d->tasks[i].name);
        json_put_int(j, "rev", d->tasks[i].rev);
        json_put_text(j, "kind",
                      task_kind_row(d->tasks[i].kind) ? task_kind_row(d->tasks[i].kind)->word : "?");
        json_end_object(j);
    }
    json_end_array(j);
    json_array(j, "versions", false);
    for (size_t i = 0; i < d->n_versions; i++) {
        json_object(j, NULL);
        json_put_int(j, "version", d->versions[i].version);
        put_time(j, "t", d->versions[i].created_t);
        json_put_int(j, "inputs", d->versions[i].n_inputs);
        put_job_states(j, "jobs", &d->versions[i].jobs);
        json_end_object(j);
    }
    json_end_array(j);
}

/* All that the figures of datasets are made of. */
static bool read_all(struct store *s, struct arena *a, struct overview_sources *o, struct error *err)
{
    const struct store_job_filter any_job = {.trial = -1};
    const struct store_run_filter any_run = {0};
    struct store_book_job *jobs;
    struct store_run_row *runs;
    struct store_dataset_row *datasets;
    struct store_trial_row *trials;
    *o = (struct overview_sources){.disk_free = NAN};
    bool ok = store_datasets(s, a, &datasets, &o->n_datasets, err);
    if (ok && o->n_datasets == 0)
        return true;
    ok = ok && store_book_jobs(s, &any_job, a, &jobs, &o->n_jobs, err) &&
         store_runs(s, &any_run, a, &runs, &o->n_runs, err) && store_trials(s, a, &trials, &o->n_trials, err);
    if (ok) {
        o->datasets = datasets;
        o->jobs = jobs;
        o->runs = runs;
        o->trials = trials;
    }
    return ok;
}

/* What a dataset can be made of: names for a form. */
static bool put_parts(struct json_writer *j, struct store *s, struct arena *a, struct error *err)
{
    struct store_tag_row *tags;
    struct store_task_row *tasks;
    size_t n_tags, n_tasks;
    if (!store_tags(s, a, &tags, &n_tags, err) || !store_tasks(s, a, &tasks, &n_tasks, err))
        return false;
    json_array(j, "tags", true);
    for (size_t i = 0; i < n_tags; i++)
        json_put_text(j, NULL, tags[i].name);
    json_end_array(j);
    json_array(j, "tasks", false);
    for (size_t i = 0; i < n_tasks; i++) {
        const struct task_kind_row *kind = task_kind_row(tasks[i].kind);
        json_object(j, NULL);
        json_put_text(j, "name", tasks[i].name);
        json_put_int(j, "rev", tasks[i].rev);
        json_put_bool(j, "newest", tasks[i].newest);
        json_put_text(j, "kind", kind ? kind->word : "?");
        json_end_object(j);
    }
    json_end_array(j);
    return true;
}

void api_datasets(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w, (void)q;
    struct arena arena = {0};
    struct error err = {0};
    struct overview_sources o;
    if (!read_all(s, &arena, &o, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    struct json_writer j = answer_json(a);
    json_array(&j, "datasets", false);
    for (size_t i = 0; i < o.n_datasets; i++) {
        json_object(&j, NULL);
        put_dataset(&j, o.datasets + i, dataset_lattices(&o, o.datasets + i, &arena));
        json_end_object(&j);
    }
    json_end_array(&j);
    if (!put_parts(&j, s, &arena, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    answer_json_end(&j);
    arena_free(&arena);
}

void api_dataset(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    int64_t id;
    size_t n;
    struct arena arena = {0};
    struct error err = {0};
    struct overview_sources o;
    struct store_merge_shell *shells;
    if (!api_number(q, a, &id))
        return;
    if (!read_all(s, &arena, &o, &err) || !store_merges(s, id, SHELLS_MOST, &arena, &shells, &n, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    const struct store_dataset_row *d = NULL;
    for (size_t i = 0; i < o.n_datasets && !d; i++)
        d = o.datasets[i].id == id ? o.datasets + i : NULL;
    struct coverage coverage;
    if (d && !coverage_read(s, &o, d, &arena, &coverage, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    if (d) {
        struct json_writer j = answer_json(a);
        uint64_t lattices = dataset_lattices(&o, d, &arena);
        put_dataset(&j, d, lattices);
        json_put_int(&j, "trial", dataset_trial(&o));
        coverage_json(&coverage, lattices, NAN, &j);
        json_array(&j, "shells", false);
        for (size_t i = 0; i < n; i++)
            merge_json(&j, shells + i);
        json_end_array(&j);
        answer_json_end(&j);
    } else {
        answer_error(a, 404, "no_such_dataset", "there is no dataset of this number", NULL);
    }
    arena_free(&arena);
}
