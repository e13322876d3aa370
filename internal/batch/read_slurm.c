/* read_slurm.c - squeue, sacct and sbatch (FACILITY 6.2; captured from Slurm 22.05). */
#include "batch/text.h"

#include <string.h>

const struct batch_text slurm_texts[] = {
    {"job submit limit", BATCH_LIMIT},
    {"resolve_ctls_from_dns_srv",
     BATCH_LIMIT}, /* no slurm.conf here: nothing was submitted, whatever the job */
    {"QOSMaxSubmitJobPerUserLimit", BATCH_LIMIT},
    {"Slurm temporarily unable to accept job", BATCH_LIMIT},
    {"Socket timed out", BATCH_UNCLEAR},
    {"Unable to contact slurm controller", BATCH_UNCLEAR},
    {"Connection refused", BATCH_UNCLEAR},
    {"Resource temporarily unavailable", BATCH_UNCLEAR},
    {"slurm_receive_msg", BATCH_UNCLEAR},
    {"Zero Bytes were transmitted", BATCH_UNCLEAR},
    {"Protocol authentication error", BATCH_UNCLEAR},
    {0},
};

static const struct state_word states[] = {
    {"PENDING", ATTEMPT_QUEUED, 0},
    {"CONFIGURING", ATTEMPT_STARTING, 0},
    {"RUNNING", ATTEMPT_RUNNING, 0},
    {"SIGNALING", ATTEMPT_RUNNING, 0},
    {"RESIZING", ATTEMPT_RUNNING, 0},
    {"EXPEDITING", ATTEMPT_RUNNING, 0},
    {"SUSPENDED", ATTEMPT_SUSPENDED, 0},
    {"STOPPED", ATTEMPT_SUSPENDED, 0},
    {"COMPLETING", ATTEMPT_ENDING, 0},
    {"STAGE_OUT", ATTEMPT_ENDING, 0},
    {"COMPLETED", ATTEMPT_ENDED, END_OK},
    {"FAILED", ATTEMPT_ENDED, END_EXIT},
    {"TIMEOUT", ATTEMPT_ENDED, END_TIMEOUT},
    {"OUT_OF_MEMORY", ATTEMPT_ENDED, END_MEMORY},
    {"NODE_FAIL", ATTEMPT_ENDED, END_NODE},
    {"BOOT_FAIL", ATTEMPT_ENDED, END_NODE},
    {"RECONFIG_FAIL", ATTEMPT_ENDED, END_NODE},
    {"PREEMPTED", ATTEMPT_ENDED, END_PREEMPTED},
    {"CANCELLED", ATTEMPT_ENDED, END_CANCELLED},
    {"DEADLINE", ATTEMPT_ENDED, END_DEADLINE},
    {"REQUEUED", ATTEMPT_QUEUED, END_REQUEUED},
    {"REQUEUE_FED", ATTEMPT_QUEUED, END_REQUEUED},
    {"REVOKED", ATTEMPT_QUEUED, END_REQUEUED},
    {"REQUEUE_HOLD", ATTEMPT_BLOCKED, 0},
    {"SPECIAL_EXIT", ATTEMPT_BLOCKED, 0},
    {"RESV_DEL_HOLD", ATTEMPT_BLOCKED, 0},
    {"LAUNCH_FAILED", ATTEMPT_ENDED, END_LAUNCH},
    {0},
};

/* Reasons that do not go away by themselves, by their beginning (FACILITY 6.2.3); "*": anything between. */
static const char *const blocking[] = {
    "JobHeldUser",
    "JobHeldAdmin",
    "DependencyNeverSatisfied",
    "PartitionConfig",
    "PartitionNodeLimit",
    "PartitionTimeLimit",
    "PartitionInactive",
    "BadConstraints",
    "InvalidAccount",
    "InvalidQOS",
    "AssocMax*PerJobLimit",
    "QOSMax*PerJobLimit",
    "QOSMin",
    "JobLaunchFailure",
    "ReservationDeleted",
    "MaxRequeue",
    "launch failed requeued held",
    "user env retrieval failed requeued held",
    "BurstBufferOperation",
    NULL,
};

static bool reason_blocks(const char *reason)
{
    for (size_t i = 0; blocking[i]; i++) {
        const char *star = strchr(blocking[i], '*');
        size_t n = star ? (size_t)(star - blocking[i]) : strlen(blocking[i]);
        if (!strncmp(reason, blocking[i], n) && (!star || strstr(reason + n, star + 1)))
            return true;
    }
    return false;
}

bool slurm_read_id(const char *text, char *id, size_t size)
{
    struct piece line;
    bool found = false;
    while (take_line(&text, &line)) {
        struct piece word = trim(line);
        size_t digits = 0;
        while (digits < word.n && word.at[digits] >= '0' && word.at[digits] <= '9')
            digits++;
        bool whole =
            digits && (digits == word.n || (word.at[digits] == ';' && !memchr(word.at, ' ', word.n)));
        if (!whole)
            continue;
        piece_copy((struct piece){word.at, digits}, id, size);
        found = true;
    }
    return found;
}

/* "3:0": exit code and signal. */
static void read_codes(struct piece p, int *code, int *number)
{
    struct piece field;
    *code = *number = 0;
    if (take_field(&p, ':', &field))
        *code = (int)piece_int(field, 0);
    if (p.at)
        *number = (int)piece_int(p, 0);
}

/* A signal that stands for "the output or work folder could not be used" (6.2.4). */
enum { LAUNCH_SIGNAL = 53, NO_ELEMENT = -1 };

