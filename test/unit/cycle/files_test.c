/* files_test.c - files whose names tell their content. */
#include "cycle/files.h"

#include "support.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_program_is_copied_once_and_can_be_run(void **state)
{
    (void)state;
    char folder[64], program[96];
    struct arena a = {0};
    struct error err = {0};
    const char *path, *again;
    uint8_t hash[32], expected[32];
    struct stat before, after;
    support_folder(folder);
    snprintf(program, sizeof program, "%s/p", folder);
    assert_true(fs_write_atomic(program, "#!/bin/sh\nexit 7\n", 17, &err));
    assert_true(pin_program(&a, folder, program, &path, hash, &err));
    sha256("#!/bin/sh\nexit 7\n", 17, expected);
    assert_memory_equal(hash, expected, 32);
    assert_int_equal(WEXITSTATUS(system(path)), 7);
    assert_int_equal(stat(path, &before), 0);
    assert_true(pin_program(&a, folder, program, &again, hash, &err));
    assert_string_equal(path, again);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino); /* not written again */
    assert_int_equal(chmod(path, 0600), 0);        /* whoever wrote it died before it could be run */
    assert_true(pin_program(&a, folder, program, &again, hash, &err));
    assert_int_equal(access(path, X_OK), 0);
    assert_true(fs_write_atomic(program, "#!/bin/sh\nexit 8\n", 17, &err)); /* an upgrade */
    assert_true(pin_program(&a, folder, program, &again, hash, &err));
    assert_string_not_equal(path, again);
    assert_int_equal(WEXITSTATUS(system(path)), 7);
    arena_free(&a);
    support_remove(folder);
}

static void other_parameters_are_another_file(void **state)
{
    (void)state;
    char folder[64];
    struct arena a = {0};
    struct error err = {0};
    const char *one, *two, *none;
    support_folder(folder);
    assert_true(pin_text(&a, folder, "a = 1\n", &one, &err) && pin_text(&a, folder, "a = 2\n", &two, &err) &&
                pin_text(&a, folder, "", &none, &err));
    assert_string_not_equal(one, two);
    assert_true(fs_is_file(one) && fs_is_file(two) && fs_is_file(none));
    assert_true(str_ends(one, ".phil"));
    arena_free(&a);
    support_remove(folder);
}

static void a_record_of_another_attempt_is_not_believed(void **state)
{
    (void)state;
    char folder[64], path[128];
    struct error err = {0};
    struct batch_record r;
    support_folder(folder);
    assert_false(job_record(folder, 3, true, &r));
    snprintf(path, sizeof path, "%s/.xfelx/jobs", folder);
    assert_true(fs_make_folders(path, &err));
    snprintf(path, sizeof path, "%s/.xfelx/jobs/3.end", folder);
    assert_true(fs_write_atomic(path, "xfelx-end 1\nattempt=3\nexit=5\n", 29, &err));
    assert_true(job_record(folder, 3, true, &r));
    assert_int_equal(r.exit_code, 5);
    log_hold(true);
    assert_true(fs_write_atomic(path, "xfelx-end 1\nattempt=4\nexit=5\n", 29, &err));
    assert_false(job_record(folder, 3, true, &r));
    support_remove(folder);
}

static void records_of_an_earlier_attempt_of_that_number_are_forgotten(void **state)
{
    (void)state;
    static const char *const endings[] = {".begin", ".end"};
    char folder[64];
    struct arena a = {0};
    struct error err = {0};
    struct batch_record r;
    support_folder(folder);
    job_forget_records(folder, 3); /* nothing is there yet */
    assert_true(fs_make_folders(fs_folder(&a, job_file(&a, folder, 3, "")), &err));
    for (int i = 0; i < 2; i++)
        assert_true(fs_write_atomic(job_file(&a, folder, 3, endings[i]), "xfelx-end 1\nattempt=3\nexit=5\n",
                                    29, &err));
    assert_true(job_record(folder, 3, true, &r));
    job_forget_records(folder, 3);
    assert_false(job_record(folder, 3, true, &r));
    assert_false(fs_is_file(job_file(&a, folder, 3, ".begin")));
    arena_free(&a);
    support_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_is_copied_once_and_can_be_run),
        cmocka_unit_test(other_parameters_are_another_file),
        cmocka_unit_test(a_record_of_another_attempt_is_not_believed),
        cmocka_unit_test(records_of_an_earlier_attempt_of_that_number_are_forgotten),
    };
    return cmocka_run_group_tests_name("cycle/files", tests, NULL, NULL);
}
