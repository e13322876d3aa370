/* judge.c - see judge.h. One question after the other, the most trustworthy witness first. */
#include "cycle/judge.h"

#include <signal.h>
#include <string.h>

static const int64_t second = 1000000000;

enum { UNFINISHED = 75, NOT_EXECUTABLE = 126, NOT_FOUND = 127, SIGNALS = 128, COPY_FAILED = 74 };

/* Words in an end that say what kind of failure to start it was. */
static bool passes(const char *text)
{
    static const char *const words[] = {"Resource temporarily unavailable",
                                        "Stale file handle",
                                        "Input/output error",
                                        "Connection timed out",
                                        "Connection refused",
                                        "Text file busy"};
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (strstr(text, words[i]))
            return true;
    return false;
}

static enum end_kind end_of_code(int code)
{
    return code == 0                                     ? END_OK
           : code == UNFINISHED                          ? END_UNFINISHED
           : code == NOT_EXECUTABLE || code == NOT_FOUND ? END_LAUNCH
           : code > SIGNALS                              ? END_SIGNAL
                                                         : END_EXIT;
}

/* Ends of which the scheduler knows the cause and the script only the effect. */
static bool tells_cause(enum end_kind kind)
{
    return kind == END_TIMEOUT || kind == END_MEMORY || kind == END_NODE || kind == END_PREEMPTED ||
           kind == END_CANCELLED || kind == END_DEADLINE;
}

static void ended(struct store_news *out, enum end_kind kind, const char *reason)
{
    out->state = ATTEMPT_ENDED;
    out->end = kind;
    if (reason && *reason)
        out->reason = reason;
}

static void take_begin(const struct judged *x, struct store_news *out)
{
    if (!x->begin)
        return;
    if (!x->attempt->start_t)
        out->start_t = x->begin->t;
    if (!x->attempt->host[0])
        out->host = x->begin->host;
    if (!x->attempt->sched_id[0] && x->begin->sched_id[0])
        out->sched_id = x->begin->sched_id;
}

/* What was still missing has been waited for. */
static bool has_waited(const struct judged *x, int64_t now, int64_t grace)
{
    return x->attempt->state == ATTEMPT_ENDING && now - x->attempt->since_t >= grace;
}

/* Ended by a signal, its own or one that the script passed on: who sent it, and why, the scheduler knows. */
static bool was_told(const struct batch_record *r, enum end_kind kind)
{
    return kind == END_SIGNAL || ((kind == END_UNFINISHED || kind == END_EXIT) &&
                                  (r->exit_signal == SIGTERM || r->exit_signal == SIGINT));
}

/* The script says how it ended; the scheduler, when it knows better why. A job that others cancelled would be tried again if the
 * scheduler's word, which may come later than the record, were not waited for. */
static void by_record(const struct judged *x, int64_t now, int64_t grace, struct store_news *out)
{
    const struct batch_record *r = x->end;
    bool scheduler = x->job && x->job->state == ATTEMPT_ENDED;
    enum end_kind kind = end_of_code(r->exit_code);
    if (x->job && !scheduler && was_told(r, kind) && !has_waited(x, now, grace)) {
        out->state = ATTEMPT_ENDING;
        return;
    }
    if (kind == END_EXIT && strcmp(r->step, "copy") == 0)
        kind = END_LAUNCH;
    if (kind == END_OK && scheduler && (x->job->end == END_EXIT || x->job->end == END_SIGNAL)) {
        ended(out, x->job->end, "a step failed although the script ended well");
        out->exit_code = x->job->exit_code, out->exit_signal = x->job->exit_signal;
        out->end_t = r->t;
        return;
    }
    if ((kind == END_EXIT || kind == END_SIGNAL) && scheduler && tells_cause(x->job->end))
        kind = x->job->end;
    if (kind == END_UNFINISHED && scheduler && x->job->end == END_CANCELLED)
        kind = END_CANCELLED; /* it stopped in good order, and is not to go on */
    ended(out, kind, kind == END_OK ? "" : r->last[0] ? r->last : scheduler ? x->job->reason : "");
    out->exit_code = kind == END_SIGNAL ? -1 : r->exit_code;
    out->exit_signal = kind == END_SIGNAL ? r->exit_code - SIGNALS : r->exit_signal ? r->exit_signal : -1;
    out->end_t = r->t;
    out->transient = kind == END_LAUNCH && (r->exit_code == COPY_FAILED || passes(r->last));
    out->outputs = kind == END_OK;
}

/* The scheduler says that it is over, and there is no end record. It may still come: file systems show it up to a minute late. */
static void by_scheduler(const struct judged *x, int64_t now, int64_t grace, struct store_news *out)
{
    const struct batch_job *j = x->job;
    bool waited = has_waited(x, now, grace);
    bool sure = tells_cause(j->end) || (j->end == END_LAUNCH && !x->begin);
    if (!sure && !waited) {
        out->state = ATTEMPT_ENDING;
        return;
    }
    enum end_kind kind = j->end;
    if (kind == END_NONE || (kind == END_OK && x->begin) || (kind == END_LAUNCH && x->begin))
        kind = x->begin ? END_NODE
                        : END_LAUNCH; /* the script began, and was killed before it could write its end */
    ended(out, kind,
          j->reason[0]         ? j->reason
          : kind == END_NODE   ? "killed without a word"
          : kind == END_LAUNCH ? "it never began"
                               : "");
    out->exit_code = j->exit_code, out->exit_signal = j->exit_signal;
    out->end_t = j->end_t ? j->end_t : now;
    out->transient = kind == END_LAUNCH && passes(j->reason);
    out->outputs = kind == END_OK;
}

