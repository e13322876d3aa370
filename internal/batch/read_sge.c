/* read_sge.c - qstat -xml, qacct and qsub (FACILITY 6.3; captured from Grid Engine 8.1.9).
 *
 * The XML is a list of job_list elements with one text in each child: a scanner for these suffices, and does not mind what else a
 * version prints. */
#include "batch/text.h"

#include <string.h>

const struct batch_text sge_texts[] = {
    {"job rejected: Only", BATCH_LIMIT},
    {"exceed", BATCH_LIMIT},
    {"unable to send message to qmaster", BATCH_UNCLEAR},
    {"got select error", BATCH_UNCLEAR},
    {"Error reading answer list from qmaster", BATCH_UNCLEAR},
    {"failed receiving gdi request", BATCH_UNCLEAR},
    {"try again", BATCH_UNCLEAR},
    {0},
};

/* "123" or "123.1-3:1". Sites add lines of their own. */
bool sge_read_id(const char *text, char *id, size_t size)
{
    struct piece line;
    bool found = false;
    while (take_line(&text, &line)) {
        struct piece word = trim(line);
        size_t n = 0;
        while (n < word.n && word.at[n] >= '0' && word.at[n] <= '9')
            n++;
        if (n && (n == word.n || word.at[n] == '.')) {
            piece_copy((struct piece){word.at, n}, id, size);
            found = true;
        }
    }
    return found;
}

static bool has(struct piece p, char letter)
{
    return p.n && memchr(p.at, letter, p.n);
}

/* A string of letters; what matters most is asked first. */
static void read_state(struct batch_job *job, struct piece p)
{
    piece_copy(p, job->raw, sizeof job->raw);
    job->state = has(p, 'E')                                                ? ATTEMPT_BLOCKED
                 : has(p, 'd')                                              ? ATTEMPT_ENDING
                 : has(p, 'z')                                              ? ATTEMPT_ENDED
                 : has(p, 's') || has(p, 'S') || has(p, 'T') || has(p, 'N') ? ATTEMPT_SUSPENDED
                 : has(p, 't')                                              ? ATTEMPT_STARTING
                 : has(p, 'r')                                              ? ATTEMPT_RUNNING
                 : has(p, 'h')                                              ? ATTEMPT_BLOCKED
                 : has(p, 'q') || has(p, 'w')                               ? ATTEMPT_QUEUED
                                                                            : ATTEMPT_UNKNOWN;
    if (has(p, 'E'))
        piece_copy((struct piece){"error state: output path, work folder or shell", 46}, job->reason,
                   sizeof job->reason);
    else if (job->state == ATTEMPT_BLOCKED)
        piece_copy((struct piece){"held", 4}, job->reason, sizeof job->reason);
}

/* Text of an element with its entities replaced. */
static void unescape(struct piece p, char *out, size_t size)
{
    static const struct {
        const char *name;
        char c;
    } entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
    size_t n = 0;
    for (size_t i = 0; i < p.n && n + 1 < size; i++) {
        out[n] = p.at[i];
        for (size_t k = 0; p.at[i] == '&' && k < sizeof entities / sizeof *entities; k++)
            if (piece_starts((struct piece){p.at + i, p.n - i}, entities[k].name)) {
                out[n] = entities[k].c;
                i += strlen(entities[k].name) - 1;
                break;
            }
        n++;
    }
    out[n] = 0;
}

/* The text of <name>…</name> inside a stretch; false: it is not there. */
static bool element(struct piece in, const char *name, struct piece *out)
{
    size_t n = strlen(name);
    for (size_t i = 0; i + 2 * n + 5 <= in.n; i++) {
        if (in.at[i] != '<' || memcmp(in.at + i + 1, name, n) != 0 || in.at[i + 1 + n] != '>')
            continue;
        const char *from = in.at + i + n + 2, *end = memchr(from, '<', in.n - i - n - 2);
        if (!end)
            return false;
        *out = (struct piece){from, (size_t)(end - from)};
        return true;
    }
    return false;
}

