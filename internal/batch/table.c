/* table.c - rows of a status query, and how answers without an id are judged. */
#include "batch/text.h"

#include <string.h>

struct batch_job *batch_table_add(struct batch_table *t)
{
    t->jobs = arena_grow(t->arena, t->jobs, t->n, sizeof *t->jobs);
    struct batch_job *job = &t->jobs[t->n++];
    *job = (struct batch_job){.task = -1, .state = ATTEMPT_UNKNOWN};
    return job;
}

const struct batch_job *batch_table_find(const struct batch_table *t, const char *id)
{
    for (size_t i = t->n; i-- > 0;)
        if (!strcmp(t->jobs[i].id, id))
            return &t->jobs[i];
    return NULL;
}

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool holds(const char *text, const char *words)
{
    for (; *text; text++) {
        size_t i = 0;
        while (words[i] && small(text[i]) == small(words[i]))
            i++;
        if (!words[i])
            return true;
    }
    return false;
}

enum batch_verdict batch_judge(const struct batch_text *texts, int exit_code, const char *output)
{
    for (; texts->words; texts++)
        if (holds(output, texts->words))
            return texts->verdict;
    return exit_code > 0 ? BATCH_REFUSED : BATCH_UNCLEAR;
}