static void by_queue(const struct judged *x, struct store_news *out)
{
    const struct batch_job *j = x->job;
    enum attempt_state state = j->state;
    if (state == ATTEMPT_UNKNOWN) { /* a word we do not know: as it was, and people see the word */
        state = x->attempt->state == ATTEMPT_UNKNOWN || x->attempt->state < ATTEMPT_QUEUED
                    ? ATTEMPT_QUEUED
                    : x->attempt->state;
    }
    bool again = j->end == END_REQUEUED;
    if (state == ATTEMPT_QUEUED && !again && (x->begin || x->attempt->alive))
        state = ATTEMPT_RUNNING; /* queues lag behind */
    out->state = state;
    out->reason = j->reason;
    if (j->start_t && !out->start_t && !x->attempt->start_t && state != ATTEMPT_QUEUED &&
        state != ATTEMPT_BLOCKED)
        out->start_t = j->start_t;
}

/* Nobody knows of it. A process that holds its lease lives; else it is unknown for a while, then lost. */
static void by_nobody(const struct judged *x, int64_t now, int64_t grace, struct store_news *out)
{
    const struct store_attempt *a = x->attempt;
    if (a->alive || a->lease_t > now) {
        out->state = ATTEMPT_RUNNING;
        return;
    }
    if (a->state == ATTEMPT_UNKNOWN && now - a->since_t >= grace) {
        out->state = ATTEMPT_LOST;
        out->end = END_NODE;
        out->end_t = now;
        out->reason = x->begin ? "it began, and neither it nor the scheduler knows how it ended"
                               : "the scheduler does not know it any more, and it never began";
        return;
    }
    out->state = ATTEMPT_UNKNOWN;
}

static bool same_text(const char *a, const char *b)
{
    return !a || strcmp(a, b ? b : "") == 0;
}

/* Does the store not know all of this already? */
static bool is_new(const struct store_attempt *a, const struct store_news *n)
{
    return (n->state && n->state != a->state) || (n->start_t && n->start_t != a->start_t) ||
           !same_text(n->raw, a->raw) || !same_text(n->reason, a->reason) || !same_text(n->host, a->host) ||
           !same_text(n->sched_id, a->sched_id);
}

/* A second batch job of one claim finds the attempt taken and ends well at once: its record is not that of the one at work. */
static bool is_of_a_double(const struct judged *x)
{
    return x->end && x->end->exit_code == 0 && x->attempt->alive && x->job &&
           x->job->state == ATTEMPT_RUNNING;
}

bool judge(const struct judged *x, int64_t now, int64_t grace, struct store_news *out)
{
    *out = (struct store_news){.attempt = x->attempt->attempt, .exit_code = -1, .exit_signal = -1};
    if (x->job && x->job->raw[0])
        out->raw = x->job->raw;
    take_begin(x, out);
    if (x->end && !is_of_a_double(x))
        by_record(x, now, grace, out);
    else if (x->job && x->job->state == ATTEMPT_ENDED)
        by_scheduler(x, now, grace, out);
    else if (x->job)
        by_queue(x, out);
    else if (x->begin && x->attempt->state < ATTEMPT_STARTING)
        out->state = ATTEMPT_RUNNING;
    else if (x->asked)
        by_nobody(x, now, grace, out);
    if (out->state == ATTEMPT_ENDED && x->attempt->cancel_asked && out->end != END_OK)
        out->end = END_CANCELLED;
    return is_new(x->attempt, out);
}

/* A claim that never came to the scheduler, or a submission that never arrived: as if it had not been. */
static void never_was(const struct store_attempt *a, int64_t now, const char *why, struct store_news *out)
{
    *out = (struct store_news){.attempt = a->attempt, .exit_code = -1, .exit_signal = -1};
    ended(out, a->cancel_asked ? END_CANCELLED : END_SUPERSEDED, why);
    out->end_t = now;
}

bool judge_found(const struct store_attempt *a, const struct batch_job *rows, size_t n, int64_t now,
                 int64_t grace, size_t *adopt, struct store_news *out)
{
    int64_t called = a->submit_t ? a->submit_t : a->since_t;
    *adopt = n;
    if (n == 0) {
        if (now - called < (grace < FIND_SECONDS * second ? grace : FIND_SECONDS * second))
            return false;
        never_was(a, now, "the scheduler knows no job of its name: its submission never arrived", out);
        return true;
    }
    *adopt = 0;
    for (size_t i = 1; i < n; i++) /* the oldest: the one that a waiting shell was answered with */
        if (rows[i].submit_t < rows[*adopt].submit_t ||
            (rows[i].submit_t == rows[*adopt].submit_t && strcmp(rows[i].id, rows[*adopt].id) < 0))
            *adopt = i;
    const struct judged x = {.attempt = a, .job = &rows[*adopt], .asked = true};
    judge(&x, now, 0, out);
    out->sched_id = rows[*adopt].id;
    if (out->state == ATTEMPT_ENDED) /* its end is judged like any other's, in the next cycle */
        out->state = ATTEMPT_ENDING, out->end = END_NONE;
    return true;
}
