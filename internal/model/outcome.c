/* outcome.c - words and texts of the two tables of outcome.h.
 *
 * Numbers have gaps (they are stored for ever), so the tables are indexed by number and an empty row means
 * "none".
 */
#include "model/outcome.h"

struct word {
    const char *word, *help, *say;
};

#define X(name, number, text, say_text, long_text) [number] = {text, long_text, say_text},
static const struct word outcomes[OUTCOME_END] = {OUTCOME_TABLE(X)};
#undef X
#define X(name, number, text, long_text) [number] = {text, long_text, long_text},
static const struct word reasons[REASON_END] = {REASON_TABLE(X)};
#undef X

static const struct word *word_find(const struct word *table, size_t n, size_t number)
{
    static const struct word none = {"?", "?", "?"};
    return number < n && table[number].word ? &table[number] : &none;
}

const char *outcome_word(enum outcome o)
{
    return word_find(outcomes, OUTCOME_END, (size_t)o)->word;
}

const char *outcome_say(enum outcome o)
{
    return word_find(outcomes, OUTCOME_END, (size_t)o)->say;
}

const char *outcome_help(enum outcome o)
{
    return word_find(outcomes, OUTCOME_END, (size_t)o)->help;
}

const char *reason_word(enum reason r)
{
    return word_find(reasons, REASON_END, (size_t)r)->word;
}

const char *reason_help(enum reason r)
{
    return word_find(reasons, REASON_END, (size_t)r)->help;
}

bool outcome_is_hit(enum outcome o)
{
    return o == OUTCOME_HIT_NOT_INDEXED || outcome_is_indexed(o);
}

bool outcome_is_indexed(enum outcome o)
{
    return o == OUTCOME_INDEXED_NOT_INTEGRATED || o == OUTCOME_INTEGRATED;
}

bool reason_is_retried(enum reason r)
{
    return r == REASON_IO || r == REASON_TIMEOUT || r == REASON_FAULT || r == REASON_CRASH;
}

enum reason reason_of_error(enum error_code code)
{
    /* The codes of inputs carry the numbers of the reasons (error.h). */
    bool input = code >= ERROR_UNREADABLE && code <= ERROR_MASK && reasons[code].word;
    return input ? (enum reason)code : REASON_INTERNAL;
}