void sge_read_queue(const char *xml, struct batch_table *out)
{
    const char *at = xml;
    while ((at = strstr(at, "<job_list"))) {
        const char *end = strstr(at, "</job_list>");
        if (!end)
            return; /* cut: the last job is not whole */
        struct piece in = {at, (size_t)(end - at)}, value;
        at = end;
        if (!element(in, "JB_job_number", &value))
            continue;
        struct batch_job *job = batch_table_add(out);
        piece_copy(value, job->id, sizeof job->id);
        if (element(in, "JB_name", &value))
            unescape(value, job->name, sizeof job->name);
        if (element(in, "state", &value))
            read_state(job, value);
        if (element(in, "JAT_start_time", &value))
            job->start_t = piece_time(value);
        if (element(in, "JB_submission_time", &value))
            job->submit_t = piece_time(value);
    }
}

/* "error reason          1:      11/25/2026 19:18:59 [0:32123]: error: can't open output file …": what stands behind time and owner. */
bool sge_read_error(const char *text, char *reason, size_t size)
{
    struct piece line;
    while (take_line(&text, &line)) {
        if (!piece_starts(line, "error reason"))
            continue;
        const char *colon = memchr(line.at, ':', line.n);
        struct piece rest = colon ? trim((struct piece){colon + 1, line.n - (size_t)(colon + 1 - line.at)})
                                  : (struct piece){line.at, 0};
        const char *owner = rest.n ? memchr(rest.at, ']', rest.n) : NULL;
        if (owner && (size_t)(owner - rest.at) + 2 < rest.n && owner[1] == ':')
            rest = trim((struct piece){owner + 2, rest.n - (size_t)(owner + 2 - rest.at)});
        piece_copy(rest, reason, size);
        return rest.n > 0;
    }
    return false;
}

/* ---- qacct ---- */

/* What qacct's number of a failure means; the text beside it is kept as the reason (FACILITY 6.3). */
static void read_failed(struct batch_job *job, struct piece p)
{
    int64_t code = piece_int(p, 0);
    const char *colon = p.n ? memchr(p.at, ':', p.n) : NULL;
    if (colon)
        piece_copy(trim((struct piece){colon + 1, p.n - (size_t)(colon - p.at) - 1}), job->reason,
                   sizeof job->reason);
    if (code == 25) {
        job->state = ATTEMPT_QUEUED;
        job->end = END_REQUEUED;
    } else if (code == 37) {
        job->end = END_TIMEOUT;
    } else if ((code >= 1 && code <= 11) || (code >= 26 && code <= 29)) {
        job->end = END_LAUNCH;
    } else if (code >= 12 && code <= 24) {
        job->end = END_NODE;
    } else if (code == 30) {
        job->state = ATTEMPT_BLOCKED;
        job->end = END_NONE;
    } else if (code && code != 100) {
        job->end = END_OTHER;
    }
}

static bool never_ran(const struct batch_job *job)
{
    return job->end == END_OK && job->start_t == 0;
}

static void finish(struct batch_job *job, struct piece failed, struct piece status)
{
    job->state = ATTEMPT_ENDED;
    set_exit(job, (int)piece_int(status, 0));
    read_failed(job, failed);
    if (never_ran(job)) { /* deleted by force on a dead node: it says all was well (6.3) */
        job->end = END_CANCELLED;
        piece_copy((struct piece){"no start recorded", 17}, job->reason, sizeof job->reason);
    }
}

void sge_read_account(const char *text, struct batch_table *out)
{
    struct piece line, failed = {0}, status = {0};
    struct batch_job *job = NULL;
    while (take_line(&text, &line)) {
        if (piece_starts(line, "=====")) {
            if (job)
                finish(job, failed, status);
            job = batch_table_add(out);
            failed = status = (struct piece){0};
            continue;
        }
        struct piece rest = line, key;
        if (!job || !take_field(&rest, ' ', &key))
            continue;
        struct piece value = trim(rest);
        if (piece_is(key, "jobnumber"))
            piece_copy(value, job->id, sizeof job->id);
        else if (piece_is(key, "jobname"))
            piece_copy(value, job->name, sizeof job->name);
        else if (piece_is(key, "taskid"))
            job->task = piece_int(value, -1);
        else if (piece_is(key, "qsub_time"))
            job->submit_t = piece_time(value);
        else if (piece_is(key, "start_time"))
            job->start_t = piece_time(value);
        else if (piece_is(key, "end_time"))
            job->end_t = piece_time(value);
        else if (piece_is(key, "failed"))
            failed = value;
        else if (piece_is(key, "exit_status"))
            status = value;
    }
    if (job)
        finish(job, failed, status);
}
