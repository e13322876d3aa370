/* lex_test.c - words: where they begin and end, quotes, comments. */
#include "phil_text.h"

/* Words of a text joined by | with their quotes; "!" when it is refused. */
static const char *cut(struct arena *a, const char *text, enum phil_mode mode)
{
    struct phil_lexer x = {.arena = a, .source = text_source(a, text), .line = 1};
    struct str s = {0};
    struct phil_word w;
    bool got;
    while (phil_next_word(&x, mode, &w, &got, NULL)) {
        if (!got) {
            const char *result = arena_strdup(a, s.text ? s.text : "");
            str_free(&s);
            return result;
        }
        str_printf(&s, "%s%s%s", s.len ? "|" : "", phil_quote_text(w.quote), w.text);
    }
    str_free(&s);
    return "!";
}

static void names_and_values_are_cut_differently(void **state)
{
    assert_string_equal(cut(*state, "a{b=1;c}", PHIL_NAMES), "a|{|b|=|1;c|}");
    assert_string_equal(cut(*state, "a{b=1;c}", PHIL_VALUE), "a|{|b=1|;|c|}");
    assert_string_equal(cut(*state, "a{b=1;c}", PHIL_LOOSE), "a{b=1;c}");
}

static void comments_begin_at_the_start_of_a_name_only(void **state)
{
    assert_string_equal(cut(*state, "a #c\nb#d # e\n#phil x", PHIL_NAMES), "a|b#d|#phil|x");
    assert_string_equal(cut(*state, "a #c # d", PHIL_VALUE), "a|#c|#|d");
}

static void quotes_open_only_at_the_start_of_a_word(void **state)
{
    assert_string_equal(cut(*state, "x'y z' 'a b'c", PHIL_VALUE), "x'y|z'|'a b|c");
    assert_string_equal(cut(*state, "'it\\'s' \"\\\\\" '\\n' 'a\\\nb'", PHIL_VALUE), "'it's|\"\\|'\\n|'ab");
    assert_string_equal(cut(*state, "\"\"\"a \"b\" c\"\"\" '''d'e'''", PHIL_VALUE), "\"\"\"a \"b\" c|'''d'e");
    assert_string_equal(cut(*state, "'' \"\"", PHIL_VALUE), "'|\"");
}

static void an_open_quote_is_refused_where_it_begins(void **state)
{
    struct phil_lexer x = {.arena = *state, .source = text_source(*state, "a\n 'b\nc"), .line = 1};
    struct phil_word w;
    struct error err;
    bool got;
    assert_true(phil_next_word(&x, PHIL_VALUE, &w, &got, &err));
    assert_false(phil_next_word(&x, PHIL_VALUE, &w, &got, &err));
    assert_string_equal(err.fact, "input:2:2: the quote that begins here is not closed");
    assert_string_equal(cut(*state, "\"", PHIL_VALUE), "!");
    assert_string_equal(cut(*state, "'''a''", PHIL_VALUE), "!");
    assert_string_equal(cut(*state, "'a\\", PHIL_VALUE), "!");
}

static void white_space_is_that_of_python(void **state)
{
    assert_string_equal(cut(*state,
                            "a\tb\rc\vd\fe\x1c"
                            "f\xc2\x85g\xc2\xa0h\xe2\x80\xa8i\xe3\x80\x80j",
                            PHIL_VALUE),
                        "a|b|c|d|e|f|g|h|i|j");
    assert_int_equal(phil_space("\xe2\x80\x8b", 3), 0); /* zero width space is none */
    assert_int_equal(phil_space("\xc2", 1), 0);
    assert_int_equal(phil_space("", 0), 0);
}

static void only_line_feeds_count_lines(void **state)
{
    struct phil_lexer x = {.arena = *state, .source = text_source(*state, "a\r\v\f\nb 'c\nd' e"), .line = 1};
    static const uint32_t lines[] = {1, 2, 2, 3};
    struct phil_word w;
    bool got;
    for (size_t i = 0; i < 4; i++) {
        assert_true(phil_next_word(&x, PHIL_VALUE, &w, &got, NULL));
        assert_int_equal(w.place.line, lines[i]);
    }
}

static void names_are_dotted_identifiers(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "_", "a.b", "A9.b_c", "__a"}, *const bad[] = {
                                                                              "",    ".",    "a.",
                                                                              ".a",  "a..b", "9a",
                                                                              "a.9", "a-b",  "\xc3\xa9"};
    for (size_t i = 0; i < 5; i++)
        assert_true(phil_is_name(good[i], strlen(good[i])));
    for (size_t i = 0; i < 9; i++)
        assert_false(phil_is_name(bad[i], strlen(bad[i])));
}

static void a_word_that_is_shown_reads_back(void **state)
{
    static const char *const texts[] = {"a b", "it's", "\\", "a\\", "'\\''", "$x", "#", "\"", "a\nb", ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (enum phil_quote q = PHIL_SINGLE; q <= PHIL_DOUBLE3; q++) {
            struct phil_word w = {.text = texts[i], .n = strlen(texts[i]), .quote = q};
            struct str s = {0};
            phil_word_show(&s, &w);
            struct phil_words back = phil_words_of(*state, arena_strdup(*state, s.text));
            assert_int_equal(back.n, 1);
            assert_string_equal(back.word[0].text, texts[i]);
            assert_int_equal(back.word[0].quote, q);
            str_free(&s);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(names_and_values_are_cut_differently),
        text_test(comments_begin_at_the_start_of_a_name_only),
        text_test(quotes_open_only_at_the_start_of_a_word),
        text_test(an_open_quote_is_refused_where_it_begins),
        text_test(white_space_is_that_of_python),
        text_test(only_line_feeds_count_lines),
        text_test(names_are_dotted_identifiers),
        text_test(a_word_that_is_shown_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
