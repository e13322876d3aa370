/* reasons.c - the words of the plan; see reasons.h. */
#include "campaign/reasons.h"

#include <stddef.h>
#include <string.h>

const char *action_word(int action)
{
#define X(name, number, word, text) [number] = (word),
    static const char *const words[] = {ACTION_TABLE(X)};
#undef X
    return action > 0 && action < ACTION_END ? words[action] : "?";
}

const struct reason_row *reason_row(int reason)
{
#define X(name, number, action, word, text) [number] = {number, word, text, ACTION_##action},
    static const struct reason_row rows[] = {[0] = {0, "?", "", ACTION_NONE}, WHY_TABLE(X)};
#undef X
    return &rows[reason > 0 && reason < WHY_END ? reason : 0];
}

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
