/* ledger.c - who works on which frames; see ledger.h. */
#include "parallel/ledger.h"

#include <string.h>

enum { CHUNK_MAX = 1024, CHUNK_SECONDS = 2 };

void ledger_make(struct ledger *l, uint64_t n_list, uint32_t n_ranks, struct arena *a)
{
    *l = (struct ledger){.n_list = n_list, .n_ranks = n_ranks};
    l->back = arena_alloc(a, (size_t)(n_list / 8 + 1));
    l->again = arena_array(a, (size_t)n_list + 1, sizeof *l->again);
    l->ranks = arena_array(a, n_ranks, sizeof *l->ranks);
}

void ledger_open(struct ledger *l, const uint64_t *frames, uint64_t n)
{
    memset(l->back, 0, (size_t)(l->n_list / 8 + 1));
    l->frames = frames;
    l->n = l->left = n;
    l->next = 0;
}

void ledger_again(struct ledger *l, uint64_t frame)
{
    if (l->n_again < l->n_list)
        l->again[l->n_again++] = frame;
}

uint64_t ledger_chunk(const struct ledger *l, const struct asker *r)
{
    uint64_t rest = l->n - l->next, chunk = (uint64_t)r->rate * CHUNK_SECONDS / 1000, threads = 0;
    uint64_t share = (rest + 2 * (uint64_t)l->n_ranks - 1) / (2 * (uint64_t)l->n_ranks);
    if (l->n_ranks == 1)
        return rest;
    for (uint32_t i = 0; i < l->n_ranks; i++)
        threads += l->ranks[i].threads;
    chunk = chunk > r->threads ? chunk : r->threads;
    chunk = chunk < CHUNK_MAX ? chunk : CHUNK_MAX;
    chunk = chunk < share ? chunk : share;
    return rest <= threads && chunk > r->free ? r->free : chunk;
}

size_t ledger_give(struct ledger *l, uint32_t rank, struct range *out, size_t max)
{
    struct asker *r = l->ranks + rank;
    uint64_t chunk = r->asking ? ledger_chunk(l, r) : 0;
    size_t n = 0;
    for (uint64_t i = 0; i < chunk; i++, l->next++) {
        uint32_t frame = (uint32_t)l->frames[l->next];
        if (n && out[n - 1].first + out[n - 1].count == frame)
            out[n - 1].count++;
        else if (n < max)
            out[n++] = (struct range){frame, 1};
        else
            break;
    }
    r->asking = r->asking && n == 0;
    return n;
}

bool ledger_back(struct ledger *l, uint64_t frame)
{
    if (frame >= l->n_list || l->back[frame / 8] >> frame % 8 & 1)
        return false;
    l->back[frame / 8] |= (uint8_t)(1 << frame % 8);
    l->left -= l->left > 0;
    return true;
}
