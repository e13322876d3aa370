/* merges_test.c - what merging came to. */
#include "done_job.h"

#include <math.h>

static void shells_are_read_newest_version_first(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store *s = NULL;
    struct store_merge_shell *rows;
    size_t n;
    database_place();
    done_job(2);
    database_do("INSERT INTO dataset(id,name,op,active) VALUES(7,'d',1,1)");
    database_do("INSERT INTO dataset_version(id,dataset,version,created) VALUES(31,7,1,5)");
    database_do("INSERT INTO dataset_version(id,dataset,version,created) VALUES(32,7,2,6)");
    database_do("INSERT INTO dataset_version(id,dataset,version,created) VALUES(33,8,1,6)");
    assert_true(database_open(true, &s, &err));
    assert_true(store_merges(s, 7, 99, &a, &rows, &n, &err));
    assert_int_equal(n, 0);
    store_close(s);
    for (int version = 31; version <= 33; version++)
        for (int shell = 2; shell >= 0; shell--) {
            char text[256];
            snprintf(text, sizeof text,
                     "INSERT INTO merge_stats(version,job,shell,d_min,possible,uniq,meas,lattices,cc_half) "
                     "VALUES(%d,1,%d,1.75,100,90,900,55,%s)",
                     version, shell, shell == 2 ? "NULL" : "0.5");
            database_do(text);
        }
    assert_true(database_open(true, &s, &err));
    assert_true(store_merges(s, 7, 99, &a, &rows, &n, &err));
    assert_int_equal(n, 6);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(rows[i].version, i < 3 ? 2 : 1);
        assert_int_equal(rows[i].shell, i % 3);
    }
    assert_double_equal(rows[1].cc_half, 0.5, 0);
    assert_double_equal(rows[1].d_min, 1.75, 0);
    assert_true(isnan(rows[2].cc_half) && isnan(rows[0].d_max));
    assert_int_equal(rows[0].cc_pairs, -1);
    assert_int_equal(rows[0].measured, 900);
    assert_true(store_merges(s, 7, 2, &a, &rows, &n, &err));
    assert_int_equal(n, 2);
    store_close(s);
    arena_free(&a);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shells_are_read_newest_version_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
