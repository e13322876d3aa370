#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "simulate/simulate.h"

static void everything_drawn_is_told(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct simulate_params p = simulate_defaults();
    p.n_fast = p.n_slow = 64, p.pulse_spread = 0.5, p.pointing = 0.2, p.salt = 1;
    struct scene *s = scene_make(&p, &a, &err);
    struct simulate_truth truth = {.wavelength = 1.31,
                                   .pulse = 1.25,
                                   .direction = {0.1, -0.2},
                                   .jet = true,
                                   .salt = true,
                                   .n_lattices = 1,
                                   .duplicate_of = 3};
    struct str text = {0};
    simulate_truth_json(s, &truth, 1, &text);
    struct json *root = json_parse(text.text, text.len, "truth", &err);
    const struct json *frame = json_at(json_get(root, "frames"), 0);
    double value, pair[2];
    assert_true(json_number(json_get(root, "version"), &value) && value == 2);
    assert_int_equal(json_size(json_get(root, "true_panels")), 1);
    assert_true(json_number(json_get(frame, "pulse"), &value) && value == 1.25);
    assert_true(json_numbers(json_get(frame, "direction_mrad"), pair, 2) && pair[1] == -0.2);
    assert_true(json_is_true(json_get(frame, "salt")) && !json_get(frame, "jet") && !json_get(frame, "ice"));
    assert_true(json_number(json_get(frame, "duplicate_of"), &value) && value == 2);
    assert_int_equal(json_size(json_get(frame, "lattices")), 1);
    json_free(root);
    str_free(&text);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_drawn_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
