#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/text.h"

#include <stdlib.h>
#include <string.h>

static bool parse(const char *text, bool end, struct batch_record *out, struct error *err)
{
    return batch_read_record(text, strlen(text), end, out, err);
}

static void records_are_read_and_unknown_keys_passed_over(void **state)
{
    (void)state;
    struct batch_record r;
    struct error err = {0};
    assert_true(
        parse("xfelx-end 1\nattempt=17\nt=1795634319\nexit=3\nsignal=15\nstep=process\ncolour=red\nlast=a=b; "
              "$(c)\n",
              true, &r, &err));
    assert_true(r.attempt == 17 && r.exit_code == 3 && r.exit_signal == 15 && r.t == 1795634319000000000);
    assert_string_equal(r.step, "process");
    assert_string_equal(r.last, "a=b; $(c)");
    assert_true(
        parse("xfelx-begin 1\nattempt=17\nhost=n1\nsched_id=44\ndeadline=1795639999\n", false, &r, &err));
    assert_true(r.deadline == 1795639999);
    assert_string_equal(r.sched_id, "44");
}

static void what_is_no_record_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum error_code code;
    } rows[] = {{"", ERROR_DAMAGED},
                {"xfelx-begin 1\nattempt=1\n", ERROR_DAMAGED},
                {"xfelx-end 2\nattempt=1\n", ERROR_UNSUPPORTED},
                {"xfelx-end 1\nexit=0\n", ERROR_DAMAGED},
                {"xfelx-end", ERROR_DAMAGED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct batch_record r;
        struct error err = {0};
        assert_false(parse(rows[i].text, true, &r, &err));
        assert_int_equal(err.code, rows[i].code);
    }
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read_and_unknown_keys_passed_over),
        cmocka_unit_test(what_is_no_record_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
