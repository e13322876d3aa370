/* resume.c - what is still to be done; see resume.h. */
#include "parallel/resume.h"

#include <stdio.h>
#include <string.h>

enum { TRIES_MAX = 2, LOST_A_TRY = 2 };

enum resume_next resume_next(const struct resume_tries *t)
{
    if (t->failed + t->crashed + t->lost / LOST_A_TRY >= TRIES_MAX)
        return RESUME_FAIL;
    return t->failed || t->crashed || t->lost ? RESUME_AGAIN : RESUME_FRESH;
}

/* Tries of the frames of a list, those that were in hand when a process died. */
struct deaths {
    uint8_t *crashed, *lost; /* [n_frames] of the list; stop at 255 */
};

static void add(uint8_t *count)
{
    *count = (uint8_t)(*count + (*count < UINT8_MAX));
}

static void count_deaths(const struct journal_reader *r, const struct source_list *l, struct deaths *d)
{
    struct journal_busy busy[JOURNAL_SLOTS];
    size_t n = journal_ended(r) || journal_is_written(r) ? 0 : journal_busy(r, busy);
    for (size_t i = 0; i < n; i++) {
        if (busy[i].source >= l->n_sources || busy[i].frame >= l->sources[busy[i].source].n_frames)
            continue;
        uint64_t frame = l->sources[busy[i].source].first + busy[i].frame;
        add((busy[i].crashed ? d->crashed : d->lost) + frame);
    }
}

bool resume_same_sources(const struct journal_reader *r, const struct source_list *l, struct error *err)
{
    size_t n;
    const char *const *paths = journal_sources(r, &n);
    for (size_t i = 0; i < n; i++)
        if (i >= l->n_sources || strcmp(paths[i], l->sources[i].recorded) != 0)
            return error_set(err, ERROR_USAGE,
                             "%s holds results of other files, or of these in another order",
                             journal_path(r)),
                   error_hint(err, "give the same command again, or another output.output_dir");
    return true;
}

static void count_done(struct team_progress *p, const struct journals_frame *f)
{
    struct result r = {.outcome = (enum outcome)f->outcome, .n_lattices = f->n_lattices};
    team_count(p, &r);
}

static void sort_out(const struct journals_frame *found, size_t n_found, const struct deaths *d,
                     const struct source_list *l, const uint64_t *frames, uint64_t n, struct resume *out)
{
    size_t at = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t number = 0;
        while (at < n_found && (number = l->sources[found[at].source].first + found[at].frame) < frames[i])
            at++;
        bool known = at < n_found && number == frames[i];
        if (known && found[at].final) {
            count_done(&out->done, found + at);
            continue;
        }
        struct resume_tries t = {known, d->crashed[frames[i]], d->lost[frames[i]]};
        enum resume_next next = resume_next(&t);
        if (next == RESUME_FRESH)
            out->fresh[out->n_fresh++] = frames[i];
        else if (next == RESUME_AGAIN)
            out->again[out->n_again++] = frames[i];
        else
            out->failed[out->n_failed++] = frames[i];
    }
}

bool resume_make(struct journals *j, const struct source_list *l, const uint64_t *frames, uint64_t n,
                 struct arena *a, struct resume *out, struct error *err)
{
    size_t n_found = 0, n_journals = j ? journals_count(j) : 0;
    const struct journals_frame *found = j ? journals_frames(j, &n_found) : NULL;
    struct deaths d = {arena_alloc(a, (size_t)l->n_frames + 1), arena_alloc(a, (size_t)l->n_frames + 1)};
    *out = (struct resume){.done = {.total = n}};
    out->fresh = arena_array(a, (size_t)n + 1, sizeof *out->fresh);
    out->again = arena_array(a, (size_t)n + 1, sizeof *out->again);
    out->failed = arena_array(a, (size_t)n + 1, sizeof *out->failed);
    for (size_t i = 0; i < n_journals; i++) {
        const struct journal_reader *r = journals_reader(j, i);
        if (!resume_same_sources(r, l, err))
            return false;
        count_deaths(r, l, &d);
    }
    for (size_t i = 0; i < n_found; i++)
        if (found[i].source >= l->n_sources || found[i].frame >= l->sources[found[i].source].n_frames)
            return error_set(err, ERROR_USAGE,
                             "the journals hold frame %u of source %u, which is not in the list",
                             found[i].frame, found[i].source),
                   error_hint(err, "files must not shrink between attempts; give another output.output_dir");
    sort_out(found, n_found, &d, l, frames, n, out);
    return true;
}

void resume_result(const struct source_list *l, uint64_t frame, struct result *out)
{
    *out = (struct result){.outcome = OUTCOME_FAILED, .reason = REASON_CRASH, .t_done = clock_now()};
    source_list_at(l, frame, &out->id.source, &out->id.frame);
    out->id.path = l->sources[out->id.source].recorded;
    out->id.single = !l->sources[out->id.source].container;
    snprintf(out->message, sizeof out->message, "the process died on it in every attempt");
}
