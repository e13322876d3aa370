/* script.c - what an attempt needs as fields of a template; see script.h. */
#include "batch/script.h"

#include "batch/template.h"

#include <stdio.h>
#include <string.h>

// clang-format off
const struct batch_container batch_containers[] = {
    {"shifter", "NERSC's Shifter", "shifter --image=@image@ @=binds@", "--volume=%s:%s"},
    {"apptainer", "Apptainer", "apptainer exec @=binds@ @image@", "--bind %s:%s"},
    {"singularity", "Singularity", "singularity exec @=binds@ @image@", "--bind %s:%s"},
    {"charliecloud", "Charliecloud", "ch-run @=binds@ @image@ --", "--bind=%s:%s"},
    {"podman-hpc", "NERSC's podman", "podman-hpc run --rm --mpi --env-host @=binds@ @image@", "--volume %s:%s"},
    {"podman", "podman, one rank a node", "podman run --rm --network=host --env-host @=binds@ @image@", "--volume %s:%s"},
    {0},
};

/* How ranks are started (FACILITY 8). One rank needs no launcher. */
static const struct {
    const char *scheduler, *launch;
} launches[] = {
    {"slurm", "srun --mpi=pmi2 --export=ALL --kill-on-bad-exit=1 --nodes=@nodes@ --ntasks=@tasks@ --cpus-per-task=@cpus@ --cpu-bind=cores"},
    {"pbs", "mpiexec.hydra -bootstrap ssh -f \"$PBS_NODEFILE\" -n @tasks@"},
    {"sge", "mpiexec.hydra -rmk sge -bootstrap sge -n @tasks@"},
    {"lsf", "mpiexec.hydra -rmk lsf -bootstrap lsf -n @tasks@"},
    {"local", "mpiexec.hydra -n @tasks@"},
    {"custom", "mpiexec.hydra -n @tasks@"},
};
// clang-format on

enum { FIELDS_MAX = 48 };

/* The fields of a script, and the arena that their values live in. */
struct filling {
    struct arena arena;
    struct field fields[FIELDS_MAX];
    size_t n;
};

static struct field *add(struct filling *f, const char *name, enum field_kind kind, const char *value)
{
    struct field *field = &f->fields[f->n++];
    *field = (struct field){.name = name, .value = value, .kind = kind};
    return field;
}

static void add_number(struct filling *f, const char *name, int64_t value)
{
    add(f, name, FIELD_PLAIN, arena_printf(&f->arena, "%lld", (long long)value))->may_rest = true;
}

static void add_spare(struct filling *f, const char *name, enum field_kind kind, const char *value)
{
    add(f, name, kind, value)->may_rest = true;
}

static const char *embedded_text(const char *name)
{
    for (const struct embedded *e = embedded_templates; e->name; e++)
        if (!strcmp(e->name, name))
            return e->text;
    return NULL;
}

/* A site's file goes before ours of the same name. */
static const char *template_text(struct filling *f, const char *folder, const char *name, struct error *err)
{
    char *path = folder ? fs_join(&f->arena, folder, name) : NULL;
    if (!path || !fs_is_file(path)) {
        const char *text = embedded_text(name);
        if (!text)
            error_set(err, ERROR_USAGE, "there is no job script %s", name);
        return text;
    }
    struct bytes b = {0};
    if (!fs_read(path, 1 << 20, &b, err))
        return NULL;
    char *text = arena_strndup(&f->arena, (const char *)b.data, b.size);
    bytes_free(&b);
    return text;
}

/* ---- texts that are made ---- */

static char *finish(struct filling *f, struct str *s)
{
    char *text = arena_strdup(&f->arena, s->text ? s->text : "");
    str_free(s);
    return text;
}

static char *joined_lines(struct filling *f, const char *const *lines)
{
    struct str s = {0};
    for (; lines && *lines; lines++)
        str_printf(&s, "%s%s", s.len ? "\n" : "", *lines);
    return finish(f, &s);
}

/* Scripts that are read, then what is set: it stands against them. */
static char *environment_text(struct filling *f, const char *const *sources, const char *const *set)
{
    struct str s = {0};
    for (; sources && *sources; sources++) {
        str_printf(&s, "%s. ", s.len ? "\n" : "");
        shell_quote(&s, *sources);
    }
    for (; set && *set; set++) {
        size_t n = strcspn(*set, "=");
        str_printf(&s, "%sexport %.*s=", s.len ? "\n" : "", (int)n, *set);
        shell_quote(&s, (*set)[n] ? *set + n + 1 : "");
    }
    return finish(f, &s);
}

