/* words.c - the words of the state tables; see words.h. */
#include "base/words.h"

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
