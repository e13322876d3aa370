/* service.c - the thread of a rank that owns MPI: gets frames for the workers, sends what they found, hears of stops. Rank 0's
 * also keeps the ledger. Each turn looks at everything once and then sleeps up to a millisecond. See run.h, STORE 6. */
#include "parallel/absence.h"
#include "parallel/ending.h"
#include "parallel/rows.h"
#include "parallel/run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RANGES_MAX = 1024 };
enum why { WHY_DONE, WHY_SIGNAL, WHY_FAILED };

struct service {
    struct run *run;
    struct farm *farm;
    bool stopping, told, closed;
    uint32_t asked_free; /* of the open ASK */
    bool asked, worked;
    bool *bye;          /* ranks that have nothing more to say */
    struct str finding; /* of the survey, not adopted yet */
    uint32_t n_lost;    /* ranks that did not come back */
    bool hangs;         /* workers of ours are left behind */
    struct absence_workers workers;
    int64_t busy_ns, idle_ns, cpu_ns; /* of the other ranks */
    int64_t told_twice;               /* monotonic; 0: was not */
};

static void send(struct service *s, uint32_t to, enum message_type type)
{
    struct error err = {0};
    if (!farm_send(s->farm, to, type, &err))
        run_fails(s->run, &err);
}

static void fails(struct service *s, enum error_code code, const char *what, uint32_t rank)
{
    struct error err = {0};
    error_set(&err, code, "rank %u: %s", rank, what);
    run_fails(s->run, &err);
}

/* Letters of the other threads; those to ourselves need no messages. */
static void send_letters(struct service *s)
{
    struct run *r = s->run;
    pthread_mutex_lock(&r->lock);
    struct letter *letter = r->first_letter, *next;
    r->first_letter = NULL;
    r->last_letter = &r->first_letter;
    pthread_mutex_unlock(&r->lock);
    for (; letter; letter = next) {
        next = letter->next;
        if (letter->to == s->farm->rank) {
            rounds_sight(r, letter->body.text, letter->body.len, letter->to);
        } else {
            str_addn(farm_message(s->farm), letter->body.text, letter->body.len);
            send(s, letter->to, letter->type);
        }
        str_free(&letter->body);
        free(letter);
        s->worked = true;
    }
}

static void add(struct service *s, enum work_kind kind, const struct range *ranges, size_t n)
{
    struct error err = {0};
    if (!supply_add(&s->run->supply, kind, ranges, n, &err))
        run_fails(s->run, &err);
    s->worked = true;
}

/* ---- rank 0 ---- */

static void stop_all(struct service *s, enum why why)
{
    if (s->stopping)
        return;
    s->stopping = true;
    supply_close(&s->run->supply);
    for (uint32_t r = 1; r < s->farm->size; r++) {
        wire_u32(farm_message(s->farm), why);
        send(s, r, MESSAGE_STOP);
    }
}

static void take_rows(struct service *s, struct unwire *g, uint32_t from)
{
    uint32_t n = unwire_u32(g);
    for (uint32_t i = 0; i < n; i++) {
        struct queue_item *item = malloc(sizeof *item);
        struct result *result = item ? rows_get(g, s->run->team->list) : NULL;
        if (!result) {
            free(item);
            fails(s, g->bad ? ERROR_INTERNAL : ERROR_MEMORY, "its rows cannot be read", from);
            return;
        }
        item->from = from;
        item->result = result;
        queue_put(&s->run->queue, item, false);
    }
}

static void take_bye(struct service *s, struct unwire *g, uint32_t from)
{
    s->busy_ns += (int64_t)unwire_u64(g);
    s->idle_ns += (int64_t)unwire_u64(g);
    s->cpu_ns += (int64_t)unwire_u64(g);
    s->bye[from] = true;
}

static void hear_at_0(struct service *s, const struct message *m)
{
    struct unwire g = {m->body, m->body + m->size, false};
    struct asker *asker = s->run->ledger.ranks + m->from;
    struct error err;
    if (s->run->lost[m->from]) /* too late: others have done its frames, its files are being made */
        return;
    switch (m->type) {
    case MESSAGE_ASK:
        asker->threads = unwire_u32(&g);
        asker->free = unwire_u32(&g);
        asker->rate = unwire_u32(&g);
        asker->asking = true;
        break;
    case MESSAGE_ROWS:
        take_rows(s, &g, m->from);
        break;
    case MESSAGE_BYE:
        take_bye(s, &g, m->from);
        break;
    case MESSAGE_SIGHT:
        rounds_sight(s->run, m->body, m->size, m->from);
        break;
    case MESSAGE_NOTE:
        unwire_error(&g, &err);
        run_fails(s->run, &err);
        break;
    case MESSAGE_STOP:
        stop_all(s, WHY_SIGNAL);
        break;
    default:
        fails(s, ERROR_INTERNAL, "it sent a message that is not for rank 0", m->from);
    }
    if (g.bad)
        fails(s, ERROR_INTERNAL, "it sent a message that is too short", m->from);
}

