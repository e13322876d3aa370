/* judge.h - what became of an attempt: its own records × the scheduler's row × its lease → news. Pure.
 *
 * Who is believed (FACILITY 6.7): the end record; then the scheduler's accounting; then its queue. The scheduler's word alone is no
 * success when the script left a begin record and no end, and what the scheduler says is running is never lost.
 */
#ifndef XFELX_CYCLE_JUDGE_H
#define XFELX_CYCLE_JUDGE_H

#include "base/base.h"
#include "batch/batch.h"
#include "store/store.h"

/* What is known of an attempt.
 *
 * begin, end   its records; NULL: not there
 * job          the scheduler's row; NULL: it knows none
 * asked        the scheduler answered: that there is no row means something
 */
struct judged {
    const struct store_attempt *attempt;
    const struct batch_record *begin, *end;
    const struct batch_job *job;
    bool asked;
};

/* What is new about it. false: nothing. grace: submit.grace; texts of *out are those of what was given, or constant. */
bool judge(const struct judged *x, int64_t now, int64_t grace, struct store_news *out);

/* A job that stood between call and answer, after its name was looked up: rows found (n = 0: none). adopt: the row that is ours now,
 * in *out its id; the others are to be cancelled. No row for FIND_SECONDS (or grace, where
 * that is less): the attempt is over as if it had never been. */
enum { FIND_SECONDS = 30 };
bool judge_found(const struct store_attempt *a, const struct batch_job *rows, size_t n, int64_t now,
                 int64_t grace, size_t *adopt, struct store_news *out);

#endif
