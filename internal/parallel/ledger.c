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
    l->returned = arena_rows(a, n + 1, sizeof *l->returned);
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
    l->next = l->n_returned = l->next_returned = 0;
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

static bool is_back(const struct ledger *l, uint64_t frame)
{
    return l->back[frame / 8] >> frame % 8 & 1;
}

uint64_t ledger_chunk(const struct ledger *l, const struct asker *r)
{
    uint64_t rest = l->n - l->next + l->n_returned - l->next_returned;
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

/* What is next: frames that were taken from ranks come first, but for those that came back meanwhile. */
static bool peek(struct ledger *l, uint64_t *frame)
{
    while (l->next_returned < l->n_returned && is_back(l, l->returned[l->next_returned]))
        l->next_returned++;
    if (l->next_returned < l->n_returned)
        return *frame = l->returned[l->next_returned], true;
    while (l->next < l->n && is_back(l, l->frames[l->next]))
        l->next++;
    if (l->next < l->n)
        return *frame = l->frames[l->next], true;
    return false;
}

size_t ledger_give(struct ledger *l, uint32_t rank, struct range *out, size_t max)
{
    struct asker *r = l->ranks + rank;
    uint64_t frame, chunk = r->asking && !r->away ? ledger_chunk(l, r) : 0;
    size_t n = 0;
    for (uint64_t i = 0; i < chunk && peek(l, &frame); i++) {
        if (n && out[n - 1].first + out[n - 1].count == frame)
            out[n - 1].count++;
        else if (n < max)
            out[n++] = (struct range){(uint32_t)frame, 1};
        else
            break;
        l->holder[frame] = rank + 1;
        if (l->next_returned < l->n_returned)
            l->next_returned++;
        else
            l->next++;
    }
    r->asking = r->asking && n == 0;
    return n;
}

/* ---- what comes back ---- */

bool ledger_back(struct ledger *l, uint64_t frame)
{
    if (frame >= l->n_list || !l->holder[frame] || is_back(l, frame))
        return false;
    l->back[frame / 8] |= (uint8_t)(1 << frame % 8);
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

uint64_t ledger_away(struct ledger *l, uint32_t rank)
{
    uint64_t kept = l->n_returned - l->next_returned;
    memmove(l->returned, l->returned + l->next_returned, (size_t)kept * sizeof *l->returned);
    l->n_returned = kept;
    l->next_returned = 0;
    for (uint64_t i = 0; i < l->next; i++) {
        uint64_t frame = l->frames[i];
        if (l->holder[frame] != rank + 1 || is_back(l, frame))
            continue;
        l->holder[frame] = LEDGER_NOBODY;
        l->returned[l->n_returned++] = frame;
    }
    l->ranks[rank].away = true;
    l->ranks[rank].asking = false;
    return l->n_returned - kept;
}

void ledger_heard(struct ledger *l, uint32_t rank)
{
    l->ranks[rank].away = false;
}