/* Rank 0 asks itself. */
static void ask_self(struct service *s)
{
    struct supply_state now = supply_look(&s->run->supply);
    struct asker *self = s->run->ledger.ranks;
    self->asking = now.wants;
    self->threads = s->run->supply.threads;
    self->free = now.free;
    self->rate = now.rate;
}

static void give(struct service *s)
{
    struct range ranges[RANGES_MAX];
    struct run *r = s->run;
    static const enum work_kind kinds[] = {
        [ROUND_SURVEY] = WORK_SURVEY, [ROUND_FIRST] = WORK_PROCESS, [ROUND_AGAIN] = WORK_AGAIN};
    enum work_kind kind = kinds[r->round];
    ask_self(s);
    for (uint32_t rank = 0; rank < s->farm->size; rank++) {
        pthread_mutex_lock(&r->lock);
        size_t n = ledger_give(&r->ledger, rank, ranges, RANGES_MAX);
        pthread_mutex_unlock(&r->lock);
        if (n == 0)
            continue;
        if (rank == 0) {
            add(s, kind, ranges, n);
            continue;
        }
        struct str *out = farm_message(s->farm);
        wire_u32(out, kind);
        wire_u32(out, (uint32_t)(1000 * s->farm->silence));
        for (size_t i = 0; i < n; i++) {
            wire_u32(out, ranges[i].first);
            wire_u32(out, ranges[i].count);
        }
        send(s, rank, MESSAGE_GRANT);
        s->worked = true;
    }
}

/* Every frame of this round has come back (of the last one: is in the store)? */
static bool all_back(struct run *r)
{
    pthread_mutex_lock(&r->lock);
    bool all = r->ledger.left == 0;
    pthread_mutex_unlock(&r->lock);
    return all;
}

/* Nobody more is to be waited for: each rank has said that it is done, or is away and may never say it. */
static bool all_over(struct service *s)
{
    struct run *r = s->run;
    bool workers =
        atomic_load(&r->workers_done) || (s->workers.hanging && s->workers.hanging == s->workers.busy);
    if (s->closed || !s->stopping || !workers)
        return false;
    for (uint32_t rank = 1; rank < s->farm->size; rank++)
        if (!s->bye[rank] && !r->ledger.ranks[rank].away)
            return false;
    return true;
}

/* Workers of rank 0 that hang are left behind: the process ends, so that others may go on with what it knows. */
static void leave_workers(struct service *s)
{
    if (atomic_load(&s->run->workers_done))
        return;
    s->hangs = s->farm->lost = true;
    log_warn("%s of this process hang%s in a disk and %s left behind", COUNT(s->workers.hanging, "thread"),
             s->workers.hanging == 1 ? "s" : "", s->workers.hanging == 1 ? "is" : "are");
}

/* From now on a rank that is away is lost: what it may still say is not heard. */
static void close_all(struct service *s)
{
    struct run *r = s->run;
    for (uint32_t rank = 1; rank < s->farm->size; rank++)
        if (!s->bye[rank]) {
            r->lost[rank] = s->farm->lost = true;
            s->n_lost++;
            log_warn("rank %u on %s did not come back; its files are made from its journal, and it is ended",
                     rank, s->farm->ranks[rank].name);
        }
    leave_workers(s);
    s->closed = true;
    queue_close(&r->queue);
}

static void turn_at_0(struct service *s)
{
    struct run *r = s->run;
    struct supply_state now = supply_look(&r->supply);
    absence_look(r, s->workers);
    if (!s->stopping && absence_of_all(r, s->workers, &now))
        atomic_store(&r->over, true);
    if (run_has_failed(r))
        stop_all(s, WHY_FAILED);
    else if (*r->team->stop || atomic_load(&r->over))
        stop_all(s, WHY_SIGNAL);
    else if (!s->stopping && !all_back(r))
        give(s);
    else if (!s->stopping && !rounds_next(r))
        stop_all(s, WHY_DONE);
    if (all_over(s))
        close_all(s);
}

