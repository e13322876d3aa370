/* text.c - small steps that readers share. */
#include "batch/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

bool take_line(const char **text, struct piece *line)
{
    if (!**text)
        return false;
    const char *end = strchr(*text, '\n');
    *line = (struct piece){*text, end ? (size_t)(end - *text) : strlen(*text)};
    *text += line->n + (end != NULL);
    if (line->n && line->at[line->n - 1] == '\r')
        line->n--;
    return true;
}

bool take_field(struct piece *rest, char cut, struct piece *field)
{
    if (!rest->at)
        return false;
    const char *end = rest->n ? memchr(rest->at, cut, rest->n) : NULL;
    *field = (struct piece){rest->at, end ? (size_t)(end - rest->at) : rest->n};
    *rest = end ? (struct piece){end + 1, rest->n - field->n - 1} : (struct piece){0};
    return true;
}

struct piece trim(struct piece p)
{
    while (p.n && (*p.at == ' ' || *p.at == '\t'))
        p.at++, p.n--;
    while (p.n && (p.at[p.n - 1] == ' ' || p.at[p.n - 1] == '\t'))
        p.n--;
    return p;
}

bool piece_is(struct piece p, const char *word)
{
    return p.n == strlen(word) && !memcmp(p.at, word, p.n);
}

bool piece_starts(struct piece p, const char *word)
{
    size_t n = strlen(word);
    return p.n >= n && !memcmp(p.at, word, n);
}

void piece_copy(struct piece p, char *out, size_t size)
{
    size_t n = p.n < size - 1 ? p.n : size - 1;
    if (n)
        memcpy(out, p.at, n);
    out[n] = 0;
}

int64_t piece_int(struct piece p, int64_t otherwise)
{
    char text[24], *end;
    piece_copy(trim(p), text, sizeof text);
    long long value = strtoll(text, &end, 10);
    return end == text ? otherwise : value;
}

/* Seconds since 1970 in ns; 0, "not said", for what no time of a job can be. */
static int64_t in_ns(int64_t seconds)
{
    return seconds > 0 && seconds < INT64_MAX / 1000000000 ? seconds * 1000000000 : 0;
}

static int64_t local_time(struct tm *t)
{
    t->tm_isdst = -1;
    return in_ns(mktime(t));
}

int64_t piece_time(struct piece p)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%a %b %d %H:%M:%S %Y", "%b %d %H:%M:%S %Y"};
    char text[40];
    int64_t seconds;
    piece_copy(trim(p), text, sizeof text);
    if (str_to_i64(text, &seconds))
        return in_ns(seconds);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm t = {0};
        const char *end = strptime(text, forms[i], &t);
        if (end && !*end)
            return local_time(&t);
    }
    return 0;
}

void set_state(struct batch_job *job, const struct state_word *table, struct piece word)
{
    piece_copy(word, job->raw, sizeof job->raw);
    for (; table->word; table++)
        if (piece_is(word, table->word)) {
            job->state = table->state;
            job->end = table->end;
            return;
        }
}

void set_exit(struct batch_job *job, int code)
{
    job->exit_code = code;
    job->exit_signal = code > 128 && code < 193 ? code - 128 : 0;
    job->end = code == 0 ? END_OK : code == 75 ? END_UNFINISHED : job->exit_signal ? END_SIGNAL : END_EXIT;
}
