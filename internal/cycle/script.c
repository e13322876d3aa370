/* script.c - see script.h.
 *
 * An indexing job runs `process` on the pinned parameters: which frames, where they go and which job it is it reads from the store by
 * the number of its attempt. A task's command runs in the attempt's own folder; what it left there becomes the job's results, the link
 * "out", when it ended well, so that what a try leaves behind never stands in the way of the next.
 */
#include "cycle/script.h"

#include "cycle/calibs.h"
#include "cycle/files.h"
#include "cycle/need.h"

#include <string.h>

static bool is_task(const struct recipe_of_job *j)
{
    return j->making.kind != TASK_INDEXING;
}

static const char *folder_of(const struct cycle *c, struct arena *a, const struct recipe_of_job *j)
{
    const struct store_making *m = &j->making;
    struct str s = {0};
    if (*m->folder)
        return m->folder;
    if (j->key.version > 0)
        name_version_folder(m->dataset, m->version, m->task, &s);
    else
        name_job_folder(m->run_num, m->run_name, m->twin, m->trial_num, j->key.rungroup, m->task, &s);
    if (j->key.version == CAMPAIGN_PREVIEW)
        str_add(&s, "/preview");
    const char *folder = fs_join(a, c->folder, s.text);
    str_free(&s);
    return folder;
}

/* Parameters of the trial, over them those of the rungroup, and the settings that a job on another machine needs. */
static const char *parameters_of(const struct cycle *c, struct arena *a, const struct recipe_of_job *j)
{
    const char *const *maps = c->facility.path_map;
    struct str s = {0};
    if (is_task(j))
        return task_parameters(j->making.task_text);
    str_printf(&s, "%s\n%s\n", j->making.recipe_text, j->making.rungroup_text);
    if (j->key.version == CAMPAIGN_PREVIEW) /* the last word counts: all else is the trial's recipe */
        str_printf(&s, "dispatch.process_percent = %d\n", j->making.preview);
    for (; maps && *maps; maps++) {
        str_add(&s, "facility.path_map = \"");
        for (const char *p = *maps; *p; p++)
            str_printf(&s, "%s%c", *p == '"' || *p == '\\' ? "\\" : "", *p);
        str_add(&s, "\"\n");
    }
    const char *text = arena_strdup(a, s.text);
    str_free(&s);
    return text;
}

/* A revision of a task may have resources of its own: settings that go over ours, row by row. */
static const struct params *settings_of(const struct cycle *c, struct arena *a, const char *resources,
                                        struct error *err)
{
    const struct param_show_options o = {.what = PARAM_SHOW_CHANGED, .expert = -1, .tree = PARAM_SETTINGS};
    struct params *p = params_make(a);
    struct str text = {0};
    if (!resources[strspn(resources, " \t\r\n")])
        return c->params;
    params_show(c->params, &o, &text);
    bool good = params_merge_text(p, "settings", text.text ? text.text : "", err) &&
                params_merge_text(p, "resources of the task", resources, err);
    str_free(&text);
    return good ? p : NULL;
}

/* What sh is to do for a task; its inputs are its arguments. */
static bool task_arguments(struct arena *a, const struct recipe_of_job *j, int64_t attempt,
                           const char *const **out, struct error *err)
{
    const struct store_making *m = &j->making;
    struct str command = {0}, whole = {0};
    const char **words = arena_array(a, m->n_inputs + 4, sizeof *words);
    bool good = task_command(m->task_text, &command, err);
    if (good)
        str_printf(&whole, "( %s\n) || exit $?\nln -sfn a%lld ../out.a%lld && mv -T ../out.a%lld ../out",
                   command.text, (long long)attempt, (long long)attempt, (long long)attempt);
    words[0] = "-c";
    words[1] = good ? arena_strdup(a, whole.text) : "";
    words[2] = "xfelx";
    for (size_t i = 0; i < m->n_inputs; i++)
        words[3 + i] = fs_join(a, m->inputs[i], "out");
    str_free(&command);
    str_free(&whole);
    *out = words;
    return good;
}

static const char *const *process_arguments(struct arena *a, const struct recipe_of_job *j)
{
    const char *const *more = NULL;
    size_t n = param_texts(j->params, "mp.extra_args", &more);
    const char **words = arena_array(a, n + 4, sizeof *words);
    words[0] = "process";
    words[1] = j->phil;
    words[2] = arena_printf(a, "xfelx.threads=%d", j->script.need.cpus);
    for (size_t i = 0; i < n; i++)
        words[3 + i] = more[i];
    return words;
}