static void read_exit(struct batch_job *job, struct piece p)
{
    int code, number;
    read_codes(p, &code, &number);
    if (job->state != ATTEMPT_ENDED)
        return;
    job->exit_code = code;
    job->exit_signal = number;
    if (job->end == END_EXIT)
        job->end = number == LAUNCH_SIGNAL ? END_LAUNCH
                   : number                ? END_SIGNAL
                   : code == 75            ? END_UNFINISHED
                                           : END_EXIT;
}

/* A step failed and the script ended well all the same: not a success. */
static void read_derived(struct batch_job *job, struct piece p)
{
    int code, number;
    read_codes(p, &code, &number);
    if (job->state != ATTEMPT_ENDED || job->end != END_OK || (!code && !number))
        return;
    job->end = number ? END_SIGNAL : code == 75 ? END_UNFINISHED : END_EXIT;
    job->exit_code = code;
    job->exit_signal = number;
}

static void read_state(struct batch_job *job, struct piece p)
{
    struct piece word = {p.at, 0};
    while (word.n < p.n && word.at[word.n] != ' ') /* "CANCELLED by 1000" */
        word.n++;
    set_state(job, states, word);
    piece_copy(p, job->raw, sizeof job->raw);
    if (word.n < p.n && job->end == END_CANCELLED)
        piece_copy(trim((struct piece){p.at + word.n, p.n - word.n}), job->reason, sizeof job->reason);
}

static void read_reason(struct batch_job *job, struct piece p)
{
    if (job->reason[0] || piece_is(p, "None"))
        return;
    piece_copy(p, job->reason, sizeof job->reason);
    if (job->state == ATTEMPT_QUEUED && reason_blocks(job->reason))
        job->state = ATTEMPT_BLOCKED;
    if (job->end == END_EXIT && !job->exit_code && piece_is(p, "JobLaunchFailure"))
        job->end = END_LAUNCH; /* squeue, which shows no exit codes: output or work folder */
}

/* Columns by squeue's letter and sacct's name. */
static const struct column {
    const char *letter, *name;
    char kind;
} columns[] = {
    {"%A", "JobIDRaw", 'i'},
    {"%K", NULL, 't'},
    {"%T", "State", 's'},
    {"%r", "Reason", 'r'},
    {"%V", "Submit", 'v'},
    {"%S", "Start", 'b'},
    {"%e", "End", 'e'},
    {"%j", "JobName", 'n'},
    {NULL, "ExitCode", 'x'},
    {NULL, "JobID", 'k'},
    {NULL, "DerivedExitCode", 'd'},
};

static void take_value(struct batch_job *job, char kind, struct piece value)
{
    switch (kind) {
    case 'i':
        piece_copy(value, job->id, sizeof job->id);
        break;
    case 't':
        job->task = piece_int(value, NO_ELEMENT);
        break;
    case 'k': {
        const char *bar = value.n ? memchr(value.at, '_', value.n) : NULL; /* "14_3" */
        if (bar)
            job->task =
                piece_int((struct piece){bar + 1, value.n - (size_t)(bar - value.at) - 1}, NO_ELEMENT);
        break;
    }
    case 's':
        read_state(job, value);
        break;
    case 'r':
        read_reason(job, value);
        break;
    case 'x':
        read_exit(job, value);
        break;
    case 'd':
        read_derived(job, value);
        break;
    case 'v':
        job->submit_t = piece_time(value);
        break;
    case 'b':
        job->start_t = piece_time(value);
        break;
    case 'e':
        job->end_t = job->state == ATTEMPT_ENDED ? piece_time(value) : 0;
        break;
    case 'n':
        piece_copy(value, job->name, sizeof job->name);
        break;
    default:
        break;
    }
}

/* Kinds of the columns in a format, cut at `cut`; how many. */
static size_t read_format(const char *format, char cut, char *kinds, size_t size)
{
    struct piece rest = {format, strlen(format)}, word;
    size_t n = 0;
    while (n < size && take_field(&rest, cut, &word)) {
        kinds[n] = 0;
        for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
            if ((columns[i].letter && piece_is(word, columns[i].letter)) ||
                (columns[i].name && piece_is(word, columns[i].name)))
                kinds[n] = columns[i].kind;
        n++;
    }
    return n;
}

enum { COLUMNS_MAX = 32 };

/* The name stands last or, in another order, is cut at its first bar. */
static void read_rows(const char *kinds, size_t n, const char *text, struct batch_table *out)
{
    struct piece line;
    while (take_line(&text, &line)) {
        struct piece rest = line, value;
        size_t seps = 0;
        for (size_t i = 0; i < line.n; i++)
            seps += line.at[i] == '|';
        if (seps + 1 < n)
            continue; /* a message, not a row */
        struct batch_job *job = batch_table_add(out);
        for (size_t i = 0; i < n; i++) {
            if (i + 1 == n)
                value = rest;
            else
                take_field(&rest, '|', &value);
            take_value(job, kinds[i], value);
        }
    }
}

void slurm_read_queue(const char *format, const char *text, struct batch_table *out)
{
    char kinds[COLUMNS_MAX];
    read_rows(kinds, read_format(format, '|', kinds, COLUMNS_MAX), text, out);
}

void slurm_read_account(const char *format, const char *text, struct batch_table *out)
{
    char kinds[COLUMNS_MAX];
    read_rows(kinds, read_format(format, ',', kinds, COLUMNS_MAX), text, out);
}
