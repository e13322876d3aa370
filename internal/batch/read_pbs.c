/* read_pbs.c - qstat of PBS Professional and OpenPBS (FACILITY 6.4).
 *
 * The server guesses the types of JSON values and does not always print valid JSON: a value is taken from a string, a number or a
 * word alike, and a document that a strict reader refuses is read line by line for the few names that matter. */
#include "batch/text.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

const struct batch_text pbs_texts[] = {
    {"would exceed", BATCH_LIMIT},
    {"Maximum number of jobs", BATCH_LIMIT},
    {"errno=111", BATCH_UNCLEAR},
    {"errno=15033", BATCH_UNCLEAR},
    {"Communication failure", BATCH_UNCLEAR},
    {"Server could not connect to MOM", BATCH_UNCLEAR},
    {"cannot connect to server", BATCH_UNCLEAR},
    {"Connection refused", BATCH_UNCLEAR},
    {0},
};

static const struct state_word states[] = {
    {"Q", ATTEMPT_QUEUED, 0},
    {"H", ATTEMPT_QUEUED, 0},
    {"W", ATTEMPT_QUEUED, 0},
    {"T", ATTEMPT_QUEUED, 0},
    {"B", ATTEMPT_RUNNING, 0},
    {"R", ATTEMPT_RUNNING, 0},
    {"E", ATTEMPT_ENDING, 0},
    {"S", ATTEMPT_SUSPENDED, 0},
    {"U", ATTEMPT_SUSPENDED, 0},
    {"M", ATTEMPT_UNKNOWN, 0},
    {"F", ATTEMPT_ENDED, 0},
    {"X", ATTEMPT_ENDED, 0},
    {0},
};

/* A number, a dot, a server: the first word of that form. */
bool pbs_read_id(const char *text, char *id, size_t size)
{
    struct piece line;
    bool found = false;
    while (take_line(&text, &line)) {
        struct piece word = trim(line);
        size_t n = 0;
        while (n < word.n &&
               ((word.at[n] >= '0' && word.at[n] <= '9') || word.at[n] == '[' || word.at[n] == ']'))
            n++;
        if (n && n < word.n && word.at[n] == '.' && !memchr(word.at, ' ', word.n)) {
            piece_copy(word, id, size);
            found = true;
        }
    }
    return found;
}

/* Negative numbers are the server's own (FACILITY 6.4). */
static void read_exit(struct batch_job *job, int64_t code)
{
    static const struct {
        int from, to;
        enum end_kind end;
    } negative[] = {{-2, -1, END_LAUNCH},   {-3, -3, END_NODE},   {-6, -4, END_NODE},
                    {-10, -10, END_LAUNCH}, {-11, -11, END_NODE}, {-27, -26, END_MEMORY},
                    {-29, -28, END_TIMEOUT}};
    job->exit_code = (int)code;
    if (code >= 256) { /* 256 + signal, 128 + signal through a shell */
        int number = (int)(code - 256) % 128;
        job->exit_signal = number;
        job->end = END_SIGNAL;
    } else if (code >= 0) {
        set_exit(job, (int)code);
    } else {
        job->end = END_OTHER;
        for (size_t i = 0; i < sizeof negative / sizeof *negative; i++)
            if (code >= negative[i].from && code <= negative[i].to)
                job->end = negative[i].end;
    }
}

/* What a job's attributes say, before they are put together. */
struct attributes {
    struct batch_job *job;
    bool has_exit, held_by_person;
    char holds[8];
    int64_t exit_status;
    int64_t substate;
};

enum { SUBSTATE_STARTING = 41, SUBSTATE_DELETED = 91 };

/* Held by the server itself after 21 starts that failed: it will not try again. */
static const char too_many_starts[] = "too many failed attempts";

static void take_attribute(struct attributes *a, struct piece key, struct piece value)
{
    struct batch_job *job = a->job;
    if (piece_is(key, "job_state")) {
        set_state(job, states, value);
    } else if (piece_is(key, "Exit_status")) {
        a->exit_status = piece_int(value, 0);
        a->has_exit = value.n > 0;
    } else if (piece_is(key, "comment")) {
        piece_copy(value, job->reason, sizeof job->reason);
    } else if (piece_is(key, "Job_Name")) {
        piece_copy(value, job->name, sizeof job->name);
    } else if (piece_is(key, "Hold_Types")) {
        piece_copy(value, a->holds, sizeof a->holds);
        for (size_t i = 0; i < value.n; i++)
            a->held_by_person |= strchr("uop", value.at[i]) != NULL;
    } else if (piece_is(key, "substate")) {
        a->substate = piece_int(value, 0);
    } else if (piece_is(key, "run_count")) {
        int64_t count = piece_int(value, 1);
        job->restarts = (int32_t)(count > 1 && count < INT32_MAX ? count - 1 : 0);
    } else if (piece_is(key, "qtime") || piece_is(key, "ctime")) {
        job->submit_t = job->submit_t ? job->submit_t : piece_time(value);
    } else if (piece_is(key, "stime")) {
        job->start_t = piece_time(value);
    } else if (piece_is(key, "obittime")) {
        job->end_t = piece_time(value);
    }
}

