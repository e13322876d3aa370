/* record.c - begin and end records that job scripts leave (STORE 8): key=value lines behind a word and a version. */
#include "batch/text.h"

#include <string.h>

static void take_pair(struct batch_record *r, struct piece key, struct piece value)
{
    if (piece_is(key, "attempt"))
        r->attempt = piece_int(value, 0);
    else if (piece_is(key, "t"))
        r->t = piece_time(value);
    else if (piece_is(key, "host"))
        piece_copy(value, r->host, sizeof r->host);
    else if (piece_is(key, "sched_id"))
        piece_copy(value, r->sched_id, sizeof r->sched_id);
    else if (piece_is(key, "deadline"))
        r->deadline = piece_int(value, 0);
    else if (piece_is(key, "exit"))
        r->exit_code = (int)piece_int(value, 0);
    else if (piece_is(key, "signal"))
        r->exit_signal = (int)piece_int(value, 0);
    else if (piece_is(key, "step"))
        piece_copy(value, r->step, sizeof r->step);
    else if (piece_is(key, "last"))
        piece_copy(value, r->last, sizeof r->last);
}

bool batch_read_record(const char *text, size_t n, bool end, struct batch_record *out, struct error *err)
{
    const char *word = end ? "xfelx-end " : "xfelx-begin ";
    struct piece rest = {text, n}, line, key;
    *out = (struct batch_record){0};
    if (!n || memchr(text, 0, n) || !take_field(&rest, '\n', &line) || !piece_starts(line, word))
        return error_set(err, ERROR_DAMAGED, "a job record does not begin with \"%s1\"", word);
    int64_t version = piece_int((struct piece){line.at + strlen(word), line.n - strlen(word)}, 0);
    if (version != 1)
        return error_set(err, ERROR_UNSUPPORTED, "a job record has version %lld, and this program knows 1",
                         (long long)version);
    while (take_field(&rest, '\n', &line)) {
        struct piece value = line;
        if (take_field(&value, '=', &key) && value.at)
            take_pair(out, key, value);
    }
    return out->attempt > 0 || error_set(err, ERROR_DAMAGED, "a job record names no attempt");
}
