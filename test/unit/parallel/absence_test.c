/* absence_test.c - a rank that is away loses its frames to others, and nothing is lost or doubled: whether it comes back or not. */
#include "parallel/absence.h"

#include "job.h"
#include "threads.h"

#include <time.h>

enum { RANKS = 4, AWAY = 2, SLOW = 3 };

/* Rank AWAY hears and says nothing from its first frames on, until it may come back. Rank SLOW keeps its first rows to itself until
 * the other one has been told of a double: else the job would be over before. */
static atomic_bool may_come_back, was_told, waits_for_slow;
static atomic_uint n_held; /* rows */
static struct farm_ops ops;

static struct held {
    size_t n;
    uint8_t *data;
} held;

static enum message_type type_of(const void *data, size_t n)
{
    struct message m;
    struct error err = {0};
    assert_true(message_read(data, n, &m, &err));
    return m.type;
}

static bool send_or_hold(struct farm *f, uint32_t to, const void *data, size_t n, struct error *err)
{
    if (f->rank != SLOW || !atomic_load(&waits_for_slow))
        return thread_send(f, to, data, n, err);
    if (type_of(data, n) == MESSAGE_ROWS && !atomic_load(&n_held)) {
        struct unwire g = {(const uint8_t *)data + MESSAGE_HEADER, (const uint8_t *)data + n, false};
        held = (struct held){n, malloc(n)};
        memcpy(held.data, data, n);
        atomic_store(&n_held, unwire_u32(&g));
        return true;
    }
    if (held.n && atomic_load(&was_told)) {
        thread_send(f, 0, held.data, held.n, err);
        free(held.data);
        held = (struct held){0};
    }
    return thread_send(f, to, data, n, err);
}

static bool receive_or_sleep(struct farm *f, const void **data, size_t *n, struct error *err)
{
    static _Thread_local bool sleeps;
    while (f->rank == AWAY && sleeps && !atomic_load(&may_come_back))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    bool ok = thread_receive(f, data, n, err);
    if (ok && *n && f->rank == AWAY) {
        enum message_type type = type_of(*data, *n);
        sleeps = sleeps || type == MESSAGE_GRANT;
        if (type == MESSAGE_APPLIED && *n > MESSAGE_HEADER + 8)
            atomic_store(&was_told, true);
    }
    return ok;
}

/* Rank 0 hears what is done. */
static void look(void *arg, const struct team_progress *p)
{
    (void)arg;
    if (atomic_load(&waits_for_slow) && p->done + atomic_load(&n_held) == JOB_FRAMES)
        atomic_store(&may_come_back, true); /* others have done its frames */
}

struct rank {
    struct team team;
    struct publish publish;
    struct team_progress progress;
    struct error err;
    bool ok;
    pthread_t thread;
};

static void *be_a_rank(void *arg)
{
    struct rank *r = arg;
    r->ok = team_run(&r->team, &r->progress, &r->err);
    return NULL;
}

static volatile sig_atomic_t stop;

static void run(struct rank ranks[RANKS], struct store *store, struct store_job *job)
{
    struct farm *farms[RANKS];
    struct farm_ops mine = thread_ops;
    mine.send = send_or_hold;
    mine.receive = receive_or_sleep;
    ops = mine;
    held = (struct held){0};
    atomic_store(&n_held, 0);
    threads_open(farms, RANKS);
    for (uint32_t r = RANKS; r-- > 0;) {
        farms[r]->ops = &ops;
        ranks[r] = (struct rank){.publish = {.journals = job_journals(),
                                             .sink = {.folder = job_folder,
                                                      .composite = true,
                                                      .rank = r,
                                                      .imported_expt = "%s_imported.expt",
                                                      .recipe_hash = job_recipe->hash_hex,
                                                      .program = "test"},
                                             .after = 30}};
        ranks[r].team = (struct team){.farm = farms[r],
                                      .recipe = job_recipe,
                                      .list = &job_list,
                                      .n_threads = 1,
                                      .frames = job_numbers,
                                      .n_frames = JOB_FRAMES,
                                      .silence = r == AWAY ? 0.3 : 0.7, /* longer than a writer may wait */
                                      .journal = job_journal((uint64_t)job->attempt, r),
                                      .publish = &ranks[r].publish,
                                      .store = r ? NULL : store,
                                      .job = job,
                                      .progress = r ? NULL : look,
                                      .stop = &stop};
        assert_int_equal(pthread_create(&ranks[r].thread, NULL, be_a_rank, ranks + r), 0);
    }
    for (uint32_t r = 0; r < RANKS; r++) {
        pthread_join(ranks[r].thread, NULL);
        atomic_store(&may_come_back, true); /* rank 0 is gone: now at the latest */
    }
    for (uint32_t r = 0; r < RANKS; r++) {
        journal_close(ranks[r].team.journal);
        farm_close(farms[r], 0);
    }
}

