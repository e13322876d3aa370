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

bool need_read(const struct params *p, int kind, struct arena *a, struct batch_script *out, struct error *err)
{
    struct batch_resources *need = &out->need;
    int64_t nodes = nodes_of(p, kind), per_node = param_int(p, "mp.nproc_per_node", 1);
    int64_t processes = most(param_int(p, "mp.nproc", 1), nodes * per_node);
    int64_t threads = param_int(p, "mp.threads", 0), tasks = threads ? processes : nodes;
    const char *runtime = param_text(p, "container.runtime", "none");
    (void)err;
    need->nodes = (int32_t)nodes;
    need->tasks = (int32_t)tasks;
    need->cpus = (int32_t)(threads ? threads : (processes + nodes - 1) / nodes);
    need->gpus = (int32_t)param_int(p, "mp.gpus", 0);
    need->memory_mb = param_int(p, "mp.memory", 0);
    need->seconds = MINUTE * param_int(p, "mp.wall_time", USUAL_MINUTES);
    need->queue = param_text(p, "mp.queue", NULL);
    need->account = param_text(p, "mp.account", NULL);
    need->qos = param_text(p, "mp.qos", NULL);
    need->constraint = param_text(p, "mp.constraint", NULL);
    need->reservation = param_text(p, "mp.reservation", NULL);
    bool sge = strcmp(need_scheduler(p), "sge") == 0;
    need->pe = sge && tasks * need->cpus > 1 ? param_text(p, "sge.pe", "mpi") : NULL;
    need->extra = list(a, p, "mp.extra_options");
    out->container = strcmp(runtime, "none") == 0 ? NULL : runtime;
    out->image = out->container ? param_text(p, "container.image", NULL) : NULL;
    out->binds = list(a, p, "container.bind");
    out->copy = param_bool(p, "mp.sbcast", false);
    out->margin = MARGIN;
    out->warn = WARN;
    return true;
}