/* ---- the others ---- */

static void take_grant(struct service *s, struct unwire *g)
{
    struct range ranges[RANGES_MAX];
    enum work_kind kind = (enum work_kind)unwire_u32(g);
    unwire_u32(g); /* ttl: how long we may be silent; a RECALL says when it is over */
    size_t n = 0;
    while (n < RANGES_MAX && g->at < g->end && !g->bad) {
        ranges[n].first = unwire_u32(g);
        ranges[n].count = unwire_u32(g);
        uint64_t stop = (uint64_t)ranges[n].first + ranges[n].count;
        g->bad = g->bad || ranges[n].count == 0 || stop > s->run->team->list->n_frames;
        n++;
    }
    g->bad = g->bad || kind >= WORK_KINDS || (kind == WORK_SURVEY && !s->run->team->survey);
    if (!g->bad)
        add(s, kind, ranges, n);
    s->asked = false;
}

/* A finding is adopted when no worker works. That is so at once, since rank 0 concluded from what they saw; but for a rank that was
 * away and still looks at what others have looked at meanwhile. */
static void take_finding(struct service *s, const struct message *m)
{
    if (!s->run->team->survey) {
        fails(s, ERROR_INTERNAL, "it was sent the finding of a survey that there is not", s->farm->rank);
        return;
    }
    supply_hold(&s->run->supply, HOLD_FINDING, true);
    str_addn(&s->finding, (const char *)m->body, m->size);
}

static void adopt(struct service *s)
{
    const struct team *t = s->run->team;
    struct error err = {0};
    if (!s->finding.len || supply_look(&s->run->supply).free < s->run->supply.threads)
        return;
    if (!t->survey->adopt(t->arg, s->finding.text, s->finding.len, &err))
        run_fails(s->run, &err);
    str_free(&s->finding);
    supply_hold(&s->run->supply, HOLD_FINDING, false);
}

/* What was ours and was not begun is others' now. */
static void take_recall(struct service *s)
{
    supply_forget(&s->run->supply);
    s->asked = false;
}

/* So many rows are taken; these of them are not used. */
static void take_applied(struct service *s, struct unwire *g)
{
    uint32_t n = unwire_u32(g), n_doubles = unwire_u32(g);
    for (uint32_t i = 0; i < n_doubles && !g->bad; i++) {
        uint32_t source = unwire_u32(g), frame = unwire_u32(g);
        run_void(s->run, source, frame);
    }
    atomic_fetch_sub(&s->run->unapplied, n); /* last: at 0 all voids are known */
}

static void hear(struct service *s, const struct message *m)
{
    struct unwire g = {m->body, m->body + m->size, false};
    switch (m->type) {
    case MESSAGE_GRANT:
        take_grant(s, &g);
        break;
    case MESSAGE_FINDING:
        take_finding(s, m);
        break;
    case MESSAGE_RECALL:
        take_recall(s);
        break;
    case MESSAGE_APPLIED:
        take_applied(s, &g);
        break;
    case MESSAGE_STOP:
        s->stopping = true;
        if (unwire_u32(&g) == WHY_FAILED)
            atomic_store(&s->run->unanswered, true);
        supply_close(&s->run->supply);
        break;
    default:
        fails(s, ERROR_INTERNAL, "it was sent a message that only rank 0 reads", s->farm->rank);
    }
    if (g.bad)
        fails(s, ERROR_INTERNAL, "it was sent a message that is wrong", s->farm->rank);
}

/* A signal or an error here: rank 0 is told once, and stops all. */
static void tell(struct service *s)
{
    struct run *r = s->run;
    bool failed = run_has_failed(r);
    if (s->told || !(failed || *r->team->stop || atomic_load(&r->over)))
        return;
    s->told = true;
    supply_close(&r->supply);
    struct str *out = farm_message(s->farm);
    if (failed) {
        pthread_mutex_lock(&r->lock);
        wire_error(out, &r->error);
        pthread_mutex_unlock(&r->lock);
        send(s, 0, MESSAGE_NOTE);
    } else {
        wire_u32(out, WHY_SIGNAL);
        send(s, 0, MESSAGE_STOP);
    }
}

