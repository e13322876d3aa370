/* rehearse.c - a job that proves the way to a scheduler: template, submission, launcher, ranks, records; see cycle.h. */

#include "cycle/files.h"
#include "cycle/need.h"
#include "cycle/script.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOG_MAX = 1 << 20, JOB_SECONDS = 300 };

/* Files of one rehearsal: FOLDER/PID.sh .begin .end .log. */
struct rehearsal {
    struct arena *a;
    struct cycle *c;
    const char *folder, *stem;
};

static char *file(const struct rehearsal *r, const char *ending)
{
    return arena_printf(r->a, "%s%s", r->stem, ending);
}

static bool write_script(const struct rehearsal *r, const char *const *arguments, struct error *err)
{
    struct batch_script s = {.attempt = getpid(),
                             .name = arena_printf(r->a, "xfdoctor-%ld", (long)getpid()),
                             .record = r->stem,
                             .folder = r->folder,
                             .log = file(r, ".log"),
                             .arguments = arguments};
    uint8_t hash[32];
    struct str text = {0};
    need_read(r->c->params, TASK_INDEXING, r->a, &s);
    s.need.nodes = 1;
    s.need.tasks = 2;
    s.need.cpus = 1;
    s.need.seconds = JOB_SECONDS;
    if (s.need.memory_mb > 2000)
        s.need.memory_mb = 2000;
    if (strcmp(r->c->scheduler, "sge") == 0)
        s.need.pe = param_text(r->c->params, "sge.pe", "mpi");
    bool good = pin_program(r->a, r->c->folder, r->c->program, &s.program, hash, err) &&
                batch_script_render(r->c->scheduler, &s, NULL, NULL, &text, err) &&
                fs_write_atomic(file(r, ".sh"), text.text, text.len, err);
    str_free(&text);
    return good;
}

bool cycle_sample_script(struct cycle *c, struct str *out, struct error *err)
{
    static const char *const arguments[] = {"version", NULL};
    struct arena a = {0};
    struct batch_script s = {.attempt = 1,
                             .name = "xf00000000-1",
                             .record = fs_join(&a, c->folder, ".xfelx/jobs/1"),
                             .program = fs_join(&a, c->folder, ".xfelx/bin/xfelx"),
                             .folder = c->folder,
                             .log = fs_join(&a, c->folder, "log.out"),
                             .arguments = arguments};
    const char *own;
    need_read(c->params, TASK_INDEXING, &a, &s);
    bool good = need_template(c->params, &a, &s, &own, err) &&
                batch_script_render(c->scheduler, &s, NULL, own, out, err);
    arena_free(&a);
    return good;
}

/* What the scheduler says of it now, in words. */
static const char *state_of(const struct rehearsal *r, const char *id, bool *ended)
{
    struct batch_table t = {.arena = r->a};
    struct error err = {0};
    if (!r->c->site.ops->status(&r->c->site, &id, 1, &t, &err))
        return arena_strdup(r->a, err.fact);
    const struct batch_job *job = batch_table_find(&t, id);
    *ended = job && job->state == ATTEMPT_ENDED;
    return job ? arena_printf(r->a, "%s %s", attempt_state_word((int)job->state), job->reason)
               : "not known to it";
}

/* Until its end record is there. A job that ended without one has a few seconds more: files on shared disks are late. */
static bool wait_for_end(const struct rehearsal *r, const char *id, double seconds, struct error *err)
{
    int64_t end = clock_monotonic() + (int64_t)(seconds * 1e9);
    const char *state = "";
    int late = 0;
    for (int i = 0; clock_monotonic() < end && late < 10; i++) {
        bool ended = false;
        if (fs_is_file(file(r, ".end")))
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
        if (i % 4 == 0)
            state = state_of(r, id, &ended);
        late += ended;
    }
    error_set(err, ERROR_BUSY, "job %s left no record of its end", id);
    error_detail(err, "the scheduler says: %s", state);
    if (!r->c->site.ops->cancel(&r->c->site, id, NULL))
        log_warn("job %s could not be cancelled", id);
    return error_hint(err, "its script is %s", file(r, ".sh"));
}

static bool read_end(const struct rehearsal *r, struct str *says, struct error *err)
{
    struct bytes b = {0}, log = {0};
    struct batch_record end;
    bool good = fs_read(file(r, ".end"), LOG_MAX, &b, err) &&
                batch_read_record((const char *)b.data, b.size, true, &end, err);
    if (fs_read(file(r, ".log"), LOG_MAX, &log, NULL))
        str_addn(says, (const char *)log.data, log.size);
    if (good && (end.exit_code || end.exit_signal)) {
        good = error_set(err, ERROR_FAILED, "the job ended with exit code %d in step %s", end.exit_code,
                         end.step);
        error_detail(err, "%s", end.last);
        error_hint(err, "its script and log are %s.*", r->stem);
    }
    bytes_free(&b);
    bytes_free(&log);
    return good;
}

static void take_away(const struct rehearsal *r)
{
    static const char *const endings[] = {".sh", ".begin", ".end", ".log"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        unlink(file(r, endings[i]));
    unlink(arena_printf(r->a, "%s/%ld.out", r->folder, (long)getpid()));
    rmdir(r->folder);
}

bool cycle_rehearse(struct cycle *c, const char *const *arguments, double seconds, struct str *says,
                    struct error *err)
{
    struct arena a = {0};
    struct rehearsal r = {.a = &a, .c = c};
    struct batch_answer answer = {0};
    r.folder = fs_join(&a, c->folder, ".xfelx/rehearsal");
    r.stem = arena_printf(&a, "%s/%ld", r.folder, (long)getpid());
    bool good = fs_make_folders(r.folder, err) && write_script(&r, arguments, err) &&
                c->site.ops->submit(&c->site, file(&r, ".sh"), &answer, err);
    if (good && answer.verdict != BATCH_ACCEPTED) {
        good = error_set(err, ERROR_FAILED, "the scheduler did not take the job");
        error_detail(err, "%s", answer.text);
    }
    good = good && wait_for_end(&r, answer.id, seconds, err) && read_end(&r, says, err);
    if (good)
        take_away(&r);
    arena_free(&a);
    return good;
}
