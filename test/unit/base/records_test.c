/* records_test.c - tables in text files, as people and their programs write them. */
#include "base/records.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[64], path[96];

static struct records *open_text(const char *text, size_t n)
{
    struct records *r = NULL;
    struct error err = {0};
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(text, 1, n, f);
    fclose(f);
    return records_open(path, &r, &err) ? r : NULL;
}

#define OPEN(text) open_text(text, sizeof(text) - 1)

/* All records as "a|b\n", bad ones as "!line\n". */
static const char *all(struct records *r)
{
    static char out[4096];
    const char *wrong;
    struct error err = {0};
    bool more;
    size_t n = 0;
    assert_non_null(r);
    out[0] = 0;
    while (records_next(r, &more, &wrong, &err) && more) {
        if (wrong)
            n += (size_t)snprintf(out + n, sizeof out - n, "!%llu\n", (unsigned long long)records_line(r));
        for (size_t i = 0; !wrong && i < records_columns(r); i++)
            n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", records_field(r, i),
                                  i + 1 < records_columns(r) ? "|" : "\n");
    }
    records_close(r);
    return out;
}

static void columns_are_separated_by_what_stands_in_the_first_line(void **state)
{
    (void)state;
    assert_string_equal(all(OPEN("run,laser\n1,on\n 2 , off \n")), "1|on\n2|off\n");
    assert_string_equal(all(OPEN("run\tlaser\n1\ton, off\n")), "1|on, off\n");
    assert_string_equal(all(OPEN("run;laser\n1;0,5")), "1|0,5\n");
    assert_string_equal(all(OPEN("run\n7\n")), "7\n");
}

static void quotes_hold_separators_quotes_and_lines(void **state)
{
    (void)state;
    assert_string_equal(all(OPEN("a,b\n\"x,y\",\"he said \"\"no\"\"\"\n\"two\nlines\",2\n")),
                        "x,y|he said \"no\"\ntwo\nlines|2\n");
}

static void marks_ends_of_lines_blanks_and_remarks_are_fine(void **state)
{
    (void)state;
    assert_string_equal(all(OPEN("\xef\xbb\xbf# a remark\r\na,b\r\n\r\n1,2\r\n#no\r\n3,\r\n")), "1|2\n3|\n");
    assert_string_equal(all(OPEN("a,b\n1\n")), "1|\n"); /* fields that are missing are empty */
}

static void lines_that_are_none_are_said_and_passed_over(void **state)
{
    (void)state;
    assert_string_equal(all(OPEN("a,b\n1,2,3\n4,5\n")), "!2\n4|5\n");
    assert_string_equal(all(OPEN("a,b\n\"x\"y,2\n4,5\n")), "!2\n4|5\n");
    assert_string_equal(all(OPEN("a,b\n\xff,2\n4,5\n")), "!2\n4|5\n");
    assert_string_equal(all(OPEN("a,b\n1\0,2\n4,5\n")), "!2\n4|5\n");
    assert_string_equal(all(OPEN("a,b\n\"never ends,2\n4,5\n")), "!2\n");
}

static void a_line_without_end_takes_no_memory_without_end(void **state)
{
    (void)state;
    size_t n = 3 * RECORDS_BYTES;
    char *text = malloc(n);
    memset(text, 'x', n);
    memcpy(text, "a\n", 2);
    memcpy(text + n - 3, "\n7\n", 3);
    assert_string_equal(all(open_text(text, n)), "!2\n7\n");
    free(text);
}

static void json_lines_have_the_names_of_the_first(void **state)
{
    (void)state;
    assert_string_equal(
        all(OPEN("{\"run\":1,\"on\":true,\"t\":1764082812250000001}\n{\"on\":false,\"run\":\"x\"}\n")),
        "1|true|1764082812250000001\nx|false|\n");
    assert_string_equal(all(OPEN("{\"a\":null}\n{\"a\":[1]}\n{\"b\":1}\n[1]\n{\"a\":\n{\"a\":0.5}\n")),
                        "\n!2\n!3\n!4\n!5\n0.5\n");
}

static void what_is_no_file_is_said_to_be_none(void **state)
{
    (void)state;
    struct records *r;
    struct error err = {0};
    assert_false(records_open("/", &r, &err));
    assert_non_null(strstr(err.fact, "is no file"));
    assert_false(records_open("/nowhere/at/all.csv", &r, &err));
    assert_non_null(strstr(err.detail, "No such file"));
}

static void files_without_names_are_refused(void **state)
{
    (void)state;
    assert_null(OPEN(""));
    assert_null(OPEN("\n\n"));
    assert_null(OPEN("a,a\n"));
    assert_null(OPEN("a,,b\n"));
    struct records *r;
    struct error err = {0};
    assert_false(records_open(folder, &r, &err));
    assert_false(records_open("/nowhere/at/all", &r, &err));
}

static int begin(void **state)
{
    (void)state;
    support_folder(folder);
    snprintf(path, sizeof path, "%s/a.csv", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    support_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_separated_by_what_stands_in_the_first_line),
        cmocka_unit_test(quotes_hold_separators_quotes_and_lines),
        cmocka_unit_test(marks_ends_of_lines_blanks_and_remarks_are_fine),
        cmocka_unit_test(lines_that_are_none_are_said_and_passed_over),
        cmocka_unit_test(a_line_without_end_takes_no_memory_without_end),
        cmocka_unit_test(json_lines_have_the_names_of_the_first),
        cmocka_unit_test(what_is_no_file_is_said_to_be_none),
        cmocka_unit_test(files_without_names_are_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
