/* batch.h - what schedulers say about our jobs, in our words (WORDS 4).
 *
 * Readers are pure: the text of a command in, rows out; one reader for each form that a scheduler's commands print (FACILITY 6). They
 * believe nothing: lines that are none of theirs are passed over, words that are not known leave the state unknown and are kept as
 * the raw word.
 */
#ifndef XFELX_BATCH_BATCH_H
#define XFELX_BATCH_BATCH_H

#include "base/base.h"

/* One job as a scheduler sees it.
 *
 * id          as it was given at submission: "123", "123.server"
 * task        index in an array; -1: none
 * state       ATTEMPT_QUEUED … ATTEMPT_ENDED; ATTEMPT_UNKNOWN: the word is not known
 * end         when ended; END_NONE: it ended, the scheduler does not say how (our own end record does)
 * times       ns UTC; 0: not said
 */
struct batch_job {
    char id[128], name[256];
    int64_t task;
    enum attempt_state state;
    enum end_kind end;
    int exit_code, exit_signal;
    char raw[64];     /* the scheduler's word */
    char reason[256]; /* its reason, or what stands beside the word */
    int64_t submit_t, start_t, end_t;
    int32_t restarts;
};

/* Rows of a status query, growing in an arena. */
struct batch_table {
    struct arena *arena;
    struct batch_job *jobs;
    size_t n;
};

/* A row more, empty (task -1, state unknown). */
struct batch_job *batch_table_add(struct batch_table *t);

/* The newest row of an id (a scheduler may list several runs of one: the last counts); NULL: none. */
const struct batch_job *batch_table_find(const struct batch_table *t, const char *id);

/* ---- what became of a submission, or of any command that talks to the scheduler ---- */

enum batch_verdict {
    BATCH_ACCEPTED, /* an id came back */
    BATCH_REFUSED,  /* it will be refused again: the request is wrong */
    BATCH_LIMIT,    /* a limit of the site: later, and not a failure */
    BATCH_UNCLEAR,  /* no answer, or none that says: look the name up before anything else */
};

/* Texts of a scheduler by which an answer is recognised, any case; ends with {0}. */
struct batch_text {
    const char *words;
    enum batch_verdict verdict;
};

/* Judge an answer without an id: by the first text found in it, else REFUSED when the command failed, UNCLEAR when it did not (it
 * said yes and named nothing) or was killed or never came back (exit_code < 0). */
enum batch_verdict batch_judge(const struct batch_text *texts, int exit_code, const char *output);

/* ---- Slurm ---- */

extern const struct batch_text slurm_texts[];

/* The id in the answer of sbatch --parsable: the last line that is a number or "number;cluster". false: none. */
bool slurm_read_id(const char *text, char *id, size_t size);

/* squeue -h -o FORMAT and sacct -X -n -P -o FORMAT. squeue's format is of %-letters, sacct's of names; '|' between, the job's name
 * last, since it may hold one. Times are epoch seconds (SLURM_TIME_FORMAT=%s) or ISO local time. */
#define SLURM_QUEUE_FORMAT "%A|%F|%K|%T|%r|%V|%S|%e|%j"
#define SLURM_ACCOUNT_FORMAT "JobIDRaw,JobID,State,ExitCode,DerivedExitCode,Reason,Submit,Start,End,JobName"
void slurm_read_queue(const char *format, const char *text, struct batch_table *out);
void slurm_read_account(const char *format, const char *text, struct batch_table *out);

/* ---- Grid Engine ---- */

extern const struct batch_text sge_texts[];

bool sge_read_id(const char *text, char *id, size_t size);     /* qsub -terse */
void sge_read_queue(const char *xml, struct batch_table *out); /* qstat -xml */
bool sge_read_error(const char *text, char *reason,
                    size_t size); /* qstat -j: why it is in state E; false: not said */
void sge_read_account(const char *text,
                      struct batch_table *out); /* qacct -j: all records, of one job or several */

/* ---- PBS ---- */

extern const struct batch_text pbs_texts[];

bool pbs_read_id(const char *text, char *id, size_t size);

/* qstat -x -f -F json. Servers print broken JSON (FACILITY 6.4.1): what strict reading refuses is read line by line. */
void pbs_read_json(const char *text, size_t n, struct batch_table *out);
void pbs_read_full(const char *text, struct batch_table *out); /* qstat -x -f */

/* ---- LSF ---- */

extern const struct batch_text lsf_texts[];

bool lsf_read_id(const char *text, char *id, size_t size); /* "Job <123> is submitted to …" */

/* bjobs -a -noheader -o of this format. */
#define LSF_FORMAT                                                                                           \
    "jobid stat exit_code exit_reason pend_reason submit_time start_time finish_time job_name "              \
    "delimiter=\"|\""
void lsf_read_jobs(const char *text, struct batch_table *out);

/* ---- talking to a scheduler ---- */

/* Commands of the user's own scheduler, see custom.c. Expressions: of its answers, extended: the id (its first group, where it has one);
 * id, state and exit code of a line (three groups, the third may be missing). NULL: the first number; "ID STATE EXIT". */
struct batch_custom {
    const char *submit, *status, *cancel, *id_regex, *state_regex;
};

/* Where and how commands are run. */
struct batch_site {
    const struct batch_ops *ops;
    double seconds;                    /* time limit of a command; 0: 60 */
    const char *const *set;            /* "NAME=value" for its environment; ends with NULL; NULL: nothing */
    const struct batch_custom *custom; /* of the scheduler custom */
};

/* What became of a submission. */
struct batch_answer {
    enum batch_verdict verdict;
    char id[128];   /* when ACCEPTED */
    char text[512]; /* what it said otherwise, one line */
};

/* A scheduler. All functions run its commands and give false only when these cannot be run or say nothing that can be understood
 * (ERROR_FAILED: the scheduler is down, or not here); a job that is not known is no error.
 *
 * submit   hand a script in (its folder is where the scheduler's own output goes). Never repeats anything by itself
 * status   rows of these jobs; ids that nobody knows have none
 * find     rows of the jobs of this name since a time (ns): for answers that were lost
 * cancel   true also when the job is gone already
 */
struct batch_ops {
    const char *name, *text;
    bool (*submit)(const struct batch_site *s, const char *script, struct batch_answer *out,
                   struct error *err);
    bool (*status)(const struct batch_site *s, const char *const *ids, size_t n, struct batch_table *out,
                   struct error *err);
    bool (*find)(const struct batch_site *s, const char *name, int64_t since, struct batch_table *out,
                 struct error *err);
    bool (*cancel)(const struct batch_site *s, const char *id, struct error *err);
};
extern const struct batch_ops batch_slurm, batch_sge, batch_pbs, batch_lsf, batch_local, batch_own;

/* By name; ERROR_USAGE with the known ones. */
const struct batch_ops *batch_find_ops(const char *name, struct error *err);
const struct batch_ops *batch_ops_at(size_t i); /* i = 0 … until NULL */

/* ---- begin and end records of job scripts (STORE 8) ---- */

struct batch_record {
    int64_t attempt, t; /* ns UTC */
    char host[256], sched_id[128], last[512];
    int exit_code, exit_signal; /* of an end */
    char step[32];              /* copy, launch, process, post */
    int64_t deadline;           /* epoch seconds; 0: none */
};

/* Read "xfelx-begin 1" or "xfelx-end 1". ERROR_UNSUPPORTED: written by a newer program; ERROR_DAMAGED: none of ours. */
bool batch_read_record(const char *text, size_t n, bool end, struct batch_record *out, struct error *err);

#include "batch/script.h" /* job scripts: part of the face */

#endif
