/* local.c - jobs on this machine: submit, ask, cancel. The queue itself: local_queue.h. */
#include "batch/local_queue.h"

#include "batch/command.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static const int64_t patience = INT64_C(30) * 1000000000; /* between asking a job to end and killing it */
static const int64_t slack = INT64_C(600) * 1000000000;   /* between our clock and the database's */

/* ---- submitting ---- */

/* Environment of who submits, without what belongs to us or to a job that we are part of: schedulers and MPI of the new job set theirs. */
static const char *const *clean_environment(struct arena *a)
{
    static const char *const dropped[] = {"XFELX_", "SLURM_", "SBATCH_", "PBS_",   "LSB_",  "LS_",
                                          "SGE_",   "JOB_ID", "PMI_",    "PMIX_",  "HYDI_", "HYDRA_",
                                          "OMPI_",  "MPIR_",  "MPI_",    "PE_HOST"};
    const char **out = NULL;
    size_t n = 0;
    for (char **e = environ; *e; e++) {
        bool ours = false;
        for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
            ours = ours || str_starts(*e, dropped[i]);
        if (ours && !str_starts(*e, "XFELX_TMP="))
            continue;
        out = arena_grow(a, out, n, sizeof *out);
        out[n++] = *e;
    }
    out = arena_grow(a, out, n, sizeof *out);
    out[n] = NULL;
    return out;
}

/* "#XFELX key=value" lines at the beginning of the script: what the template says the job needs. */
static bool read_needs(const char *script, struct arena *a, struct local_job *j, struct error *err)
{
    struct bytes b = {0};
    if (!fs_read(script, 4 << 20, &b, err))
        return false;
    char *text = arena_strndup(a, (const char *)b.data, b.size), *rest = NULL;
    bytes_free(&b);
    j->cores = 1;
    j->name = "";
    for (char *line = strtok_r(text, "\n", &rest); line && *line == '#'; line = strtok_r(NULL, "\n", &rest)) {
        if (str_starts(line, "#XFELX cores="))
            str_to_i64(strchr(line, '=') + 1, &j->cores);
        else if (str_starts(line, "#XFELX memory_mb="))
            str_to_i64(strchr(line, '=') + 1, &j->memory_mb);
        else if (str_starts(line, "#XFELX name="))
            j->name = strchr(line, '=') + 1;
    }
    return true;
}

static char *output_of(struct arena *a, const char *script)
{
    size_t n = strlen(script) - (str_ends(script, ".sh") ? 3 : 0);
    return arena_printf(a, "%.*s.out", (int)n, script);
}

static bool add_job(struct local_queue *q, struct local_job *j, struct batch_answer *out, struct error *err)
{
    j->number = local_new_number(q);
    if (!j->number)
        return error_set(err, ERROR_FAILED, "cannot write into %s", q->folder);
    snprintf(out->id, sizeof out->id, "%lld.%s", (long long)j->number, q->id);
    return local_write(q, j, err);
}

static bool submit(const struct batch_site *s, const char *script, struct batch_answer *out,
                   struct error *err)
{
    struct local_queue q;
    struct arena a = {0};
    struct local_machine m = local_machine();
    struct local_job j = {.script = fs_absolute(&a, script), .submit_t = clock_now()};
    (void)s;
    *out = (struct batch_answer){.verdict = BATCH_REFUSED};
    j.output = output_of(&a, j.script);
    j.environment = clean_environment(&a);
    bool good = read_needs(script, &a, &j, err);
    if (good && j.cores > m.cores) {
        snprintf(out->text, sizeof out->text, "asks for %s; this machine has %lld", COUNT(j.cores, "core"),
                 (long long)m.cores);
    } else if (good && j.memory_mb > m.memory_mb) {
        snprintf(out->text, sizeof out->text, "asks for %lld MB of memory; this machine has %lld",
                 (long long)j.memory_mb, (long long)m.memory_mb);
    } else if (good && (good = local_open(&q, err))) {
        good = add_job(&q, &j, out, err);
        local_close(&q);
        out->verdict = good ? BATCH_ACCEPTED : BATCH_UNCLEAR;
        if (good)
            local_move_on(NULL); /* it stands in the queue: whoever comes by next starts it */
    }
    arena_free(&a);
    return good;
}