/* Fill a part of a script, which need not use every field. */
static bool fill_part(const struct filling *f, const char *name, const char *text, struct str *out,
                      struct error *err)
{
    struct field fields[FIELDS_MAX];
    memcpy(fields, f->fields, sizeof fields);
    for (size_t i = 0; i < f->n; i++)
        fields[i].may_rest = true;
    return template_fill(name, text, fields, f->n, out, err);
}

/* "srun … shifter … ": what stands before the program. */
static bool start_text(struct filling *f, const char *scheduler, const struct batch_script *s, char **out,
                       struct error *err)
{
    struct str line = {0};
    const char *launch = s->launch;
    for (size_t i = 0; !launch && s->need.tasks > 1 && i < sizeof launches / sizeof *launches; i++)
        if (!strcmp(launches[i].scheduler, scheduler))
            launch = launches[i].launch;
    bool good = !launch || fill_part(f, "launch", launch, &line, err);
    const struct batch_container *c = batch_containers;
    while (s->container && c->name && strcmp(c->name, s->container) != 0)
        c++;
    if (good && s->container && !c->name)
        good = error_set(err, ERROR_USAGE, "no container is known as %s", s->container);
    if (good && s->container && !s->image)
        good = error_set(err, ERROR_USAGE, "the container %s needs an image", s->container);
    if (good && s->container) {
        struct str binds = {0};
        for (const char *const *b = s->binds; b && *b; b++) {
            struct str folder = {0};
            shell_quote(&folder, *b);
            str_printf(&binds, binds.len ? " " : "");
            /* the form names the folder twice: outside and inside are the same */
            const char *mark = strstr(c->bind, "%s");
            str_printf(&binds, "%.*s%s:%s", (int)(mark - c->bind), c->bind, folder.text, folder.text);
            str_free(&folder);
        }
        if (s->options)
            str_printf(&binds, "%s%s", binds.len ? " " : "", s->options);
        struct field own[] = {{"image", s->image, FIELD_QUOTED, true, false},
                              {"binds", binds.text ? binds.text : "", FIELD_TEXT, true, false}};
        good = template_fill("container", c->form, own, 2, &line, err);
        str_free(&binds);
    }
    /* pieces were filled as lines: one line of them */
    for (size_t i = 0; i < line.len; i++)
        if (line.text[i] == '\n')
            line.text[i] = ' ';
    *out = finish(f, &line);
    return good;
}

static void add_arguments(struct str *line, const struct batch_script *s)
{
    for (const char *const *a = s->arguments; a && *a; a++) {
        str_addc(line, ' ');
        shell_quote(line, *a);
    }
}

/* "srun … shifter … program arguments", all quoted. */
static char *command_text(struct filling *f, const char *start, const struct batch_script *s)
{
    struct str line = {0};
    str_add(&line, start);
    if (s->copy)
        str_add(&line, "\"$program\"");
    else
        shell_quote(&line, s->program);
    add_arguments(&line, s);
    return finish(f, &line);
}

/* The program in each node's own folder: through Slurm's tree where there is one, else by the first rank's node alone. */
static const char *copy_text(const char *scheduler, const struct batch_script *s)
{
    if (!s->copy)
        return "";
    return !strcmp(scheduler, "slurm") ? "local=/tmp/xfelx-$attempt\nsbcast -f --compress=none \"$program\" "
                                         "\"$local\" || exit 74\nprogram=$local"
                                       : "local=${TMPDIR-/tmp}/xfelx-$attempt\ncp \"$program\" \"$local\" && "
                                         "chmod 700 \"$local\" || exit 74\nprogram=$local";
}

static bool check(const struct batch_script *s, struct error *err)
{
    const struct batch_resources *n = &s->need;
    if (n->nodes < 1 || n->tasks < n->nodes || n->cpus < 1 || n->seconds < 60)
        return error_set(
            err, ERROR_USAGE,
            "a job needs a node, a task a node, a CPU a task and a minute, not %d, %d, %d and %lld s",
            n->nodes, n->tasks, n->cpus, (long long)n->seconds);
    return true;
}

/* What PBS wants of each node, behind the CPUs of its select line. */
static char *pbs_chunk(struct filling *f, const struct batch_resources *n)
{
    struct str s = {0};
    if (n->memory_mb)
        str_printf(&s, ":mem=%lldmb", (long long)n->memory_mb);
    if (n->gpus)
        str_printf(&s, ":ngpus=%d", n->gpus);
    return finish(f, &s);
}

