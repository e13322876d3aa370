/* place_test.c - which file systems are shared, and whether their locks hold. */
#include "store/place.h"

#include <string.h>

#include "support.h"

static void file_systems_of_clusters_are_known_by_their_magic(void **state)
{
    (void)state;
    assert_true(place_is_shared(0x0BD00BD0)); /* Lustre */
    assert_true(place_is_shared(0x47504653)); /* GPFS */
    assert_true(place_is_shared(0x6969));     /* NFS */
    assert_true(
        place_is_shared((unsigned long)(long)(int)0xFF534D42)); /* the kernel's type is signed in places */
    assert_false(place_is_shared(0xEF53));                      /* ext4 */
    assert_false(place_is_shared(0x58465342));                  /* XFS */
}

static void locks_hold_here_and_nothing_is_left(void **state)
{
    (void)state;
    char folder[64], path[96];
    support_folder(folder);
    assert_true(place_locks_hold(folder));
    snprintf(path, sizeof path, "%s/xfelx.db", folder);
    assert_true(place_locks_hold_beside(path));
    assert_string_equal(place_journal_mode(path), "wal");
    assert_int_equal(rmdir(folder), 0);
}

static void a_folder_where_nothing_can_be_made_has_no_locks(void **state)
{
    (void)state;
    assert_false(place_locks_hold("/nowhere/at/all"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_systems_of_clusters_are_known_by_their_magic),
        cmocka_unit_test(locks_hold_here_and_nothing_is_left),
        cmocka_unit_test(a_folder_where_nothing_can_be_made_has_no_locks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
