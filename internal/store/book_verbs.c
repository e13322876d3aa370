/* book_verbs.c - what pages may ask for, by name: a table of verbs, their arguments as JSON, and the functions of book.h that they call. */
#include "store/book_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- arguments ---- */

static const char *text_of(const struct book_asked *r, const char *key)
{
    return json_text(json_get(r->args, key));
}

static int flag_of(const struct book_asked *r, const char *key, int otherwise)
{
    const struct json *node = json_get(r->args, key);
    return node ? json_is_true(node) : otherwise;
}

/* A whole number; `otherwise` where there is none. */
static bool number_of(const struct book_asked *r, const char *key, int64_t otherwise, int64_t *out,
                      struct error *err)
{
    const struct json *node = json_get(r->args, key);
    *out = otherwise;
    if (!node)
        return true;
    if (json_text(node))
        return str_to_i64(json_text(node), out) ||
               error_set(err, ERROR_USAGE, "%s is a whole number, not \"%s\"", key, json_text(node));
    return json_whole(node, out) || error_set(err, ERROR_USAGE, "%s is a whole number", key);
}

/* A text, a number, or a list of them: as words. */
static bool words_of(const struct book_asked *r, const char *key, const char *const **words, size_t *n,
                     struct error *err)
{
    const struct json *node = json_get(r->args, key);
    const struct json *first = json_is_array(node) ? json_first(node) : node;
    const char **out = arena_array(r->a, json_is_array(node) ? json_size(node) : 1, sizeof *out);
    *n = 0;
    for (const struct json *x = first; x; x = json_is_array(node) ? json_next(x) : NULL) {
        int64_t v = 0;
        const char *text = json_text(x);
        if (!text && (!json_whole(x, &v) || v < 0))
            return error_set(err, ERROR_USAGE, "%s is a list of texts or whole numbers", key);
        out[(*n)++] = text ? text : arena_printf(r->a, "%lld", (long long)v);
    }
    *words = out;
    return true;
}

static bool runs_of(const struct book_asked *r, const char *key, int64_t **runs, size_t *n, struct error *err)
{
    const char *const *words;
    size_t n_words;
    return words_of(r, key, &words, &n_words, err) &&
           store_find_runs(r->s, words, n_words, r->a, runs, n, err);
}

/* Numbers of anything, each said; not more than a person would mean. */
static bool numbers_of(const struct book_asked *r, const char *key, int64_t **out, size_t *n,
                       struct error *err)
{
    enum { MOST = 10000 };
    const char *const *words;
    struct store_range *ranges;
    size_t n_words, n_ranges;
    *n = 0;
    if (!words_of(r, key, &words, &n_words, err) ||
        !store_ranges(words, n_words, key, r->a, &ranges, &n_ranges, err))
        return false;
    *out = arena_array(r->a, MOST, sizeof **out);
    for (size_t i = 0; i < n_ranges; i++)
        for (int64_t k = ranges[i].first; k <= ranges[i].last; k++) {
            if (*n == MOST)
                return error_set(err, ERROR_USAGE, "more than %d %s at once", (int)MOST, key);
            (*out)[(*n)++] = k;
        }
    return true;
}

static bool trials_of(const struct book_asked *r, const char *key, uint32_t **out, size_t *n,
                      struct error *err)
{
    int64_t *numbers;
    if (!numbers_of(r, key, &numbers, n, err))
        return false;
    *out = arena_array(r->a, *n, sizeof **out);
    for (size_t i = 0; i < *n; i++) {
        if (numbers[i] > UINT32_MAX)
            return error_set(err, ERROR_USAGE, "there is no trial %lld", (long long)numbers[i]);
        (*out)[i] = (uint32_t)numbers[i];
    }
    return true;
}

/* ---- verbs ---- */

static bool say_changed(struct book_asked *r, size_t n, const char *what)
{
    str_printf(r->answer, "%s changed", COUNT(n, what));
    return true;
}

static bool tag_runs(struct book_asked *r, bool on, struct error *err)
{
    int64_t *runs;
    size_t n, changed = 0;
    return runs_of(r, "runs", &runs, &n, err) &&
           store_run_tag(r->s, r->by, runs, n, text_of(r, "tag"), on, true, &changed, err) &&
           say_changed(r, changed, "run");
}

