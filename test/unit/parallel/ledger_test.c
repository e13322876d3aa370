/* ledger_test.c - frames are given out once, in fair pieces: also when some take a hundred times as long. */
#include "parallel/ledger.h"

#include "support.h"

#include <string.h>

enum { RANKS = 8, LIST = 20000 };

static uint64_t frames[LIST];

static void open_ledger(struct ledger *l, struct arena *a, uint32_t ranks, uint64_t n, uint64_t step)
{
    ledger_make(l, LIST, ranks, a);
    for (uint64_t i = 0; i < n; i++)
        frames[i] = i * step;
    ledger_open(l, frames, n);
    for (uint32_t r = 0; r < ranks; r++)
        l->ranks[r] = (struct asker){.threads = 1, .free = 1, .asking = true};
}

static void chunks_follow_the_rule(void **state)
{
    (void)state;
    struct arena a = {0};
    struct ledger l;
    open_ledger(&l, &a, 4, 16000, 1);
    struct asker r = {.threads = 8, .free = 8, .rate = 0, .asking = true};
    assert_int_equal(ledger_chunk(&l, &r), 8); /* nothing known: one a thread */
    r.rate = 100000;                           /* 100 a second: two seconds' worth */
    assert_int_equal(ledger_chunk(&l, &r), 200);
    r.rate = UINT32_MAX;
    assert_int_equal(ledger_chunk(&l, &r), 1024);
    l.next = 16000 - 100;
    assert_int_equal(ledger_chunk(&l, &r), 13); /* half of what is left, over four ranks */
    l.next = 16000 - 3;
    r.free = 0;
    assert_int_equal(ledger_chunk(&l, &r), 0); /* somebody else may begin it at once */
    r.free = 1;
    assert_int_equal(ledger_chunk(&l, &r), 1);
    l.next = 16000;
    assert_int_equal(ledger_chunk(&l, &r), 0);
    arena_free(&a);
}

static void a_rank_alone_gets_all(void **state)
{
    (void)state;
    struct arena a = {0};
    struct ledger l;
    struct range ranges[4];
    open_ledger(&l, &a, 1, 5000, 1);
    assert_int_equal(ledger_give(&l, 0, ranges, 4), 1);
    assert_int_equal(ranges[0].count, 5000);
    assert_int_equal(ledger_give(&l, 0, ranges, 4), 0);
    arena_free(&a);
}

static void each_frame_is_given_once_also_with_gaps(void **state)
{
    (void)state;
    struct arena a = {0};
    struct ledger l;
    struct range ranges[16];
    static uint8_t given[LIST];
    memset(given, 0, sizeof given);
    open_ledger(&l, &a, 3, 6000, 3); /* every third frame of the list: many ranges */
    for (int turn = 0; l.next < l.n; turn++) {
        assert_true(turn < 100000);
        uint32_t rank = (uint32_t)turn % 3;
        l.ranks[rank].asking = true;
        l.ranks[rank].rate = 50000;
        size_t n = ledger_give(&l, rank, ranges, 16);
        assert_true(n <= 16);
        for (size_t i = 0; i < n; i++)
            for (uint32_t k = 0; k < ranges[i].count; k++)
                given[ranges[i].first + k]++;
    }
    for (int i = 0; i < LIST; i++)
        assert_int_equal(given[i], i < 18000 && i % 3 == 0);
    arena_free(&a);
}

static void a_frame_comes_back_once(void **state)
{
    (void)state;
    struct arena a = {0};
    struct ledger l;
    open_ledger(&l, &a, 2, 3, 1);
    assert_true(ledger_back(&l, 2));
    assert_false(ledger_back(&l, 2));
    assert_false(ledger_back(&l, LIST)); /* not in the list */
    assert_int_equal(l.left, 2);
    ledger_open(&l, frames, 3); /* a new round knows nothing of the one before */
    assert_true(ledger_back(&l, 2));
    arena_free(&a);
}

/* ---- ranks that are away ---- */