/* How a scheduler is told that a job may wait behind others: a number of its own, times sign, at most so much. LSF refuses the word where the
 * site has not set MAX_USER_PRIORITY, so there it must be asked for, and means the lowest. */
static const struct nice_row {
    const char *scheduler;
    int32_t usual, sign, least, most;
} nices[] = {
    {"slurm", 100, 1, 1, 10000}, {"sge", 100, -1, 1, 1023}, {"pbs", 100, -1, 1, 1023},
    {"lsf", 0, 1, 1, 1},         {"local", 10, 1, 1, 19},
};

/* NULL: it waits as others do, or there is no word for it. */
static char *nice_text(struct filling *f, const char *scheduler, int32_t asked)
{
    for (size_t i = 0; i < sizeof nices / sizeof *nices; i++) {
        const struct nice_row *r = nices + i;
        int32_t n = asked == BATCH_NICE_USUAL ? r->usual : asked;
        if (n <= 0 || strcmp(r->scheduler, scheduler) != 0)
            continue;
        return arena_printf(&f->arena, "%d", r->sign * (n < r->least ? r->least : n > r->most ? r->most : n));
    }
    return NULL;
}

static void add_fields(struct filling *f, const char *scheduler, const struct batch_script *s)
{
    bool pbs = strcmp(scheduler, "pbs") == 0;
    const struct batch_resources *n = &s->need;
    int64_t per_node = (n->tasks + n->nodes - 1) / n->nodes, minutes = (n->seconds + 59) / 60;
    add_number(f, "nodes", n->nodes);
    add_number(f, "tasks", n->tasks);
    add_number(f, "cpus", n->cpus);
    add_number(f, "tasks_per_node", per_node);
    add_number(f, "cpus_per_node", per_node * n->cpus);
    add_number(f, "slots", (int64_t)n->tasks * n->cpus);
    add_number(f, "seconds", n->seconds);
    add_number(f, "minutes", minutes);
    add_number(f, "warn", s->warn);
    add_number(f, "warn_minutes", (s->warn + 59) / 60);
    add_number(f, "margin", s->margin);
    add_number(f, "attempt", s->attempt);
    add_spare(
        f, "walltime", FIELD_PLAIN,
        arena_printf(&f->arena, "%02lld:%02lld:00", (long long)(minutes / 60), (long long)(minutes % 60)));
    add_spare(f, "name", FIELD_PLAIN, s->name);
    add_spare(f, "out", FIELD_PLAIN, arena_printf(&f->arena, "%lld.out", (long long)s->attempt));
    add(f, "gpus", FIELD_PLAIN, n->gpus ? arena_printf(&f->arena, "%d", n->gpus) : NULL)->may_rest = pbs;
    add(f, "memory_mb", FIELD_PLAIN,
        n->memory_mb ? arena_printf(&f->arena, "%lld", (long long)n->memory_mb) : NULL)
        ->may_rest = pbs;
    add_spare(f, "chunk", FIELD_TEXT, pbs_chunk(f, n));
    /* PBS would put all chunks on one node where they fit */
    add_spare(f, "place", FIELD_PLAIN, n->nodes > 1 ? "scatter" : NULL);
    add(f, "queue", FIELD_PLAIN, n->queue);
    add(f, "account", FIELD_PLAIN, n->account);
    add(f, "qos", FIELD_PLAIN, n->qos);
    add(f, "constraint", FIELD_PLAIN, n->constraint);
    add(f, "reservation", FIELD_PLAIN, n->reservation);
    add(f, "pe", FIELD_PLAIN, n->pe);
    add_spare(f, "nice", FIELD_PLAIN, nice_text(f, scheduler, n->nice));
    add(f, "extra", FIELD_TEXT, joined_lines(f, n->extra));
    add_spare(f, "record", FIELD_QUOTED, s->record);
    add_spare(f, "program", FIELD_QUOTED, s->program);
    add_spare(f, "folder", FIELD_QUOTED, s->folder);
    add_spare(f, "log", FIELD_QUOTED, s->log);
    add_spare(f, "environment", FIELD_TEXT, environment_text(f, s->sources, s->environment));
}

