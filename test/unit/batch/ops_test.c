#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/batch.h"

#include <string.h>

static void schedulers_are_found_by_name(void **state)
{
    (void)state;
    struct error err = {0};
    for (size_t i = 0; batch_ops_at(i); i++)
        assert_ptr_equal(batch_find_ops(batch_ops_at(i)->name, &err), batch_ops_at(i));
    assert_null(batch_find_ops("condor", &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.hint, "slurm, pbs, lsf, sge, local, custom"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(schedulers_are_found_by_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