/* ---- asking ---- */

static void add_row(const struct local_queue *q, const struct local_job *j, struct batch_table *out)
{
    struct batch_job *row = batch_table_add(out);
    snprintf(row->id, sizeof row->id, "%lld.%s", (long long)j->number, q->id);
    snprintf(row->name, sizeof row->name, "%s", j->name);
    row->state = j->end != END_NONE ? ATTEMPT_ENDED : local_runs(j) ? ATTEMPT_RUNNING : ATTEMPT_QUEUED;
    row->end = j->end;
    row->exit_code = j->exit_code < 0 ? 0 : j->exit_code;
    row->exit_signal = j->exit_signal;
    row->submit_t = j->submit_t;
    row->start_t = j->start_t;
    row->end_t = j->end_t;
    snprintf(row->raw, sizeof row->raw, "%s",
             j->end != END_NONE ? end_kind_word(j->end) : attempt_state_word((int)row->state));
    if (row->state == ATTEMPT_QUEUED)
        snprintf(row->reason, sizeof row->reason, "waits for %lld of %s", (long long)j->cores,
                 COUNT(proc_cpus(), "core"));
    else if (j->end == END_NODE)
        snprintf(row->reason, sizeof row->reason, "its processes are gone without a word");
}

static bool status(const struct batch_site *s, const char *const *ids, size_t n, struct batch_table *out,
                   struct error *err)
{
    struct local_queue q;
    (void)s;
    if (!local_move_on(err) || !local_open(&q, err))
        return false;
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < q.n; i++) {
            char id[64];
            snprintf(id, sizeof id, "%lld.%s", (long long)q.jobs[i].number, q.id);
            if (!strcmp(id, ids[k]))
                add_row(&q, &q.jobs[i], out);
        }
    local_close(&q);
    return true;
}

static bool find(const struct batch_site *s, const char *name, int64_t since, struct batch_table *out,
                 struct error *err)
{
    struct local_queue q;
    (void)s;
    if (!local_open(&q, err))
        return false;
    for (size_t i = 0; i < q.n; i++)
        if (!strcmp(q.jobs[i].name, name) && q.jobs[i].submit_t >= since - slack)
            add_row(&q, &q.jobs[i], out);
    local_close(&q);
    return true;
}

/* ---- cancelling ---- */

/* The script is told, and leads its own group; who does not listen within half a minute is killed when asked again. Of processes of
 * another container nothing can be told: a person who asks twice wants them forgotten. */
static void end_job(struct local_job *j, int64_t now)
{
    long pid = 0;
    bool again = j->cancel_t && now - j->cancel_t > patience;
    bool seen = owner_is_alive(j->keeper) || owner_is_alive(j->child);
    j->cancel_t = j->cancel_t ? j->cancel_t : now;
    if (!local_runs(j) || (again && !seen)) {
        j->end = END_CANCELLED;
        j->end_t = now;
        j->exit_code = -1;
    } else if (owner_is_alive(j->child) && sscanf(j->child, "%*s %ld", &pid) == 1 && pid > 1) {
        kill((pid_t)(again ? -pid : pid), again ? SIGKILL : SIGTERM);
    }
}

static bool cancel(const struct batch_site *s, const char *id, struct error *err)
{
    struct local_queue q;
    (void)s;
    if (!local_open(&q, err))
        return false;
    bool good = true;
    for (size_t i = 0; i < q.n; i++) {
        char own[64];
        snprintf(own, sizeof own, "%lld.%s", (long long)q.jobs[i].number, q.id);
        if (strcmp(own, id) != 0 || q.jobs[i].end != END_NONE)
            continue;
        end_job(&q.jobs[i], clock_now());
        good = local_write(&q, &q.jobs[i], err);
    }
    local_close(&q);
    return good;
}

const struct batch_ops batch_local = {"local", "this machine", submit, status, find, cancel};