static bool run_tag(struct book_asked *r, struct error *err)
{
    return tag_runs(r, true, err);
}

static bool run_untag(struct book_asked *r, struct error *err)
{
    return tag_runs(r, false, err);
}

static bool run_comment(struct book_asked *r, struct error *err)
{
    int64_t *runs;
    size_t n, changed = 0;
    const char *text = text_of(r, "text");
    return runs_of(r, "runs", &runs, &n, err) &&
           store_run_comment(r->s, r->by, runs, n, text, &changed, err) && say_changed(r, changed, "run");
}

static bool run_ignore(struct book_asked *r, struct error *err)
{
    int64_t *runs;
    size_t n, changed = 0;
    return runs_of(r, "runs", &runs, &n, err) &&
           store_run_ignore(r->s, r->by, runs, n, flag_of(r, "ignored", 1) != 0, &changed, err) &&
           say_changed(r, changed, "run");
}

/* A time as people write it, or seconds since 1970. */
static bool time_of(const struct book_asked *r, const char *key, int64_t otherwise, int64_t *out,
                    struct error *err)
{
    const struct json *node = json_get(r->args, key);
    double seconds = 0;
    *out = otherwise;
    if (!node)
        return true;
    if (json_number(node, &seconds) && seconds > 0 && seconds < 9e9)
        return *out = (int64_t)(seconds * 1e9), true;
    return (json_text(node) && clock_read(json_text(node), 1000000000, out)) ||
           error_set(err, ERROR_USAGE, "%s is a time, as 2026-11-26T14:02:07Z", key);
}

/* value: a text; of a number or a bool also the JSON of its kind. */
static bool label_value(const struct book_asked *r, int kind, struct store_label_value *out,
                        struct error *err)
{
    const struct json *node = json_get(r->args, "value");
    *out = (struct store_label_value){.text = json_text(node), .number = json_is_true(node)};
    if (kind == LABEL_TEXT)
        return out->text || error_set(err, ERROR_USAGE, "the label's value is a text");
    if (out->text && kind == LABEL_BOOL && (!strcmp(out->text, "on") || !strcmp(out->text, "off")))
        return out->number = !strcmp(out->text, "on"), true;
    if (json_number(node, &out->number) || (kind == LABEL_BOOL && node && !out->text))
        return true;
    return (out->text && str_to_double(out->text, &out->number)) ||
           error_set(err, ERROR_USAGE, "the label's value is a %s", store_label_kind_word(kind));
}

static bool run_label(struct book_asked *r, struct error *err)
{
    struct store_label label = {.name = text_of(r, "label"), .unit = text_of(r, "unit"), .bin = NAN};
    struct store_label_stretch where = {0};
    struct store_label_value value = {0};
    struct store_label_set *sets;
    struct store_label_joined joined;
    const char *kind = text_of(r, "kind");
    int64_t *runs = NULL;
    size_t n = 0;
    if (!label.name)
        return error_set(err, ERROR_USAGE, "label is a text");
    for (int k = LABEL_TEXT; kind && k <= LABEL_BOOL; k++)
        label.kind = !strcmp(store_label_kind_word(k), kind) ? k : label.kind;
    if (kind && !label.kind)
        return error_set(err, ERROR_USAGE, "a label is a text, a number or a bool");
    if (!store_labels(r->s, r->a, &sets, &n, err))
        return false;
    int is = label.kind ? label.kind : LABEL_TEXT;
    for (size_t i = 0; i < n; i++)
        is = !strcmp(sets[i].name, label.name) ? sets[i].kind : is;
    bool has = json_get(r->args, "value") && !json_is_null(json_get(r->args, "value"));
    if ((has && !label_value(r, is, &value, err)) || !time_of(r, "from", INT64_MIN, &where.first_t, err) ||
        !time_of(r, "to", INT64_MAX, &where.last_t, err) ||
        (json_get(r->args, "runs") && !runs_of(r, "runs", &runs, &where.n_runs, err)))
        return false;
    where.runs = runs;
    if (!store_label_stretch(r->s, r->by, &label, has ? &value : NULL, &where, err) ||
        !store_labels_join(r->s, 20, &joined, err)) /* the watcher joins the others */
        return false;
    if (runs)
        return say_changed(r, where.n_runs, "run");
    str_add(r->answer, "labelled");
    return true;
}