/* What a rank is given when it asks, as one range; {0} when it is nothing. */
static struct range given(struct ledger *l, uint32_t rank, uint32_t rate)
{
    struct range r[8] = {{0}};
    l->ranks[rank].asking = true;
    l->ranks[rank].rate = rate;
    assert_true(ledger_give(l, rank, r, 8) <= 1);
    return r[0];
}

static void what_a_rank_had_goes_to_others_first(void **state)
{
    (void)state;
    struct arena a = {0};
    struct ledger l;
    open_ledger(&l, &a, 3, 1000, 1);
    struct range mine = given(&l, 1, 5000), other = given(&l, 2, 5000);
    assert_true(mine.first == 0 && mine.count == 10 && other.first == 10);
    assert_int_equal(ledger_take(&l, 0, 1, true), LEDGER_COUNTS);
    assert_int_equal(ledger_away(&l, 1), 9); /* but what it brought back, and nothing of rank 2 */
    assert_int_equal(given(&l, 1, 5000).count, 0);
    assert_int_equal(ledger_take(&l, 1, 1, true), LEDGER_COUNTS); /* late, and nobody has it yet */
    struct range first = given(&l, 2, 3000), then = given(&l, 2, 1000);
    assert_true(first.first == 2 && first.count == 6);
    assert_true(then.first == 8 && then.count == 2);
    assert_int_equal(given(&l, 2, 5000).first, 20);
    ledger_heard(&l, 1);
    assert_int_equal(given(&l, 1, 5000).first, 30);
    arena_free(&a);
}

static void what_was_taken_back_twice_is_given_out_last(void **state)
{
    (void)state;
    struct arena a = {0};
    struct ledger l;
    open_ledger(&l, &a, 4, 20, 1);
    assert_int_equal(given(&l, 1, 1000).count, 2);
    ledger_away(&l, 1);
    assert_int_equal(given(&l, 2, 500).first, 0);
    assert_int_equal(ledger_away(&l, 2), 1);
    assert_int_equal(given(&l, 3, 500).first, 1);
    for (uint32_t i = 2; i < 20; i++) {
        assert_int_equal(given(&l, 3, 500).first, i);
        assert_int_equal(ledger_take(&l, i, 3, true), LEDGER_COUNTS);
    }
    struct range r = given(&l, 3, 500);
    assert_true(r.first == 0 && r.count == 1); /* whoever had it went away */
    arena_free(&a);
}

static void ranks_that_are_away_do_not_count_when_work_is_shared(void **state)
{
    (void)state;
    struct arena a = {0};
    struct ledger l;
    open_ledger(&l, &a, 4, 100, 1);
    struct asker fast = {.threads = 1, .free = 1, .rate = UINT32_MAX};
    assert_int_equal(ledger_chunk(&l, &fast), 13);
    ledger_away(&l, 1);
    ledger_away(&l, 2);
    assert_int_equal(ledger_chunk(&l, &fast), 25);
    arena_free(&a);
}

static void the_first_final_result_of_a_frame_counts(void **state)
{
    (void)state;
    struct arena a = {0};
    struct ledger l;
    open_ledger(&l, &a, 3, 8, 1);
    assert_int_equal(ledger_take(&l, 0, 1, true), LEDGER_COUNTS);
    assert_int_equal(ledger_take(&l, 0, 2, true), LEDGER_DOUBLE);
    assert_int_equal(ledger_take(&l, 0, 2, false), LEDGER_DROPPED); /* journals prefer final records anyway */
    assert_int_equal(ledger_take(&l, 0, 1, true),
                     LEDGER_DROPPED); /* a VOID would name the one that counts too */
    assert_int_equal(ledger_take(&l, LIST, 1, true), LEDGER_DROPPED);
    assert_true(ledger_is_anothers(&l, 0, 2));
    assert_false(ledger_is_anothers(&l, 0, 1));
    assert_false(ledger_is_anothers(&l, 1, 1)); /* nobody's */
    assert_int_equal(l.left, 7);
    arena_free(&a);
}