static void put_together(struct attributes *a)
{
    struct batch_job *job = a->job;
    if (!job)
        return;
    if (!strcmp(job->raw, "H") && (a->held_by_person || strstr(job->reason, too_many_starts)))
        job->state = ATTEMPT_BLOCKED;
    if (job->state == ATTEMPT_BLOCKED && !job->reason[0])
        snprintf(job->reason, sizeof job->reason, "held (Hold_Types %s)", a->holds);
    if (job->state == ATTEMPT_RUNNING && a->substate == SUBSTATE_STARTING)
        job->state = ATTEMPT_STARTING;
    if (job->state == ATTEMPT_ENDED && a->has_exit)
        read_exit(job, a->exit_status);
    /* time limits and nodes have numbers of their own: TERM is qdel's */
    bool told = job->end == END_SIGNAL && job->exit_signal == SIGTERM;
    if (job->state == ATTEMPT_ENDED && (told || a->substate == SUBSTATE_DELETED))
        job->end = END_CANCELLED;
}

/* ---- JSON, as it should be ---- */

static void take_member(struct attributes *a, const struct json *member)
{
    const char *text = json_text(member), *key = json_key(member);
    char number[32];
    double value;
    if (!text && json_number(member, &value)) {
        snprintf(number, sizeof number, "%.15g", value);
        text = number;
    }
    if (text && key)
        take_attribute(a, (struct piece){key, strlen(key)}, (struct piece){text, strlen(text)});
}

static bool read_strict(const char *text, size_t n, struct batch_table *out)
{
    struct error err = {0};
    struct json *root = json_parse(text, n, "qstat", &err);
    if (!root)
        return false;
    for (const struct json *j = json_first(json_get(root, "Jobs")); j; j = json_next(j)) {
        struct attributes a = {.job = batch_table_add(out)};
        snprintf(a.job->id, sizeof a.job->id, "%s", json_key(j) ? json_key(j) : "");
        for (const struct json *m = json_first(j); m; m = json_next(m))
            take_member(&a, m);
        put_together(&a);
    }
    json_free(root);
    return true;
}

/* ---- JSON, as it comes: a line is `"name": value,`, and a job begins with `"123.server": {` ---- */

static bool split_member(struct piece line, struct piece *key, struct piece *value)
{
    line = trim(line);
    if (!line.n || *line.at != '"')
        return false;
    const char *end = memchr(line.at + 1, '"', line.n - 1);
    if (!end)
        return false;
    *key = (struct piece){line.at + 1, (size_t)(end - line.at) - 1};
    struct piece rest = trim((struct piece){end + 1, line.n - key->n - 2});
    if (!rest.n || *rest.at != ':')
        return false;
    *value = trim((struct piece){rest.at + 1, rest.n - 1});
    if (value->n && value->at[value->n - 1] == ',')
        value->n--;
    if (value->n >= 2 && *value->at == '"' && value->at[value->n - 1] == '"')
        *value = (struct piece){value->at + 1, value->n - 2};
    return true;
}

static bool is_job_key(struct piece key)
{
    return key.n && key.at[0] >= '0' && key.at[0] <= '9' && memchr(key.at, '.', key.n);
}

static void read_tolerant(const char *text, struct batch_table *out)
{
    struct attributes a = {0};
    struct piece line, key, value;
    int depth = 0; /* inside a job: of nested objects, whose names may be anything */
    while (take_line(&text, &line)) {
        struct piece bare = trim(line);
        bool opens = bare.n && bare.at[bare.n - 1] == '{', closes = bare.n && *bare.at == '}';
        bool member = split_member(line, &key, &value);
        if (member && opens && is_job_key(key)) {
            put_together(&a);
            a = (struct attributes){.job = batch_table_add(out)};
            piece_copy(key, a.job->id, sizeof a.job->id);
            depth = 0;
        } else if (opens) {
            depth++;
        } else if (closes) {
            depth -= depth > 0;
        } else if (member && a.job && depth == 0) {
            take_attribute(&a, key, value);
        }
    }
    put_together(&a);
}

void pbs_read_json(const char *text, size_t n, struct batch_table *out)
{
    if (!read_strict(text, n, out))
        read_tolerant(text, out);
}

/* ---- the full text form: "Job Id: …", then "    name = value"; a tab continues a value ---- */

void pbs_read_full(const char *text, struct batch_table *out)
{
    struct attributes a = {0};
    struct piece line;
    while (take_line(&text, &line)) {
        if (piece_starts(line, "Job Id:")) {
            put_together(&a);
            a = (struct attributes){.job = batch_table_add(out)};
            piece_copy(trim((struct piece){line.at + 7, line.n - 7}), a.job->id, sizeof a.job->id);
            continue;
        }
        struct piece rest = line, key;
        if (!a.job || !line.n || *line.at == '\t' || !take_field(&rest, '=', &key) || !rest.at)
            continue;
        take_attribute(&a, trim(key), trim(rest));
    }
    put_together(&a);
}
