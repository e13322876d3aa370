/* poll.c - what became of live attempts: records, one status query a scheduler, names of submissions that were never answered.
 *
 * Only asks and stores; what the answers mean is judged in judge.c. */
#include "cycle/files.h"
#include "cycle/judge.h"
#include "cycle/merges.h"

#include <stdlib.h>
#include <string.h>

/* The attempts and what is known of each. */
struct poll {
    struct cycle *c;
    struct arena arena;
    struct store_attempt *attempts;
    size_t n, n_news;
    struct batch_record *begins, *ends;
    bool *has_begin, *has_end, *asked;
    const struct batch_job **jobs; /* the scheduler's rows */
    struct store_news *news;       /* [2 n]: one of the look, at most one more of a name that was found */
    int64_t now;
};

static void read_records(struct poll *p)
{
    p->begins = arena_array(&p->arena, p->n, sizeof *p->begins);
    p->ends = arena_array(&p->arena, p->n, sizeof *p->ends);
    p->has_begin = arena_array(&p->arena, p->n, sizeof *p->has_begin);
    p->has_end = arena_array(&p->arena, p->n, sizeof *p->has_end);
    for (size_t i = 0; i < p->n; i++) {
        int64_t id = p->attempts[i].attempt;
        p->has_begin[i] = job_record(p->c->folder, id, false, &p->begins[i]);
        p->has_end[i] = job_record(p->c->folder, id, true, &p->ends[i]);
    }
}

/* The id to ask for: the scheduler's answer, or what the job itself said. NULL: it is not known. */
static const char *id_of(const struct poll *p, size_t i)
{
    return p->attempts[i].sched_id[0]                    ? p->attempts[i].sched_id
           : p->has_begin[i] && p->begins[i].sched_id[0] ? p->begins[i].sched_id
                                                         : NULL;
}

static struct batch_site site_of(const struct cycle *c, const struct batch_ops *ops)
{
    struct batch_site site = c->site;
    site.ops = ops;
    return site;
}

/* One query for all attempts of a scheduler. */
static bool ask_scheduler(struct poll *p, const char *scheduler, struct error *err)
{
    const struct batch_ops *ops =
        strcmp(scheduler, p->c->scheduler) == 0 ? p->c->site.ops : batch_find_ops(scheduler, err);
    const char **ids = arena_array(&p->arena, p->n, sizeof *ids);
    struct batch_table table = {.arena = &p->arena};
    size_t n = 0;
    if (!ops)
        return false;
    struct batch_site site = site_of(p->c, ops);
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->attempts[i].scheduler, scheduler) == 0 && id_of(p, i))
            ids[n++] = id_of(p, i);
    if (n == 0)
        return true;
    if (!ops->status(&site, ids, n, &table, err))
        return false;
    for (size_t i = 0; i < p->n; i++) {
        if (strcmp(p->attempts[i].scheduler, scheduler) != 0 || !id_of(p, i))
            continue;
        p->asked[i] = true;
        p->jobs[i] = batch_table_find(&table, id_of(p, i));
    }
    return true;
}

/* Each scheduler once. The first error is kept; the others are asked all the same. */
static bool ask_schedulers(struct poll *p, struct error *err)
{
    bool good = true;
    p->asked = arena_array(&p->arena, p->n, sizeof *p->asked);
    p->jobs = arena_array(&p->arena, p->n, sizeof *p->jobs);
    for (size_t i = 0; i < p->n; i++) {
        struct error own = {0};
        bool first = true;
        for (size_t k = 0; k < i && first; k++)
            first = strcmp(p->attempts[k].scheduler, p->attempts[i].scheduler) != 0;
        if (!first || ask_scheduler(p, p->attempts[i].scheduler, &own))
            continue;
        if (good)
            *err = own;
        good = false;
    }
    return good;
}

static bool is_nameless(const struct poll *p, size_t i)
{
    const struct store_attempt *a = &p->attempts[i];
    return !id_of(p, i) && !p->has_end[i] &&
           (a->state == ATTEMPT_SUBMITTING || a->state == ATTEMPT_CLAIMED || a->state == ATTEMPT_UNKNOWN);
}

/* A claim of which the scheduler was never told: whoever made it is gone, or would have gone on by now. */
static bool is_forgotten_claim(const struct poll *p, const struct store_attempt *a)
{
    int64_t most = FIND_SECONDS * INT64_C(1000000000), wait = p->c->grace < most ? p->c->grace : most;
    return a->state == ATTEMPT_CLAIMED && p->now - a->claim_t >= wait;
}

/* The scheduler may know an attempt that we have no id of: by its name. Doubles are cancelled. */
static bool look_up(struct poll *p, size_t i, struct store_news *news, bool *any, struct error *err)
{
    const struct store_attempt *a = &p->attempts[i];
    const struct batch_ops *ops =
        strcmp(a->scheduler, p->c->scheduler) == 0 ? p->c->site.ops : batch_find_ops(a->scheduler, err);
    struct batch_table table = {.arena = &p->arena};
    size_t adopt = 0;
    if (!ops)
        return false;
    struct batch_site site = site_of(p->c, ops);
    if (!ops->find(&site, a->name, a->submit_t ? a->submit_t : a->claim_t, &table, err))
        return false;
    *any = judge_found(a, table.jobs, table.n, p->now, p->c->grace, &adopt, news);
    for (size_t k = 0; k < table.n; k++)
        if (k != adopt && table.jobs[k].state != ATTEMPT_ENDED)
            ops->cancel(&site, table.jobs[k].id, NULL);
    return true;
}

static bool judge_all(struct poll *p, struct cycle_report *r, struct error *err)
{
    bool good = true;
    p->news = arena_array(&p->arena, p->n, sizeof *p->news);
    for (size_t i = 0; i < p->n; i++) {
        const struct store_attempt *a = &p->attempts[i];
        struct store_news *news = &p->news[p->n_news];
        struct error own = {0};
        bool any = false;
        if (is_nameless(p, i)) {
            if (a->state == ATTEMPT_CLAIMED && !is_forgotten_claim(p, a))
                continue;
            bool found = look_up(p, i, news, &any, &own);
            if (!found && good)
                *err = own;
            good = good && found;
            r->n_adopted += any && news->sched_id != NULL;
        } else {
            const struct judged x = {.attempt = a,
                                     .begin = p->has_begin[i] ? &p->begins[i] : NULL,
                                     .end = p->has_end[i] ? &p->ends[i] : NULL,
                                     .job = p->jobs[i],
                                     .asked = p->asked[i]};
            any = judge(&x, p->now, p->c->grace, news);
        }
        p->n_news += any;
        r->n_ended += any && news->state == ATTEMPT_ENDED;
        r->n_lost += any && news->state == ATTEMPT_LOST;
    }
    return good;
}

bool cycle_poll(struct cycle *c, struct cycle_report *r, struct error *err)
{
    struct poll p = {.c = c, .now = clock_now()};
    bool good = store_live(c->store, 0, &p.arena, &p.attempts, &p.n, err);
    if (good && p.n) {
        r->n_live += p.n;
        read_records(&p);
        struct error first = {0};
        bool asked = ask_schedulers(&p, &first);
        good = judge_all(&p, r, asked ? &first : &(struct error){0}) && asked;
        if (p.n_news && !store_put_news(c->store, p.news, p.n_news, &first))
            good = false;
        if (!good)
            *err = first;
    }
    arena_free(&p.arena);
    return good && cycle_merges(c, err);
}
