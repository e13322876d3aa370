#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "simulate/simulate.h"

#include <math.h>
#include <string.h>

static void every_fault_changes_something(void **state)
{
    (void)state;
    for (const struct simulate_fault *f = simulate_faults; f->name; f++) {
        struct simulate_params p = simulate_defaults(), before = p;
        struct error err = {0};
        char text[64];
        strcpy(text, f->name);
        if (f->value && !strcmp(f->value, "FIRST-LAST"))
            strcat(text, "=10-19");
        if (!simulate_fault(&p, text, &err))
            fail_msg("%s: %s", text, err.fact);
        assert_memory_not_equal(&p, &before, sizeof p);
    }
}

static void amounts_and_ranges_are_read(void **state)
{
    (void)state;
    struct simulate_params p = simulate_defaults();
    struct error err = {0};
    assert_true(simulate_fault(&p, "beam-centre=10", &err));
    assert_true(fabs(hypot(p.shift_fast, p.shift_slow) - 10) < 1e-12);
    assert_true(simulate_fault(&p, "distance", &err) && fabs(p.shift_distance - 0.45) < 1e-12);
    assert_true(simulate_fault(&p, "jet-off=40-59", &err));
    assert_true(p.jet_off.first == 40 && p.jet_off.last == 60);
    assert_true(simulate_fault(&p, "space-group", &err));
    assert_string_equal(p.told_space_group, "P 4 2 2");
    assert_true(simulate_fault(&p, "cell=2", &err));
    assert_true(fabs(p.told_cell[0] - 80.58) < 1e-9 && p.told_cell[1] == p.told_cell[0] &&
                p.told_cell[2] == 38);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"jet",    "jet-off",  "jet-off=5",  "jet-off=9-3",  "jet-off=-1-3",
                                      "gain=0", "gain=two", "hot-row=3",  "beam-centre=", "",
                                      "=3",     "gain=nan", "duplicates="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct simulate_params p = simulate_defaults();
        struct error err = {0};
        assert_false(simulate_fault(&p, bad[i], &err));
        assert_int_equal(err.code, ERROR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_changes_something),
        cmocka_unit_test(amounts_and_ranges_are_read),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
