/* need.c - see need.h. A rank of ours has threads: without mp.threads one rank a node takes all that cctbx.xfel's processes would. */
#include "cycle/need.h"

#include <string.h>

enum { MINUTE = 60, USUAL_MINUTES = 60, MARGIN = 60, WARN = 120 };

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t nodes_of(const struct params *p, int kind)
{
    int64_t nodes = param_int(p, "mp.nnodes", 1);
    switch (kind) {
    case TASK_INDEXING:
        return param_int(p, "mp.nnodes_index", nodes);
    case TASK_SCALE:
        return param_int(p, "mp.nnodes_scale", nodes);
    case TASK_MERGE:
        return param_int(p, "mp.nnodes_merge", nodes);
    default:
        return kind == TASK_PHENIX ? 1 : nodes;
    }
}

const char *need_scheduler(const struct params *p)
{
    const char *method = param_text(p, "mp.method", "local");
    return strcmp(method, "shifter") == 0                                         ? "slurm"
           : strcmp(method, "multiprocessing") == 0 || strcmp(method, "mpi") == 0 ? "local"
                                                                                  : method;
}

static const char *const *list(struct arena *a, const struct params *p, const char *path)
{
    const char *const *values = NULL;
    size_t n = param_texts(p, path, &values);
    const char **out = arena_array(a, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = values[i];
    return out;
}

bool need_site(const struct params *p, struct arena *a, struct batch_site *out, struct error *err)
{
    const char *name = need_scheduler(p);
    struct batch_custom *custom = arena_alloc(a, sizeof *custom);
    *custom =
        (struct batch_custom){param_text(p, "custom.submit", NULL), param_text(p, "custom.status", NULL),
                              param_text(p, "custom.cancel", NULL), param_text(p, "custom.id_regex", NULL),
                              param_text(p, "custom.state_regex", NULL)};
    *out = (struct batch_site){.ops = batch_find_ops(name, err), .custom = custom};
    if (!out->ops || strcmp(name, "custom") != 0)
        return out->ops != NULL;
    if (!custom->submit)
        custom->submit = param_text(p, "mp.custom.submit_command_template", NULL);
    if (custom->submit && custom->status && custom->cancel)
        return true;
    error_set(err, ERROR_USAGE, "mp.method=custom needs three commands");
    return error_hint(err, "set custom.submit, custom.status and custom.cancel");
}

/* A file that a setting names; NULL when it names none. */
static bool read_named(const struct params *p, struct arena *a, const char *setting, const char **text,
                       struct error *err)
{
    const char *path = param_text(p, setting, NULL);
    struct bytes b = {0};
    *text = NULL;
    if (!path || !*path)
        return true;
    if (!fs_read(path, 1 << 20, &b, err))
        return false;
    *text = arena_strndup(a, (const char *)b.data, b.size);
    bytes_free(&b);
    return true;
}

bool need_template(const struct params *p, struct arena *a, struct batch_script *out, const char **text,
                   struct error *err)
{
    const char *method = param_text(p, "mp.method", "local");
    *text = NULL;
    if (strcmp(method, "custom") == 0)
        return read_named(p, a, "mp.custom.submit_script_template", text, err);
    if (strcmp(method, "shifter") != 0)
        return true;
    if (!read_named(p, a, "mp.shifter.sbatch_script_template", text, err) ||
        !read_named(p, a, "mp.shifter.srun_script_template", &out->inner, err))
        return false;
    return *text || !out->inner ||
           error_set(err, ERROR_USAGE,
                     "mp.shifter.srun_script_template needs mp.shifter.sbatch_script_template");
}

/* mp.extra_options as lines of the script: options of the scheduler get its mark before them, whole lines stay. */
static const char *const *extra_lines(const struct params *p, struct arena *a)
{
    static const struct {
        const char *scheduler, *mark;
    } marks[] = {{"slurm", "#SBATCH "}, {"pbs", "#PBS "}, {"sge", "#$ "}, {"lsf", "#BSUB "}, {NULL, "#"}};
    const char **lines = (const char **)(uintptr_t)list(a, p, "mp.extra_options");
    size_t i = 0;
    while (marks[i].scheduler && strcmp(marks[i].scheduler, need_scheduler(p)) != 0)
        i++;
    for (const char **line = lines; *line; line++)
        if (**line != '#')
            *line = arena_printf(a, "%s%s", marks[i].mark, *line);
    return lines;
}

/* cctbx.xfel's settings of jobs in Shifter, where the common ones say nothing. */
static void add_shifter(const struct params *p, struct batch_script *out)
{
    struct batch_resources *need = &out->need;
    out->container = "shifter";
    out->image = param_text(p, "mp.shifter.shifter_image", NULL);
    need->queue = need->queue ? need->queue : param_text(p, "mp.shifter.partition", NULL);
    need->account = need->account ? need->account : param_text(p, "mp.shifter.project", NULL);
    need->reservation = need->reservation ? need->reservation : param_text(p, "mp.shifter.reservation", NULL);
    need->constraint = need->constraint ? need->constraint : param_text(p, "mp.shifter.constraint", NULL);
}

static void add_container(const struct params *p, struct arena *a, struct batch_script *out)
{
    const char *runtime = param_text(p, "container.runtime", "none");
    out->container = strcmp(runtime, "none") == 0 ? NULL : runtime;
    out->image = out->container ? param_text(p, "container.image", NULL) : NULL;
    out->binds = list(a, p, "container.bind");
    out->options = param_text(p, "container.extra", NULL);
    if (!out->container && strcmp(param_text(p, "mp.method", "local"), "shifter") == 0)
        add_shifter(p, out);
}

/* Nodes, ranks and processors: with mp.threads a rank a process of cctbx.xfel's, else a rank a node with all of them. */
static void add_size(const struct params *p, int kind, struct batch_resources *need)
{
    bool many = param_bool(p, "mp.use_mpi", true);
    int64_t nodes = many ? nodes_of(p, kind) : 1, threads = param_int(p, "mp.threads", 0);
    int64_t processes = most(param_int(p, "mp.nproc", 1), nodes * param_int(p, "mp.nproc_per_node", 1));
    need->nodes = (int32_t)nodes;
    need->tasks = (int32_t)(!many ? 1 : threads ? processes : nodes);
    need->cpus = (int32_t)(threads ? threads : (processes + nodes - 1) / nodes);
    need->gpus = (int32_t)param_int(p, "mp.gpus", 0);
    need->memory_mb = param_int(p, "mp.memory", 0);
    need->seconds = MINUTE * param_int(p, "mp.wall_time", USUAL_MINUTES);
}

void need_read(const struct params *p, int kind, struct arena *a, struct batch_script *out)
{
    struct batch_resources *need = &out->need;
    const char *mpi = param_text(p, "mp.mpi_command", "mpirun");
    add_size(p, kind, need);
    need->queue = param_text(p, "mp.queue", NULL);
    need->account = param_text(p, "mp.account", NULL);
    need->qos = param_text(p, "mp.qos", NULL);
    need->constraint = param_text(p, "mp.constraint", NULL);
    need->reservation = param_text(p, "mp.reservation", NULL);
    bool sge = strcmp(need_scheduler(p), "sge") == 0;
    need->pe = sge && need->tasks * need->cpus > 1 ? param_text(p, "sge.pe", "mpi") : NULL;
    need->extra = extra_lines(p, a);
    out->launch =
        strcmp(mpi, "mpirun") != 0 && need->tasks > 1 ? arena_printf(a, "%s -n @tasks@", mpi) : NULL;
    out->sources = list(a, p, "mp.env_script");
    add_container(p, a, out);
    out->copy = param_bool(p, "mp.sbcast", false);
    out->margin = MARGIN;
    out->warn = WARN;
}