/* "ff8800", "#ff8800", "none"; -1: not given. */
static bool colour_of(const struct book_asked *r, int64_t *colour, struct error *err)
{
    const char *text = text_of(r, "colour");
    char *end = NULL;
    *colour = -1;
    if (!text)
        return true;
    if (!strcmp(text, "none") || !*text)
        return *colour = -2, true;
    text += *text == '#';
    if (strlen(text) == 6 && strspn(text, "0123456789abcdefABCDEF") == 6)
        *colour = strtol(text, &end, 16);
    return end || error_set(err, ERROR_USAGE, "a tag's colour is six hexadecimal digits, not \"%s\"", text);
}

static bool tag_fields(const struct book_asked *r, const char *name, struct store_tag_edit *e,
                       struct error *err)
{
    *e = (struct store_tag_edit){
        .name = text_of(r, name), .comment = text_of(r, "comment"), .automatic = flag_of(r, "auto", -1)};
    return colour_of(r, &e->colour, err);
}

static bool tag_add(struct book_asked *r, struct error *err)
{
    struct store_tag_edit e;
    return tag_fields(r, "name", &e, err) && store_tag_add(r->s, r->by, &e, err);
}

static bool tag_edit(struct book_asked *r, struct error *err)
{
    struct store_tag_edit e;
    return tag_fields(r, "rename", &e, err) && store_tag_edit(r->s, r->by, text_of(r, "name"), &e, err);
}

static bool tag_remove(struct book_asked *r, struct error *err)
{
    return store_tag_remove(r->s, r->by, text_of(r, "name"), err);
}

