/* CIF text: loops and single items, quotes and blocks, what is cut, and the limits. */
#include "made.h"

static struct arena arena;

static void parse(const char *text, struct cif *c)
{
    struct error err = {0};
    if (!cif_parse((const uint8_t *)text, strlen(text), "made", &arena, c, &err))
        fail_msg("%s", err.fact);
}

static void fails(const char *text, enum error_code code, const char *word)
{
    struct error err = {0};
    struct cif c;
    assert_false(cif_parse((const uint8_t *)text, strlen(text), "made", &arena, &c, &err));
    assert_int_equal(err.code, code);
    if (!strstr(err.fact, word))
        fail_msg("\"%s\" does not say \"%s\"", err.fact, word);
}

static void loops_and_single_items_are_tables(void **state)
{
    (void)state;
    struct cif c;
    parse("data_x\n_A.One 1\n_b.x 'it''s' # note\nLoop_\n _c.id _c.value\n p 1.5 q .\n r ?\n_a.two \"2 3\"\n",
          &c);
    const struct cif_table *a = cif_find(&c, "a", NULL), *t = cif_find(&c, "c", "value");
    double v;
    int64_t i;
    assert_string_equal(cif_text(a, 0, "one"), "1");
    assert_string_equal(cif_text(a, 0, "two"), "2 3");
    assert_string_equal(cif_text(cif_find(&c, "b", "x"), 0, "x"), "it''s");
    assert_int_equal(t->n_rows, 3);
    assert_true(cif_number(t, 0, "value", 7, &v) && v == 1.5);
    assert_true(cif_number(t, 1, "value", 7, &v) && v == 7);
    assert_null(cif_text(t, 2, "value"));
    assert_false(cif_integer(t, 0, "id", 0, &i));
    assert_null(cif_find(&c, "d", NULL));
    assert_null(cif_text(t, 3, "id"));
    arena_free(&arena);
}

static void a_block_keeps_its_lines_and_mixed_line_ends(void **state)
{
    (void)state;
    struct cif c;
    parse("_a.text\r\n;\r\n# Key 1\n_no.item 2\r\n;\r\n_a.more 3", &c);
    assert_string_equal(cif_text(cif_find(&c, "a", "text"), 0, "text"), "\r\n# Key 1\n_no.item 2\r\n");
    assert_string_equal(cif_text(cif_find(&c, "a", "more"), 0, "more"), "3");
    assert_null(cif_find(&c, "no", NULL));
    arena_free(&arena);
}

static void a_section_is_stepped_over_by_its_size(void **state)
{
    (void)state;
    /* bytes that look like the end of the section, a loop and a block */
    static const char text[] = "loop_\n_array_data.id _array_data.data\nA\n;\n--CIF-BINARY-FORMAT-SECTION--\n"
                               "X-Binary-Size: 33\n\n\x0c\x1a\x04\xd5\n;\nloop_\n--CIF-BINARY-FORMAT-SECTION"
                               "\n--CIF-BINARY-FORMAT-SECTION----\n;\nB .\n_z.last 1\n";
    struct cif c;
    struct error err = {0};
    assert_true(cif_parse((const uint8_t *)text, sizeof text - 1, "made", &arena, &c, &err));
    assert_int_equal(c.n_sections, 1);
    assert_int_equal(c.sections[0].size, 33);
    const struct cif_table *t = cif_find(&c, "array_data", "data");
    assert_int_equal(t->n_rows, 2);
    assert_int_equal(t->cells[1].section, 0);
    assert_int_equal(t->cells[3].section, -1);
    assert_string_equal(cif_text(cif_find(&c, "z", "last"), 0, "last"), "1");
    arena_free(&arena);
}

static void what_is_cut_or_broken_says_where(void **state)
{
    (void)state;
    fails("_a.b", ERROR_TRUNCATED, "_a.b");
    fails("_a.b _c.d 1", ERROR_DAMAGED, "_a.b");
    fails("_a.b\n;\nnever", ERROR_TRUNCATED, "text block");
    fails("_a.b 'never", ERROR_TRUNCATED, "line 1");
    fails("\n\n_a.b 'never\n_c.d 1", ERROR_DAMAGED, "line 3");
    fails("loop_\n_a.b _a.c\n1 2 3\n_d.e 1", ERROR_DAMAGED, "table a");
    fails("loop_\n_a.b _a.c\n1 2 3", ERROR_TRUNCATED, "table a");
    fails("loop_\n1 2", ERROR_DAMAGED, "loop");
    arena_free(&arena);
}

static void limits_hold(void **state)
{
    (void)state;
    struct str s = {0};
    for (int i = 0; i < 600; i++)
        str_printf(&s, "_c%d.x 1\n", i);
    fails(s.text, ERROR_UNSUPPORTED, "tables");
    str_clear(&s);
    for (int i = 0; i < 300; i++)
        str_printf(&s, "_c.x%d 1\n", i);
    fails(s.text, ERROR_UNSUPPORTED, "columns");
    str_clear(&s);
    str_add(&s, "loop_\n_c.x\n");
    for (int i = 0; i < 100001; i++)
        str_add(&s, "1\n");
    fails(s.text, ERROR_UNSUPPORTED, "rows");
    str_clear(&s);
    str_add(&s, "_c.x ");
    for (int i = 0; i < 70000; i++)
        str_addc(&s, 'x');
    fails(s.text, ERROR_DAMAGED, "word");
    str_free(&s);
    arena_free(&arena);
}

static void an_index_finds_the_first_row_of_a_text(void **state)
{
    (void)state;
    struct cif c;
    struct cif_index x;
    parse("loop_\n_t.id\nb\na\nb\n.\nc\n", &c);
    cif_index_make(cif_find(&c, "t", "id"), "id", &arena, &x);
    assert_int_equal(x.n, 4);
    assert_int_equal(cif_index_row(&x, "b"), 0);
    assert_int_equal(cif_index_row(&x, "a"), 1);
    assert_int_equal(cif_index_row(&x, "c"), 4);
    assert_int_equal(cif_index_row(&x, "d"), -1);
    assert_int_equal(cif_index_row(&x, NULL), -1);
    cif_index_make(NULL, "id", &arena, &x);
    assert_int_equal(cif_index_row(&x, "a"), -1);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_and_single_items_are_tables),
        cmocka_unit_test(a_block_keeps_its_lines_and_mixed_line_ends),
        cmocka_unit_test(a_section_is_stepped_over_by_its_size),
        cmocka_unit_test(what_is_cut_or_broken_says_where),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(an_index_finds_the_first_row_of_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
