/* read_lsf.c - bjobs and bsub of LSF (FACILITY 6.5). */
#include "batch/text.h"

#include <string.h>

const struct batch_text lsf_texts[] = {
    {"Pending job threshold reached", BATCH_LIMIT},          {"batch daemon not responding", BATCH_UNCLEAR},
    {"Slave LIM configuration is not ready", BATCH_UNCLEAR}, {"Communication time out", BATCH_UNCLEAR},
    {"Failed in an LSF library call", BATCH_UNCLEAR},        {0},
};

static const struct state_word states[] = {
    {"PEND", ATTEMPT_QUEUED, 0},
    {"WAIT", ATTEMPT_QUEUED, 0},
    {"FWD_PEND", ATTEMPT_QUEUED, 0},
    {"PSUSP", ATTEMPT_BLOCKED, 0},
    {"RUN", ATTEMPT_RUNNING, 0},
    {"PROV", ATTEMPT_STARTING, 0},
    {"USUSP", ATTEMPT_SUSPENDED, 0},
    {"SSUSP", ATTEMPT_SUSPENDED, 0},
    {"DONE", ATTEMPT_ENDED, END_OK},
    {"EXIT", ATTEMPT_ENDED, END_EXIT},
    {"ZOMBI", ATTEMPT_ENDING, 0},
    {"UNKWN", ATTEMPT_UNKNOWN, 0},
    {0},
};

/* Why LSF ended a job, where its exit code alone would mislead. */
static const struct {
    const char *word;
    enum end_kind end;
} reasons[] = {
    {"TERM_RUNLIMIT", END_TIMEOUT}, {"TERM_CPULIMIT", END_TIMEOUT},       {"TERM_MEMLIMIT", END_MEMORY},
    {"TERM_SWAP", END_MEMORY},      {"TERM_PREEMPT", END_PREEMPTED},      {"TERM_OWNER", END_CANCELLED},
    {"TERM_ADMIN", END_CANCELLED},  {"TERM_REQUEUE_OWNER", END_REQUEUED},
};

bool lsf_read_id(const char *text, char *id, size_t size)
{
    for (const char *at = text; (at = strstr(at, "Job <")); at++) {
        size_t n = strspn(at + 5, "0123456789");
        if (n && at[5 + n] == '>') {
            piece_copy((struct piece){at + 5, n}, id, size);
            return true;
        }
    }
    return false;
}

static bool is_given(struct piece p)
{
    return p.n && !piece_is(p, "-");
}

static void read_end(struct batch_job *job, struct piece code, struct piece reason)
{
    if (job->end == END_EXIT && is_given(code))
        set_exit(job, (int)piece_int(code, 0));
    for (size_t i = 0; job->state == ATTEMPT_ENDED && i < sizeof reasons / sizeof *reasons; i++)
        if (reason.n && piece_starts(reason, reasons[i].word))
            job->end = reasons[i].end;
}

static bool never_satisfied(const char *reason)
{
    return strstr(reason, "Dependency condition invalid") != NULL;
}

void lsf_read_jobs(const char *text, struct batch_table *out)
{
    enum { ID, STAT, CODE, EXIT_REASON, PEND_REASON, SUBMIT, START, FINISH, NAME, FIELDS };
    struct piece line;
    while (take_line(&text, &line)) {
        struct piece rest = line, f[FIELDS] = {{0}};
        size_t n = 0;
        while (n < NAME && take_field(&rest, '|', &f[n])) {
            f[n] = trim(f[n]);
            n++;
        }
        if (n < NAME || !rest.at || piece_int(f[ID], 0) <= 0)
            continue; /* "Job <9> is not found", or a banner */
        struct batch_job *job = batch_table_add(out);
        piece_copy(f[ID], job->id, sizeof job->id);
        piece_copy(trim(rest), job->name, sizeof job->name);
        set_state(job, states, f[STAT]);
        read_end(job, f[CODE], f[EXIT_REASON]);
        struct piece reason = is_given(f[PEND_REASON]) ? f[PEND_REASON] : f[EXIT_REASON];
        if (is_given(reason))
            piece_copy(reason, job->reason, sizeof job->reason);
        if (job->state == ATTEMPT_QUEUED && never_satisfied(job->reason))
            job->state = ATTEMPT_BLOCKED;
        job->submit_t = piece_time(f[SUBMIT]);
        job->start_t = piece_time(f[START]);
        job->end_t = piece_time(f[FINISH]);
    }
}