static void of_two_failed_tries_one_is_tried_again(void **state)
{
    (void)state;
    struct arena a = {0};
    struct ledger l;
    open_ledger(&l, &a, 3, 3, 1);
    assert_int_equal(ledger_take(&l, 0, 1, false), LEDGER_AGAIN);
    assert_int_equal(ledger_take(&l, 0, 2, false), LEDGER_DROPPED);
    assert_int_equal(ledger_take(&l, 1, 1, false), LEDGER_AGAIN);
    assert_int_equal(ledger_take(&l, 1, 2, true),
                     LEDGER_COUNTS); /* a late rank could read it: no second try */
    assert_int_equal(ledger_take(&l, 2, 0, true), LEDGER_COUNTS);
    assert_int_equal(l.left, 0);
    assert_true(ledger_open_again(&l));
    assert_true(l.n == 1 && l.frames[0] == 0);
    assert_int_equal(ledger_take(&l, 0, 2, false), LEDGER_DROPPED); /* a first try, late */
    assert_int_equal(l.left, 1);
    arena_free(&a);
}

static void a_first_try_that_comes_late_and_is_final_ends_the_second(void **state)
{
    (void)state;
    struct arena a = {0};
    struct ledger l;
    open_ledger(&l, &a, 3, 2, 1);
    assert_int_equal(ledger_take(&l, 0, 1, false), LEDGER_AGAIN);
    assert_int_equal(ledger_take(&l, 1, 1, false), LEDGER_AGAIN);
    assert_true(ledger_open_again(&l));
    assert_int_equal(ledger_take(&l, 0, 2, true), LEDGER_COUNTS); /* not given out yet */
    assert_int_equal(given(&l, 1, 0).first, 1);
    assert_int_equal(ledger_take(&l, 1, 2, true), LEDGER_COUNTS); /* rank 1 is at it */
    assert_int_equal(l.left, 0);
    assert_int_equal(ledger_take(&l, 1, 1, true), LEDGER_DOUBLE);
    assert_false(ledger_open_again(&l));
    arena_free(&a);
}

/* Ranks that take, bring, go and come back at random: every frame of every round ends, once, with one winner. */
static void whoever_goes_and_comes_every_frame_ends_once(void **state)
{
    (void)state;
    enum { N = 200, TURNS = 40 };
    for (uint32_t turn = 0, dice = 7; turn < TURNS; turn++) {
        struct arena a = {0};
        struct ledger l;
        struct range r[16];
        static uint8_t held[RANKS][N], counted[N];
        memset(held, 0, sizeof held);
        memset(counted, 0, sizeof counted);
        open_ledger(&l, &a, RANKS, N, 1 + turn % 3);
        bool more = true;
        for (uint64_t steps = 0; more; steps++) {
            assert_true(steps < 1000000);
            dice = dice * 1664525 + 1013904223;
            uint32_t rank = dice >> 8 & 7, what = dice >> 16 & 15;
            if (what == 0 && rank > 0)
                ledger_away(&l, rank); /* it goes on with what it has all the same */
            else if (what == 1)
                ledger_heard(&l, rank);
            else if (what < 8) {
                l.ranks[rank].asking = true;
                size_t n = ledger_give(&l, rank, r, 16);
                for (size_t i = 0; i < n; i++)
                    for (uint32_t k = 0; k < r[i].count; k++)
                        held[rank][(r[i].first + k) / (1 + turn % 3)] = l.frames == l.again ? 2 : 1;
            }
            for (uint32_t i = 0, at = dice >> 20; what >= 8 && i < N; i++) {
                uint32_t f = (at + i) % N;
                if (!held[rank][f])
                    continue;
                bool final = held[rank][f] == 2 || f % 7;
                held[rank][f] = 0;
                if (ledger_take(&l, (uint64_t)f * (1 + turn % 3), rank, final) == LEDGER_COUNTS)
                    counted[f]++;
                break;
            }
            if (l.left == 0)
                more = l.frames != l.again && ledger_open_again(&l);
        }
        for (int f = 0; f < N; f++)
            assert_int_equal(counted[f], 1);
        arena_free(&a);
    }
}

/* ---- fair pieces ---- */