/* Each frame has one row and one record that counts, and nothing is left to be voided. */
static void is_whole(struct store *store)
{
    struct journals *all = job_read();
    size_t n;
    assert_int_equal(job_row(store).counts.frames, JOB_FRAMES);
    journals_frames(all, &n);
    assert_int_equal(n, JOB_FRAMES);
    journals_doubles(all, &n);
    assert_int_equal(n, 0);
    journals_close(all);
}

static void a_rank_that_comes_back_voids_what_others_have_done(void **state)
{
    (void)state;
    struct rank ranks[RANKS];
    struct store_job job;
    struct store *store = job_store(&job);
    atomic_store(&may_come_back, false);
    atomic_store(&was_told, false);
    atomic_store(&waits_for_slow, true);
    run(ranks, store, &job);
    for (int r = 0; r < RANKS; r++)
        assert_true(ranks[r].ok && ranks[r].progress.published);
    assert_true(atomic_load(&was_told));
    assert_in_range(ranks[0].progress.doubles, 1, JOB_FRAMES);
    assert_int_equal(ranks[0].progress.lost, 0);
    assert_int_equal(ranks[0].progress.done, JOB_FRAMES);
    is_whole(store);
    store_close(store);
}

static void a_rank_that_never_comes_back_is_not_waited_for(void **state)
{
    (void)state;
    struct rank ranks[RANKS];
    struct store_job job;
    struct store *store = job_store(&job);
    atomic_store(&may_come_back, false);
    atomic_store(&waits_for_slow, false);
    run(ranks, store, &job);
    assert_true(ranks[0].ok && ranks[0].progress.published);
    assert_int_equal(ranks[0].progress.done, JOB_FRAMES);
    assert_int_equal(ranks[0].progress.lost, 1);
    assert_false(ranks[AWAY].ok); /* there was no rank 0 any more */
    is_whole(store);
    store_close(store);
}

static void a_journal_that_hangs_is_told_from_one_that_waits_for_room(void **state)
{
    (void)state;
    static struct run r;
    struct farm f = {.size = 2, .silence = 30};
    const int64_t second = 1000000000;
    r = (struct run){.farm = &f};
    assert_false(absence_journal(&r));
    atomic_store(&r.keeping, clock_monotonic() - 20 * second);
    assert_false(absence_journal(&r));
    atomic_store(&r.keeping, clock_monotonic() - 40 * second);
    assert_true(absence_journal(&r));
    atomic_store(&r.full_t, clock_now()); /* which is said elsewhere */
    assert_false(absence_journal(&r));
}

static void nobody_is_left_when_all_are_away_or_one_alone_can_do_no_more(void **state)
{
    (void)state;
    static struct run r;
    struct farm f = {.size = 3};
    struct asker ranks[3] = {{.away = true}, {.away = true}, {.away = false}};
    struct supply_state none = {0}, some = {.waiting = 1};
    struct absence_workers one = {.busy = 1, .hanging = 1}, two = {.busy = 2, .hanging = 1},
                           busy = {.busy = 1};
    struct team t = {.n_threads = 2};
    r = (struct run){.farm = &f, .team = &t, .ledger = {.ranks = ranks}};
    assert_false(absence_of_all(&r, one, &none));
    ranks[2].away = true;
    assert_true(absence_of_all(&r, one, &none));
    f.size = 1;
    assert_true(absence_of_all(&r, one, &none));
    assert_false(absence_of_all(&r, one, &some));
    assert_false(absence_of_all(&r, two, &none));
    assert_false(absence_of_all(&r, busy, &none));
    t.n_threads = 1; /* it hangs, and nobody will ever begin the others */
    assert_true(absence_of_all(&r, one, &some));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOB_TEST(a_rank_that_comes_back_voids_what_others_have_done),
        JOB_TEST(a_rank_that_never_comes_back_is_not_waited_for),
        cmocka_unit_test(a_journal_that_hangs_is_told_from_one_that_waits_for_room),
        cmocka_unit_test(nobody_is_left_when_all_are_away_or_one_alone_can_do_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