static void ask(struct service *s)
{
    struct supply_state now = supply_look(&s->run->supply);
    if (!now.wants || (s->asked && now.free <= s->asked_free))
        return;
    struct str *out = farm_message(s->farm);
    wire_u32(out, s->run->supply.threads);
    wire_u32(out, now.free);
    wire_u32(out, now.rate);
    send(s, 0, MESSAGE_ASK);
    s->asked = true;
    s->asked_free = now.free;
    s->worked = true;
}

static void turn(struct service *s)
{
    struct run *r = s->run;
    tell(s);
    adopt(s);
    if (!s->stopping && !s->told)
        ask(s);
    if (!s->closed && atomic_load(&r->workers_done)) {
        s->closed = true;
        queue_close(&r->queue);
    }
}

static void say_bye(struct service *s)
{
    struct supply_state end = supply_look(&s->run->supply);
    struct str *out = farm_message(s->farm);
    wire_u64(out, (uint64_t)end.busy_ns);
    wire_u64(out, (uint64_t)end.idle_ns);
    wire_u64(out, (uint64_t)(1e9 * clock_cpu()));
    send(s, 0, MESSAGE_BYE);
}

/* ---- both ---- */

static void take_messages(struct service *s)
{
    struct error err = {0};
    struct message m;
    int got;
    while ((got = farm_receive(s->farm, &m, &err)) > 0) {
        s->worked = true;
        if (s->farm->rank == 0)
            hear_at_0(s, &m);
        else
            hear(s, &m);
    }
    if (got < 0 || !farm_beat(s->farm, &err))
        run_fails(s->run, &err);
}

/* Kernels that work for too long; a disk that does not answer is told with the next beat. */
static void look_at_guards(struct service *s)
{
    struct run *r = s->run;
    int64_t limit = (int64_t)(1e9 * r->team->frame_timeout);
    pthread_mutex_lock(&r->lock);
    for (int i = 0; limit > 0 && i < r->team->n_threads; i++)
        if (r->guards[i] && guard_busy(r->guards[i]) > limit)
            guard_interrupt(r->guards[i]);
    s->workers = absence_count(r);
    pthread_mutex_unlock(&r->lock);
    s->farm->hangs = s->workers.hanging > 0 || absence_journal(r);
}

/* A deadline that is near, and a second word to stop. */
static void look_at_end(struct service *s, const struct supply_state *now)
{
    const struct team *t = s->run->team;
    if (s->farm->rank == 0 && ending_deadline(1e-9 * (double)clock_now(), t->deadline, now))
        atomic_store(&s->run->deadline, true), atomic_store(&s->run->over, true);
    if (*t->stop <= 1)
        return;
    supply_close(&s->run->supply);
    queue_hurry(&s->run->queue); /* the writer leaves when it is done */
    if (ending_leave(clock_monotonic(), &s->told_twice))
        _exit(t->leave_code);
}

/* The idle share of all threads of all ranks, and the messages; all of them pass rank 0. */
static void conclude(struct service *s)
{
    struct supply_state end = supply_look(&s->run->supply);
    double idle = (double)(s->idle_ns + end.idle_ns), busy = (double)(s->busy_ns + end.busy_ns);
    s->run->progress.idle = idle + busy > 0 ? idle / (idle + busy) : 0;
    s->run->progress.cpu_seconds = 1e-9 * (double)s->cpu_ns + clock_cpu();
    s->run->progress.lost = s->n_lost;
    s->run->progress.hangs = s->hangs;
    s->run->progress.deadline = atomic_load(&s->run->deadline);
    s->run->progress.messages = s->farm->sent + s->farm->received;
}

void service_run(struct run *r)
{
    struct service s = {.run = r, .farm = r->farm};
    bool first = r->farm->rank == 0;
    long rest = 0;
    s.bye = arena_array(&r->arena, r->farm->size, sizeof *s.bye);
    for (;;) {
        bool over = atomic_load(&r->writer_done);
        s.worked = false;
        take_messages(&s);
        if (first)
            turn_at_0(&s);
        else
            turn(&s);
        struct supply_state now = supply_look(&r->supply);
        if (now.free == r->supply.threads)
            queue_hurry(&r->queue);
        send_letters(&s);
        look_at_guards(&s);
        look_at_end(&s, &now);
        if (over)
            break;
        farm_rest(r->farm, s.worked, &rest);
    }
    if (!first)
        say_bye(&s);
    str_free(&s.finding);
    conclude(&s);
}