/* Ranks of one thread that work through a list in a clock of our own; the time that all of them together had nothing to do, as a
 * share. A rank asks when half of its last chunk is left and gets its answer `delay` later. */
static double idle_share(uint32_t n_ranks, uint64_t n, const double *cost, double delay)
{
    struct arena a = {0};
    struct ledger l;
    struct sim {
        struct range mine[1024];
        size_t n;
        uint64_t waiting, last, done;
        double free_at, busy, ended;
    } *s = arena_array(&a, n_ranks, sizeof *s);
    open_ledger(&l, &a, n_ranks, n, 1);
    for (;;) {
        uint32_t r = 0; /* whose turn it is: the one that is free first */
        for (uint32_t i = 1; i < n_ranks; i++)
            r = s[i].free_at < s[r].free_at ? i : r;
        struct sim *m = s + r;
        if (m->free_at > 1e29)
            break;
        if (m->waiting <= m->last / 2) {
            l.ranks[r].asking = true;
            l.ranks[r].free = m->waiting == 0;
            l.ranks[r].rate = m->busy > 0 ? (uint32_t)(1000 * (double)m->done / m->busy) : 0;
            size_t before = m->n, got = ledger_give(&l, r, m->mine + m->n, 1024 - m->n);
            m->n += got;
            m->last = got ? 0 : m->last;
            for (size_t i = before; i < m->n; i++)
                m->last += m->mine[i].count;
            m->waiting += got ? m->last : 0;
            if (m->waiting == 0 && got == 0) {
                m->ended = m->free_at;
                m->free_at = 1e30; /* nothing more for this one */
                continue;
            }
            m->free_at += before == 0 ? delay : 0; /* else it goes on while it waits for the answer */
        }
        double t = cost[m->mine[0].first++];
        if (--m->mine[0].count == 0)
            memmove(m->mine, m->mine + 1, --m->n * sizeof *m->mine);
        m->waiting--;
        m->done++;
        m->busy += t;
        m->free_at += t;
        l.left--;
    }
    double busy = 0, end = 0;
    for (uint32_t r = 0; r < n_ranks; r++)
        busy += s[r].busy;
    assert_int_equal(l.left, 0);
    for (uint32_t r = 0; r < n_ranks; r++)
        end = s[r].ended > end ? s[r].ended : end;
    arena_free(&a);
    return 1 - busy / (n_ranks * end);
}

static void slow_frames_leave_nobody_idle(void **state)
{
    (void)state;
    static double cost[LIST];
    uint32_t dice = 1;
    for (int i = 0; i < LIST; i++) {
        dice = dice * 1664525 + 1013904223;
        cost[i] = dice >> 16 < 656 ? 1.0 : 0.01; /* 1 in 100 takes 100 times as long */
    }
    assert_true(idle_share(2, LIST, cost, 0.001) < 0.05);
    assert_true(idle_share(4, LIST, cost, 0.001) < 0.05);
    assert_true(idle_share(RANKS, LIST, cost, 0.001) < 0.05);
    for (int i = 0; i < LIST; i++) /* all of them in one place of the list */
        cost[i] = i < 200 ? 1.0 : 0.01;
    assert_true(idle_share(RANKS, LIST, cost, 0.001) < 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_follow_the_rule),
        cmocka_unit_test(a_rank_alone_gets_all),
        cmocka_unit_test(each_frame_is_given_once_also_with_gaps),
        cmocka_unit_test(a_frame_comes_back_once),
        cmocka_unit_test(what_a_rank_had_goes_to_others_first),
        cmocka_unit_test(what_was_taken_back_twice_is_given_out_last),
        cmocka_unit_test(ranks_that_are_away_do_not_count_when_work_is_shared),
        cmocka_unit_test(the_first_final_result_of_a_frame_counts),
        cmocka_unit_test(of_two_failed_tries_one_is_tried_again),
        cmocka_unit_test(a_first_try_that_comes_late_and_is_final_ends_the_second),
        cmocka_unit_test(whoever_goes_and_comes_every_frame_ends_once),
        cmocka_unit_test(slow_frames_leave_nobody_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
