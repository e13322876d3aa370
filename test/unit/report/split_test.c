/* split_test.c - the funnel by label as text, CSV and JSON. */
#include "report/report.h"

#include "support.h"

#include <math.h>
#include <string.h>

static struct split_row row(const char *word, double value, uint64_t blank, uint64_t integrated)
{
    struct split_row r = {.word = word, .value = value};
    struct store_counts c = {.frames = blank + integrated, .lattices = integrated};
    c.by_outcome[OUTCOME_BLANK] = blank;
    c.by_outcome[OUTCOME_INTEGRATED] = integrated;
    r.by_reason[REASON_FEW_SPOTS] = blank;
    figures_of(&c, &r.figures);
    return r;
}

static struct split_row rows[3];

static struct split made(void)
{
    rows[0] = row("5 \xc2\xb5s", NAN, 60, 40);
    rows[1] = row("a\"b\x1b[31m", NAN, 3, 1);
    rows[2] = row("", NAN, 1, 0);
    return (struct split){
        .label = "delay", .unit = "fs", .kind = "number", .rows = rows, .n = 3, .unused = 2};
}

static void rates_have_intervals_and_few_frames_none(void **state)
{
    (void)state;
    struct str out = {0};
    struct split s = made();
    split_text(&s, &out);
    assert_non_null(strstr(out.text, "40 of 100 (40 %, 31 to 50)"));
    assert_non_null(strstr(out.text, "1 of 4 "));
    assert_null(strstr(out.text, "1 of 4 ("));
    assert_non_null(strstr(out.text, "without delay"));
    assert_non_null(strstr(out.text, "2 values found no frame"));
    assert_null(strchr(out.text, '\x1b'));
    str_free(&out);
}

static void words_are_quoted_in_csv(void **state)
{
    (void)state;
    struct str out = {0};
    struct split s = made();
    split_csv(&s, &out);
    assert_non_null(strstr(out.text, "\"delay\",frames,"));
    assert_non_null(strstr(out.text, "\"5 \xc2\xb5s\",100,0,40,40,40,0,40,0.400000,"));
    assert_non_null(strstr(out.text, "\n\"a\"\"b"));
    assert_non_null(strstr(out.text, "\n\"\",1,0,0,0,0,0,0,0.000000,0.000000,0.793457,,,\n"));
    str_free(&out);
}

static void json_has_every_count_and_null_for_what_is_not(void **state)
{
    (void)state;
    struct str out = {0};
    struct error err = {0};
    struct split s = made();
    double n;
    struct json_writer w = {.out = &out};
    split_json(&s, NULL, &w);
    struct json *root = json_parse(out.text, out.len, "split", &err);
    const struct json *groups = json_get(root, "groups");
    assert_int_equal(json_size(groups), 3);
    assert_string_equal(json_text(json_get(json_at(groups, 1), "value")), "a\"b\x1b[31m");
    assert_true(json_is_null(json_get(json_at(groups, 2), "value")));
    assert_true(json_number(json_get(json_get(json_at(groups, 0), "hit"), "k"), &n) && n == 40);
    assert_true(json_number(json_get(json_get(json_at(groups, 0), "reasons"), "few_spots"), &n) && n == 60);
    json_free(root);
    str_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_have_intervals_and_few_frames_none),
        cmocka_unit_test(words_are_quoted_in_csv),
        cmocka_unit_test(json_has_every_count_and_null_for_what_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
