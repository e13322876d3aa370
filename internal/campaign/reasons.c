/* reasons.c - the words of the plan; see reasons.h. */
#include "campaign/reasons.h"

#include <stddef.h>

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