/* The program alone, with what it must know of its attempt: a user's template starts ranks and containers by itself. */
static char *bare_command(struct filling *f, const struct batch_script *s)
{
    struct str line = {0};
    for (const char *const *e = s->environment; e && *e; e++) {
        str_add(&line, line.len ? " " : "env ");
        shell_quote(&line, *e);
    }
    str_add(&line, line.len ? " " : "");
    shell_quote(&line, s->program);
    add_arguments(&line, s);
    return finish(f, &line);
}

/* The user's inner script (cctbx.xfel's srun_script_template) as one command, "/bin/bash -c '…'", by the shell that its first line
 * names. */
static bool inner_command(struct filling *f, const struct batch_script *s, const char *command, char **out,
                          struct error *err)
{
    struct field own[] = {{"command", command, FIELD_TEXT, true, false}};
    struct str text = {0}, line = {0};
    const char *shell = str_starts(s->inner, "#!") ? s->inner + 2 + strspn(s->inner + 2, " ") : "/bin/sh";
    bool good = template_fill_markers("of the user", s->inner, own, 1, &text, err);
    str_printf(&line, "%.*s -c ", (int)strcspn(shell, "\r\n"), shell);
    shell_quote(&line, text.text ? text.text : "");
    str_free(&text);
    *out = finish(f, &line);
    return good;
}

/* Markers of cctbx.xfel's own templates (CCTBX_XFEL 3), and <launch>: how we would start ranks and container. */
static bool add_markers(struct filling *f, const struct batch_script *s, const char *start, struct error *err)
{
    char *command = bare_command(f, s), *inner = command;
    if (s->inner && !inner_command(f, s, command, &inner, err))
        return false;
    const struct batch_resources *n = &s->need;
    add_number(f, "nnodes", n->nodes);
    add_number(f, "nproc", n->tasks);
    add_number(f, "nproc_per_node", (n->tasks + n->nodes - 1) / n->nodes);
    add_spare(f, "shifter_image", FIELD_QUOTED, s->image);
    add_spare(f, "partition", FIELD_PLAIN, n->queue);
    add_spare(f, "project", FIELD_PLAIN, n->account);
    add_spare(f, "jobname", FIELD_PLAIN, s->name);
    add_spare(f, "out_log", FIELD_QUOTED, s->log);
    add_spare(f, "err_log", FIELD_QUOTED, s->log);
    add_spare(f, "output_dir", FIELD_QUOTED, s->folder);
    add_spare(f, "outfile", FIELD_QUOTED, s->log);
    add_spare(f, "errfile", FIELD_QUOTED, s->log);
    add_spare(f, "memory", FIELD_PLAIN,
              n->memory_mb ? arena_printf(&f->arena, "%lld", (long long)n->memory_mb) : NULL);
    add_spare(f, "launch", FIELD_TEXT, start);
    add_spare(f, "command", FIELD_TEXT, command);
    add_spare(f, "srun_script", FIELD_TEXT, inner);
    return true;
}

static bool render(struct filling *f, const char *scheduler, const struct batch_script *s, const char *folder,
                   const char *text, struct str *out, struct error *err)
{
    char *start;
    struct str body = {0};
    add_fields(f, scheduler, s);
    if (!start_text(f, scheduler, s, &start, err))
        return false;
    if (text) {
        if (!add_markers(f, s, start, err))
            return false;
        for (size_t i = 0; i < f->n; i++)
            f->fields[i].may_rest = true; /* a user's template knows what it wants */
        return template_fill_markers("of the user", text, f->fields, f->n, out, err);
    }
    add_spare(f, "copy", FIELD_TEXT, copy_text(scheduler, s));
    add_spare(f, "command", FIELD_TEXT, command_text(f, start, s));
    const char *head = template_text(f, folder, arena_printf(&f->arena, "%s.sh", scheduler), err);
    const char *rest = head ? template_text(f, folder, "body.sh", err) : NULL;
    bool good = rest && fill_part(f, "body.sh", rest, &body, err);
    if (good) {
        if (body.len)
            body.text[body.len - 1] = 0; /* the head's line brings its own end */
        add_spare(f, "body", FIELD_TEXT, body.text);
        good = template_fill(arena_printf(&f->arena, "%s.sh", scheduler), head, f->fields, f->n, out, err);
    }
    str_free(&body);
    return good;
}

bool batch_script_render(const char *scheduler, const struct batch_script *s, const char *folder,
                         const char *text, struct str *out, struct error *err)
{
    struct filling *f = &(struct filling){0};
    bool good = check(s, err) && render(f, scheduler, s, folder, text, out, err);
    arena_free(&f->arena);
    return good;
}
