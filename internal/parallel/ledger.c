/* ledger.c - who works on which frames; see ledger.h. */
#include "parallel/ledger.h"

#include <string.h>

enum { CHUNK_MAX = 1024, CHUNK_SECONDS = 2 };

void ledger_make(struct ledger *l, uint64_t n_list, uint32_t n_ranks, struct arena *a)
{
    size_t n = (size_t)n_list;
    *l = (struct ledger){.n_list = n_list, .n_ranks = n_ranks};
    l->back = arena_alloc(a, n / 8 + 1);
    l->holder = arena_array(a, n + 1, sizeof *l->holder);
    l->winner = arena_array(a, n + 1, sizeof *l->winner);
    l->taken = arena_alloc(a, n / 8 + 1);
    l->first.frames = arena_rows(a, n + 1, sizeof *l->first.frames);
    l->last.frames = arena_rows(a, n + 1, sizeof *l->last.frames);
    l->again = arena_rows(a, n + 1, sizeof *l->again);
    l->ranks = arena_array(a, n_ranks, sizeof *l->ranks);
}

/* ---- rounds ---- */

void ledger_open(struct ledger *l, const uint64_t *frames, uint64_t n)
{
    memset(l->back, 0, (size_t)(l->n_list / 8 + 1));
    memset(l->holder, 0, (size_t)l->n_list * sizeof *l->holder);
    l->frames = frames;
    l->n = l->left = n;
    l->next = l->first.n = l->first.next = l->last.n = l->last.next = 0;
    for (uint64_t i = 0; i < n; i++)
        l->holder[frames[i]] = LEDGER_NOBODY;
}

void ledger_again(struct ledger *l, uint64_t frame)
{
    if (l->n_again < l->n_list)
        l->again[l->n_again++] = frame;
}

bool ledger_open_again(struct ledger *l)
{
    uint64_t n = 0;
    for (uint64_t i = 0; i < l->n_again; i++)
        if (!l->winner[l->again[i]])
            l->again[n++] = l->again[i];
    l->n_again = n;
    ledger_open(l, l->again, n);
    return n > 0;
}

/* ---- giving ---- */

static bool is_set(const uint8_t *bits, uint64_t frame)
{
    return bits[frame / 8] >> frame % 8 & 1;
}

static void set(uint8_t *bits, uint64_t frame)
{
    bits[frame / 8] |= (uint8_t)(1 << frame % 8);
}

uint64_t ledger_chunk(const struct ledger *l, const struct asker *r)
{
    uint64_t rest = l->n - l->next + l->first.n - l->first.next + l->last.n - l->last.next;
    uint64_t chunk = (uint64_t)r->rate * CHUNK_SECONDS / 1000, threads = 0, ranks = 0;
    if (l->n_ranks == 1)
        return rest;
    for (uint32_t i = 0; i < l->n_ranks; i++) {
        threads += l->ranks[i].away ? 0 : l->ranks[i].threads;
        ranks += !l->ranks[i].away;
    }
    uint64_t share = ranks ? (rest + 2 * ranks - 1) / (2 * ranks) : rest;
    chunk = chunk > r->threads ? chunk : r->threads;
    chunk = chunk < CHUNK_MAX ? chunk : CHUNK_MAX;
    chunk = chunk < share ? chunk : share;
    return rest <= threads && chunk > r->free ? r->free : chunk;
}

/* Where the first frame stands that did not come back meanwhile; NULL: there is none. */
static uint64_t *skip_back(const struct ledger *l, const uint64_t *frames, uint64_t n, uint64_t *next)
{
    while (*next < n && is_set(l->back, frames[*next]))
        ++*next;
    return *next < n ? next : NULL;
}

/* What is to be given out next, and whose place is to be moved on then. */
static uint64_t *peek(struct ledger *l, uint64_t *frame)
{
    const struct {
        const uint64_t *frames;
        uint64_t n, *next;
    } order[] = {{l->first.frames, l->first.n, &l->first.next},
                 {l->frames, l->n, &l->next},
                 {l->last.frames, l->last.n, &l->last.next}};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        uint64_t *next = skip_back(l, order[i].frames, order[i].n, order[i].next);
        if (next)
            return *frame = order[i].frames[*next], next;
    }
    return NULL;
}

size_t ledger_give(struct ledger *l, uint32_t rank, struct range *out, size_t max)
{
    struct asker *r = l->ranks + rank;
    uint64_t frame, *next, chunk = r->asking && !r->away ? ledger_chunk(l, r) : 0;
    size_t n = 0;
    for (uint64_t i = 0; i < chunk && (next = peek(l, &frame)); i++) {
        if (n && out[n - 1].first + out[n - 1].count == frame)
            out[n - 1].count++;
        else if (n < max)
            out[n++] = (struct range){(uint32_t)frame, 1};
        else
            break;
        l->holder[frame] = rank + 1;
        ++*next;
    }
    r->asking = r->asking && n == 0;
    return n;
}

/* ---- what comes back ---- */

bool ledger_back(struct ledger *l, uint64_t frame)
{
    if (frame >= l->n_list || !l->holder[frame] || is_set(l->back, frame))
        return false;
    set(l->back, frame);
    l->left -= l->left > 0;
    return true;
}

enum ledger_answer ledger_take(struct ledger *l, uint64_t frame, uint32_t rank, bool final)
{
    bool last_round = l->frames == l->again;
    if (frame >= l->n_list)
        return LEDGER_DROPPED;
    if (l->winner[frame])
        return final && l->winner[frame] != rank + 1 ? LEDGER_DOUBLE : LEDGER_DROPPED;
    if (!final && last_round) /* a first try, late: the second one is under way */
        return LEDGER_DROPPED;
    bool is_new = ledger_back(l, frame);
    if (final)
        return l->winner[frame] = rank + 1, LEDGER_COUNTS;
    if (!is_new)
        return LEDGER_DROPPED;
    ledger_again(l, frame);
    return LEDGER_AGAIN;
}

bool ledger_is_anothers(const struct ledger *l, uint64_t frame, uint32_t rank)
{
    return frame < l->n_list && l->winner[frame] && l->winner[frame] != rank + 1;
}

/* ---- ranks that are away ---- */

static void close_up(struct ledger_queue *q)
{
    q->n -= q->next;
    memmove(q->frames, q->frames + q->next, (size_t)q->n * sizeof *q->frames);
    q->next = 0;
}

uint64_t ledger_away(struct ledger *l, uint32_t rank)
{
    uint64_t n = 0;
    close_up(&l->first);
    close_up(&l->last);
    for (uint64_t i = 0; i < l->next; i++) {
        uint64_t frame = l->frames[i];
        if (l->holder[frame] != rank + 1 || is_set(l->back, frame))
            continue;
        struct ledger_queue *q = is_set(l->taken, frame) ? &l->last : &l->first;
        set(l->taken, frame);
        l->holder[frame] = LEDGER_NOBODY;
        q->frames[q->n++] = frame;
        n++;
    }
    l->ranks[rank].away = true;
    l->ranks[rank].asking = false;
    return n;
}

void ledger_heard(struct ledger *l, uint32_t rank)
{
    l->ranks[rank].away = false;
}