static const char *const *environment_of(const struct cycle *c, struct arena *a,
                                         const struct recipe_of_job *j, const struct store_claimed *k)
{
    const struct store_making *m = &j->making;
    const char *interface = param_text(j->params, "mp.interface", NULL);
    size_t n = 0;
    for (const char *const *d = c->database; d && *d; d++)
        n++;
    const char **set = arena_array(a, n + 10, sizeof *set);
    n = 0;
    set[n++] = arena_printf(a, k->claim_t ? "XFELX_ATTEMPT=%lld@%lld" : "XFELX_ATTEMPT=%lld",
                            (long long)k->attempt, (long long)k->claim_t);
    set[n++] = "HDF5_USE_FILE_LOCKING=FALSE";
    if (interface)
        set[n++] = arena_printf(a, "HYDRA_IFACE=%s", interface);
    for (const char *const *d = c->database; d && *d; d++)
        set[n++] = *d;
    if (is_task(j)) {
        set[n++] = arena_printf(a, "XFELX_TASK_PHIL=%s", j->phil);
        set[n++] = arena_printf(a, "XFELX_TASK_RUN=%s", m->run_name);
        set[n++] = arena_printf(a, "XFELX_TASK_TRIAL=%u", m->trial_num);
        set[n++] = arena_printf(a, "XFELX_TASK_DATASET=%s", m->dataset);
        set[n++] = arena_printf(a, "XFELX_TASK_VERSION=%u", m->version);
    }
    return set;
}

/* Files in place of labels of calibrations, as they are for the run; without a run the labels stay. */
static bool name_calibrations(struct cycle *c, struct arena *a, int64_t job, struct recipe_of_job *j,
                              struct error *err)
{
    struct str lines = {0};
    if (j->key.run == 0 || !strstr(j->phil_text, "calib:"))
        return true;
    struct params *p = params_make(a);
    bool good = params_merge_text(p, "the job", j->phil_text, err) &&
                calibs_resolve(c->store, p, j->key.run, job, a, &lines, err);
    if (good && lines.len)
        j->phil_text = arena_printf(a, "%s%s", j->phil_text, lines.text);
    str_free(&lines);
    return good;
}

bool script_prepare(struct cycle *c, struct arena *a, const struct action *x, int64_t version,
                    struct recipe_of_job *out, struct error *err)
{
    struct str command = {0};
    *out = (struct recipe_of_job){.key = x->key, .phil = "", .program = ""};
    if (version)
        out->key.version = version;
    bool good = store_read_making(c->store, &out->key, x->before, a, &out->making, err) &&
                (!is_task(out) || task_command(out->making.task_text, &command, err));
    str_free(&command);
    if (!good)
        return false;
    if (out->key.version == CAMPAIGN_PREVIEW && !out->making.preview)
        return error_set(err, ERROR_USAGE, "trial %u has no preview any more", out->making.trial_num);
    out->params = settings_of(c, a,
                              out->key.version == CAMPAIGN_PREVIEW
                                  ? param_text(c->params, "submit.preview_resources", "")
                                  : out->making.resources,
                              err);
    if (!out->params)
        return false;
    need_read(out->params, out->making.kind, a, &out->script);
    if (out->key.version == CAMPAIGN_PREVIEW)
        out->script.need.nice = (int32_t)param_int(out->params, "submit.preview_nice", BATCH_NICE_USUAL);
    if (!need_template(out->params, a, &out->script, &out->own, err))
        return false;
    out->folder = folder_of(c, a, out);
    out->phil_text = parameters_of(c, a, out);
    return is_task(out) || name_calibrations(c, a, x->job, out, err);
}

bool script_pin(struct cycle *c, struct arena *a, struct recipe_of_job *j, struct error *err)
{
    return pin_program(a, c->folder, c->program, &j->program, j->binary_hash, err) &&
           pin_text(a, c->folder, j->phil_text, &j->phil, err);
}

char *script_log(struct arena *a, const struct recipe_of_job *j, int64_t attempt)
{
    return arena_printf(a, "%s/a%lld/log.out", j->folder, (long long)attempt);
}

const struct store_claimed script_no_attempt = {.attempt = 1, .name = "xf00000000-1"};

bool script_render(struct cycle *c, struct arena *a, const struct recipe_of_job *j,
                   const struct store_claimed *k, struct str *out, struct error *err)
{
    struct batch_script s = j->script;
    const int64_t attempt = k->attempt;
    s.attempt = attempt;
    s.name = k->name;
    s.record = job_file(a, c->folder, attempt, "");
    s.program = is_task(j) ? "/bin/sh" : j->program;
    s.folder = is_task(j) ? fs_folder(a, script_log(a, j, attempt)) : j->folder;
    s.log = script_log(a, j, attempt);
    s.environment = environment_of(c, a, j, k);
    s.copy = s.copy && !is_task(j);
    s.arguments = process_arguments(a, j);
    if (is_task(j)) {
        s.launch = ""; /* one command, not one a rank */
        if (!task_arguments(a, j, attempt, &s.arguments, err))
            return false;
    }
    return batch_script_render(c->scheduler, &s, NULL, j->own, out, err);
}
