/* script.h - job scripts: what an attempt needs, written for a scheduler (templates/).
 *
 * Templates are text. In them stand
 *     @name@     a field, quoted for the shell
 *     @=name@    a text that was made for this place (options, commands), as it is; a line of nothing else goes when it is empty
 *     @?name@…   at the start of a line: the line stays only when the field is given
 *     @@         an @
 * A field that nobody knows is an error, and so is a field that was given and is not used: a queue that never reaches the
 * scheduler must not go unnoticed. Values that stand in lines for the scheduler (queue, account …) may hold letters, digits and
 * _.,:=+@/[]- only.
 */
#ifndef XFELX_BATCH_SCRIPT_H
#define XFELX_BATCH_SCRIPT_H

#include "batch/batch.h"

/* As far as is usual at the scheduler; not at all where it may refuse a job for saying so. */
enum { BATCH_NICE_USUAL = -1 };

struct batch_resources {
    int32_t nodes, tasks, cpus;                                   /* tasks in all; CPUs a task */
    int32_t gpus;                                                 /* a node; 0: none */
    int64_t memory_mb;                                            /* a node; 0: what the scheduler gives */
    int64_t seconds;                                              /* time limit */
    const char *queue, *account, *qos, *constraint, *reservation; /* NULL: none */
    const char *pe; /* SGE's parallel environment; NULL: none, one slot */
    int32_t nice;   /* waits behind other jobs: how far; 0: as they do; BATCH_NICE_USUAL */
    const char *const
        *extra; /* lines for the scheduler, whole ("#SBATCH --licenses=x"); ends with NULL; NULL: none */
};

struct batch_script {
    int64_t attempt;
    const char *name;               /* unique name of the attempt, letters digits . _ - */
    const char *record;             /* OUT/.xfelx/jobs/17: begin and end records, absolute */
    const char *program;            /* absolute path of the pinned program */
    const char *folder;             /* where it runs; made when it is not there */
    const char *log;                /* what it says */
    const char *const *arguments;   /* of the program, ends with NULL */
    const char *const *environment; /* "NAME=value", ends with NULL; NULL: none */
    const char *const *sources;     /* scripts that are read before; ends with NULL; NULL: none */
    const char *container, *image;  /* a row of batch_containers and its image; NULL: bare */
    const char *options;            /* more for the container's command, as shell text; NULL: none */
    const char *const *binds;       /* folders to be seen inside; ends with NULL; NULL: none */
    const char *
        launch; /* how ranks are started, in place of the scheduler's usual way, as shell text; NULL: the usual */
    const char *
        inner; /* with a template of the user: the script that <srun_script> stands for, with <command> in it; NULL: the program */
    bool copy; /* first copy the program to each node's /tmp */
    int64_t margin, warn; /* seconds: the deadline before the limit (60), the notice before it (120) */
    struct batch_resources need;
};

/* Ways to start ranks inside containers, for help and doctor. */
struct batch_container {
    const char *name, *text,
        *form; /* form: with @image@ and @=binds@ (and options); bind: form of one folder */
    const char *bind;
};
extern const struct batch_container batch_containers[]; /* ends with a row without name */

/* Render for a scheduler ("slurm", "pbs", "sge", "lsf", "local"). folder: of site templates that go before ours, NULL: none. text
 * may be a whole template of the user instead of both, with cctbx.xfel's <markers>: <command> and <srun_script> are the program alone, since
 * such templates start ranks and containers themselves (<launch> is how we would); lines for the scheduler with a marker that has no value
 * go, and so do those of DataWarp. NULL: ours. */
bool batch_script_render(const char *scheduler, const struct batch_script *s, const char *folder,
                         const char *text, struct str *out, struct error *err);

#endif
