/* log_test.c - warnings are printed once and counted always. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What `work` writes to stderr. */
static void capture(void (*work)(void), char *out, size_t size)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    int kept = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    work();
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    size_t n = fread(out, 1, size - 1, file);
    out[n] = 0;
    fclose(file);
}

static void warn_three_times(void)
{
    for (int i = 0; i < 3; i++)
        log_warn("geometry of %s is guessed", "a.cbf");
    log_warn("bad\033name");
}

static void a_warning_is_printed_once_and_counted(void **state)
{
    (void)state;
    char out[4096];
    size_t times;
    capture(warn_three_times, out, sizeof out);
    assert_string_equal(out, "warning: geometry of a.cbf is guessed\nwarning: bad?name\n");
    assert_int_equal(log_count(), 2);
    assert_string_equal(log_text(0, &times), "geometry of a.cbf is guessed");
    assert_int_equal(times, 3);
}

static void warn_while_held(void)
{
    log_hold(true);
    log_warn("held back");
    log_warn("held back");
}

static void a_held_warning_waits_for_the_flush(void **state)
{
    (void)state;
    char out[4096];
    capture(warn_while_held, out, sizeof out);
    assert_string_equal(out, "");
    capture(log_flush, out, sizeof out);
    assert_string_equal(out, "warning: held back\n");
    capture(log_flush, out, sizeof out);
    assert_string_equal(out, "");
    log_hold(false);
}

static void warn_without_end(void)
{
    for (int i = 0; i < 1000; i++)
        log_warn("number %d", i);
}

static void texts_beyond_the_bound_are_only_counted(void **state)
{
    (void)state;
    static char out[65536];
    size_t times, before = log_count();
    capture(warn_without_end, out, sizeof out);
    assert_int_equal(log_count(), 257);
    log_text(256, &times);
    assert_int_equal(times, 1000 - (256 - before));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_warning_is_printed_once_and_counted),
        cmocka_unit_test(a_held_warning_waits_for_the_flush),
        cmocka_unit_test(texts_beyond_the_bound_are_only_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
