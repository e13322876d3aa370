/* label_match.c - values to frames; see label_match.h. */
#include "store/label_match.h"

#include <stdlib.h>

static int by_place(const void *x, const void *y)
{
    const struct label_row *a = x, *b = y;
    if (a->how != b->how)
        return a->how < b->how ? -1 : 1;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    return (a->seq > b->seq) - (a->seq < b->seq);
}

size_t label_rows_sort(struct label_row *rows, size_t n)
{
    size_t kept = 0;
    if (n)
        qsort(rows, n, sizeof *rows, by_place);
    for (size_t i = 0; i < n; i++) {
        bool again = kept && rows[kept - 1].how == rows[i].how && rows[kept - 1].place == rows[i].place;
        kept += !again;
        rows[kept - 1] = rows[i];
        rows[kept - 1].exposure = INT64_MIN;
        rows[kept - 1].used = false;
    }
    return kept;
}

/* The first row that does not stand before (how, place). */
static size_t place_of(const struct label_row *rows, size_t n, enum store_label_how how, int64_t place)
{
    return sorted_place(&(struct label_row){.how = how, .place = place}, rows, n, sizeof *rows, by_place);
}

static struct label_row *exactly(struct label_row *rows, size_t n, enum store_label_how how, int64_t place)
{
    size_t at = place_of(rows, n, how, place);
    return at < n && rows[at].how == how && rows[at].place == place ? rows + at : NULL;
}

/* |a - b| without overflow, at most INT64_MAX. */
static int64_t distance(int64_t a, int64_t b)
{
    uint64_t d = a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
    return d > INT64_MAX ? INT64_MAX : (int64_t)d;
}

/* The row whose time is nearest to the frame's, of two the earlier; NULL: none within the tolerance. */
static struct label_row *nearest(struct label_row *rows, size_t n, int64_t t, int64_t tolerance)
{
    size_t at = place_of(rows, n, LABEL_BY_TIME, t);
    struct label_row *best = NULL;
    for (size_t i = at ? at - 1 : 0; i <= at && i < n; i++)
        if (rows[i].how == LABEL_BY_TIME && distance(rows[i].place, t) <= tolerance &&
            (!best || distance(rows[i].place, t) < distance(best->place, t)))
            best = rows + i;
    return best;
}

void label_rows_look(struct label_row *rows, size_t n, const struct label_frame *f, int64_t tolerance)
{
    struct label_row *row = f->t == INT64_MIN ? NULL : nearest(rows, n, f->t, tolerance);
    if (!row)
        return;
    int64_t mine = distance(row->place, f->t), best = distance(row->place, row->exposure);
    if (row->exposure == INT64_MIN || mine < best || (mine == best && f->t < row->exposure))
        row->exposure = f->t;
}

const struct label_row *label_rows_find(struct label_row *rows, size_t n, const struct label_frame *f,
                                        int64_t tolerance)
{
    int64_t place = (int64_t)((uint64_t)f->source << 32 | f->frame);
    struct label_row *row = exactly(rows, n, LABEL_BY_FRAME, place);
    if (!row && f->event != INT64_MIN)
        row = exactly(rows, n, LABEL_BY_EVENT, f->event);
    if (!row && f->t != INT64_MIN) {
        row = nearest(rows, n, f->t, tolerance);
        if (row && row->exposure != f->t)
            row = NULL; /* another exposure is nearer to it */
    }
    if (row)
        row->used = true;
    return row;
}

static bool covers(const struct label_stretch *s, const struct label_frame *f, int64_t begin_t, int64_t end_t)
{
    if (!s->timed)
        return true;
    if (f->t != INT64_MIN)
        return f->t >= s->first_t && f->t <= s->last_t;
    return begin_t && end_t && begin_t >= s->first_t && end_t <= s->last_t;
}

const struct label_stretch *label_stretch_find(const struct label_stretch *rows, size_t n,
                                               const struct label_frame *f, int64_t begin_t, int64_t end_t)
{
    const struct label_stretch *best = NULL;
    for (size_t i = 0; i < n; i++)
        if (covers(rows + i, f, begin_t, end_t) && (!best || rows[i].timed >= best->timed))
            best = rows + i;
    return best;
}
