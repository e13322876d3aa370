/* words.c - the words of the state tables; see words.h. */
#include "base/words.h"

#include <string.h>

#define X(name, number, word, text)                                                                          \
    case number:                                                                                             \
        return word;

const char *run_state_word(int state)
{
    switch (state) {
        RUN_STATE_TABLE(X)
    default:
        return "?";
    }
}

const char *job_state_word(int state)
{
    switch (state) {
        JOB_STATE_TABLE(X)
    default:
        return "?";
    }
}

const char *attempt_state_word(int state)
{
    switch (state) {
        ATTEMPT_STATE_TABLE(X)
    default:
        return "?";
    }
}

const char *end_kind_word(int kind)
{
    switch (kind) {
        END_KIND_TABLE(X)
    default:
        return "?";
    }
}

#undef X

const struct task_kind_row *task_kind_row(int kind)
{
#define X(name, number, word, dataset, text) [number] = {number, word, text, dataset},
    static const struct task_kind_row rows[] = {[0] = {0, "?", "", false}, TASK_KIND_TABLE(X)};
#undef X
    return &rows[kind > 0 && kind < TASK_KIND_END ? kind : 0];
}

int task_kind_find(const char *word)
{
    for (int kind = 1; kind < TASK_KIND_END; kind++)
        if (strcmp(task_kind_row(kind)->word, word) == 0)
            return kind;
    return 0;
}