static bool trial_comment(struct book_asked *r, struct error *err)
{
    uint32_t *nums;
    size_t n;
    const char *text = text_of(r, "text");
    if (!trials_of(r, "trial", &nums, &n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!store_trial_comment(r->s, r->by, nums[i], text, err))
            return false;
    return true;
}

static bool trial_active(struct book_asked *r, struct error *err)
{
    uint32_t *nums;
    size_t n, changed = 0;
    return trials_of(r, "trials", &nums, &n, err) &&
           store_trial_active(r->s, r->by, nums, n, flag_of(r, "active", 1) != 0, &changed, err) &&
           say_changed(r, changed, "trial");
}

static bool trial_preview(struct book_asked *r, struct error *err)
{
    uint32_t *nums;
    size_t n, changed = 0;
    int64_t percent = 0;
    return trials_of(r, "trials", &nums, &n, err) && number_of(r, "percent", 0, &percent, err) &&
           store_trial_preview(r->s, r->by, nums, n, percent < 0 || percent > 100 ? -1 : (int)percent,
                               &changed, err) &&
           say_changed(r, changed, "trial");
}

static bool group_fields(const struct book_asked *r, int64_t keep_first, int64_t keep_last,
                         struct store_group_edit *e, struct error *err)
{
    uint32_t *trials;
    int64_t *include, *exclude, *plain;
    *e = (struct store_group_edit){.comment = text_of(r, "comment")};
    bool ok =
        number_of(r, "first", keep_first, &e->first, err) && number_of(r, "last", keep_last, &e->last, err) &&
        trials_of(r, "trials", &trials, &e->n_trials, err) &&
        runs_of(r, "include", &include, &e->n_include, err) &&
        runs_of(r, "exclude", &exclude, &e->n_exclude, err) && runs_of(r, "plain", &plain, &e->n_plain, err);
    if (!ok)
        return false;
    e->trials = trials;
    e->include = include;
    e->exclude = exclude;
    e->plain = plain;
    e->last = flag_of(r, "open", 0) ? -1 : e->last;
    return true;
}

static bool group_add(struct book_asked *r, struct error *err)
{
    struct store_group_edit e;
    int64_t id = 0;
    bool ok = group_fields(r, 0, -1, &e, err) && store_group_add(r->s, r->by, &e, &id, err);
    str_printf(r->answer, "rungroup %lld", (long long)id);
    return ok;
}

static bool group_edit(struct book_asked *r, struct error *err)
{
    struct store_group_edit e;
    int64_t id = 0, now = 0;
    bool ok = number_of(r, "group", 0, &id, err) && group_fields(r, BOOK_KEEP, BOOK_KEEP, &e, err) &&
              store_group_edit(r->s, r->by, id, &e, &now, err);
    str_printf(r->answer, "rungroup %lld", (long long)now);
    return ok;
}

static bool group_active(struct book_asked *r, struct error *err)
{
    int64_t *ids;
    size_t n, changed = 0;
    return numbers_of(r, "groups", &ids, &n, err) &&
           store_group_active(r->s, r->by, ids, n, flag_of(r, "active", 1) != 0, &changed, err) &&
           say_changed(r, changed, "rungroup");
}

static bool group_use(struct book_asked *r, struct error *err)
{
    int64_t *ids;
    uint32_t *trials;
    size_t n, n_trials, changed = 0, all = 0;
    if (!numbers_of(r, "groups", &ids, &n, err) || !trials_of(r, "trials", &trials, &n_trials, err))
        return false;
    for (size_t i = 0; i < n_trials; i++, all += changed)
        if (!store_group_use(r->s, r->by, ids, n, trials[i], flag_of(r, "on", 1) != 0, &changed, err))
            return false;
    return say_changed(r, all, "rungroup");
}

static struct store_task_new task_fields(const struct book_asked *r)
{
    const char *kind = text_of(r, "kind");
    return (struct store_task_new){text_of(r, "name"), text_of(r, "text"), text_of(r, "resources"),
                                   kind ? task_kind_find(kind) : 0};
}

static bool task_add(struct book_asked *r, struct error *err)
{
    struct store_task_new t = task_fields(r);
    return store_task_add(r->s, r->by, &t, NULL, err);
}

static bool task_revise(struct book_asked *r, struct error *err)
{
    struct store_task_new t = task_fields(r);
    uint32_t rev = 0;
    bool ok = store_task_revise(r->s, r->by, &t, flag_of(r, "everywhere", 0) != 0, &rev, err);
    str_printf(r->answer, "revision %u", rev);
    return ok;
}

static bool dataset_fields(const struct book_asked *r, const char *name, struct store_dataset_edit *e,
                           struct error *err)
{
    *e = (struct store_dataset_edit){.name = text_of(r, name),
                                     .comment = text_of(r, "comment"),
                                     .all = flag_of(r, "all", -1),
                                     .active = flag_of(r, "active", -1)};
    return number_of(r, "goal", -1, &e->goal, err) &&
           (!json_get(r->args, "tags") || words_of(r, "tags", &e->tags, &e->n_tags, err)) &&
           (!json_get(r->args, "tasks") || words_of(r, "tasks", &e->tasks, &e->n_tasks, err));
}

static bool dataset_add(struct book_asked *r, struct error *err)
{
    struct store_dataset_edit e;
    return dataset_fields(r, "name", &e, err) && store_dataset_add(r->s, r->by, &e, err);
}

static bool dataset_edit(struct book_asked *r, struct error *err)
{
    struct store_dataset_edit e;
    return dataset_fields(r, "rename", &e, err) &&
           store_dataset_edit(r->s, r->by, text_of(r, "name"), &e, err);
}

static bool mark_jobs(struct book_asked *r,
                      bool (*mark)(struct store *, const struct store_by *, const int64_t *, size_t, size_t *,
                                   struct error *),
                      struct error *err)
{
    int64_t *jobs;
    size_t n, changed = 0;
    return numbers_of(r, "jobs", &jobs, &n, err) && mark(r->s, r->by, jobs, n, &changed, err) &&
           say_changed(r, changed, "job");
}

static bool job_cancel(struct book_asked *r, struct error *err)
{
    return mark_jobs(r, store_job_cancel, err);
}

static bool job_retry(struct book_asked *r, struct error *err)
{
    return mark_jobs(r, store_job_retry, err);
}

static bool note_add(struct book_asked *r, struct error *err)
{
    static const char *const words[] = {"", "run", "job", "dataset", "shift"};
    const char *about = text_of(r, "about");
    int64_t target = 0, *runs;
    size_t n = 0, kind = 1;
    while (kind <= NOTE_SHIFT && strcmp(words[kind], about) != 0)
        kind++;
    if (kind == NOTE_RUN) {
        if (!runs_of(r, "target", &runs, &n, err))
            return false;
        if (n != 1)
            return error_set(err, ERROR_USAGE, "a note is about one run");
        target = *runs;
    } else if (!number_of(r, "target", 0, &target, err)) {
        return false;
    }
    return store_note_add(r->s, r->by, (enum store_note_kind)kind, target, text_of(r, "text"), err);
}

static bool alarm_ack(struct book_asked *r, struct error *err)
{
    int64_t id = 0;
    return number_of(r, "alarm", 0, &id, err) && store_alarm_seen(r->s, r->by, id, err);
}

// clang-format off
static const struct book_verb verbs[] = {
    {{"run.tag", "runs! tag!", "put a tag on runs; a new one is made", true}, run_tag, NULL},
    {{"run.untag", "runs! tag!", "take a tag off runs", true}, run_untag, NULL},
    {{"run.comment", "runs! text!", "what is said of runs", true}, run_comment, NULL},
    {{"run.ignore", "runs! ignored", "leave runs out, or take them in again", true}, run_ignore, NULL},
    {{"run.label", "label! value runs from to kind unit", "a label of runs, or of a stretch of time (UTC); without value: taken away", true}, run_label, NULL},
    {{"run.fetch", "runs!", "bring the files of runs here", false}, NULL, NULL},
    {{"tag.add", "name! colour comment auto", "a new tag", true}, tag_add, NULL},
    {{"tag.edit", "name! rename colour comment auto", "change a tag", true}, tag_edit, NULL},
    {{"tag.remove", "name!", "take a tag off all runs", true}, tag_remove, NULL},
    {{"mask.add", "frame! phil! label! first last", "a version of a mask, drawn on a frame (JOB/SOURCE/FRAME) by shapes", false}, NULL, NULL},
    {{"calib.add", "kind! label! file! name! first last dataset", "a version of a calibration, of a file that was handed over (POST files: its sum) and is called name; dataset: of an HDF5 file", false}, NULL, NULL},
    {{"trial.add", "phil! from comment active groups anyway", "a new trial", false}, NULL, NULL},
    {{"trial.comment", "trial! text!", "what is said of a trial", true}, trial_comment, NULL},
    {{"trial.preview", "trials! percent!", "preview jobs of so many per cent of the frames; 0: none", true}, trial_preview, NULL},
    {{"trial.active", "trials! active", "let trials process runs, or not", true}, trial_active, NULL},
    {{"group.add", "first last open comment trials include exclude plain phil anyway", "a new rungroup", true}, group_add, "phil"},
    {{"group.edit", "group! first last open comment trials include exclude plain phil anyway", "change a rungroup; with other parameters a used one becomes a new one", true}, group_edit, "phil"},
    {{"group.active", "groups! active", "let rungroups be processed, or not", true}, group_active, NULL},
    {{"group.use", "groups! trials! on", "use rungroups in trials, or not", true}, group_use, NULL},
    {{"task.add", "name! kind! text resources", "a new task", true}, task_add, NULL},
    {{"task.revise", "name! text resources everywhere", "other parameters for a task", true}, task_revise, NULL},
    {{"dataset.add", "name! tags tasks all active goal comment", "a new dataset", true}, dataset_add, NULL},
    {{"dataset.edit", "name! rename tags tasks all active goal comment", "change a dataset", true}, dataset_edit, NULL},
    {{"job.cancel", "jobs!", "end jobs and start them no more", true}, job_cancel, NULL},
    {{"job.retry", "jobs!", "forgive what failed and try again", true}, job_retry, NULL},
    {{"job.delete", "jobs!", "remove the results of jobs", false}, NULL, NULL},
    {{"note.add", "about! target text!", "write into the log book", true}, note_add, NULL},
    {{"alarm.ack", "alarm!", "an alarm was seen", true}, alarm_ack, NULL},
    {{"doctor.run", "", "look whether everything is as it must be (xfelx doctor)", false}, NULL, NULL},
};
// clang-format on
enum { VERBS = sizeof verbs / sizeof *verbs };

const struct book_verb *book_verb_find(const char *name)
{
    for (size_t i = 0; i < VERBS; i++)
        if (!strcmp(verbs[i].face.name, name))
            return verbs + i;
    return NULL;
}

const struct store_verb *store_verb_at(size_t i)
{
    return i < VERBS ? &verbs[i].face : NULL;
}
