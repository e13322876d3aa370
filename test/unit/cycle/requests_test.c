/* requests_test.c - what pages ask for, as command lines. */
#include "cycle/requests.h"

#include "support.h"

#include <string.h>

/* The words joined by '|', or the error's fact. */
static const char *line_of(struct arena *a, const char *verb, const char *args, const char **phil,
                           bool *detached)
{
    const char *const *words;
    struct error err = {0};
    char *text = "";
    if (!request_words(verb, args, "/out/7.phil", a, &words, phil, detached, &err))
        return arena_printf(a, "error: %s", err.fact);
    for (; *words; words++)
        text = arena_printf(a, "%s%s%s", text, *text ? "|" : "", *words);
    return text;
}

static void every_verb_that_waits_for_the_watcher_has_a_command(void **state)
{
    (void)state;
    static const struct {
        const char *verb, *args, *line, *phil;
        bool detached;
    } cases[] = {
        {"trial.add",
         "{\"phil\":\"a = 1\",\"comment\":\"small spots\",\"active\":true,\"groups\":[1,\"3-5\"]}",
         "trial|add|--comment=small spots|--active|--group=1,3-5|--|/out/7.phil", "a = 1", false},
        {"trial.add", "{\"from\":3,\"phil\":\"a = 1\",\"active\":false}", "trial|copy|--|3|/out/7.phil",
         "a = 1", false},
        {"group.add", "{\"first\":12,\"open\":true,\"trials\":1,\"phil\":\"b = 2\"}",
         "group|add|--first=12|--open|--trial=1|--|/out/7.phil", "b = 2", false},
        {"group.edit", "{\"group\":2,\"last\":\"40\",\"exclude\":[17,18],\"phil\":\"\"}",
         "group|edit|--last=40|--exclude=17,18|--|2|/out/7.phil", "", false},
        {"calib.add", "{\"kind\":\"gain\",\"label\":\"--x\",\"file\":\"ab\",\"name\":\"a b\",\"first\":3}",
         "calib|add|--handed=ab|--name=a b|--first=3|--|gain|--x", NULL, false},
        {"job.delete", "{\"jobs\":\"3-5\"}", "job|delete|--yes|--|3-5", NULL, false},
        {"doctor.run", "{}", "doctor|--keep|--", NULL, true},
        {"run.fetch", "{\"runs\":[12,\"run_7\"]}", "run|fetch|--|12|run_7", NULL, true},
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *phil = "?";
        bool detached = false;
        assert_string_equal(line_of(&a, cases[i].verb, cases[i].args, &phil, &detached), cases[i].line);
        assert_int_equal(detached, cases[i].detached);
        assert_int_equal(phil == NULL, cases[i].phil == NULL);
        if (phil)
            assert_string_equal(phil, cases[i].phil);
    }
    for (size_t i = 0; store_verb_at(i); i++) { /* and the store knows of no other */
        const struct store_verb *v = store_verb_at(i);
        const char *phil;
        bool detached;
        if (!v->rows_only || strstr(v->fields, " phil"))
            assert_null(strstr(line_of(&a, v->name, "{}", &phil, &detached), "does not know"));
    }
    arena_free(&a);
}

static void nothing_that_people_type_is_an_option(void **state)
{
    (void)state;
    struct arena a = {0};
    const char *phil;
    bool detached;
    assert_string_equal(
        line_of(&a, "trial.add", "{\"phil\":\"\",\"comment\":\"--active\"}", &phil, &detached),
        "trial|add|--comment=--active|--|/out/7.phil");
    assert_string_equal(line_of(&a, "run.fetch", "{\"runs\":[\"--in=/etc\",\"$(x)\"]}", &phil, &detached),
                        "run|fetch|--|--in=/etc|$(x)");
    arena_free(&a);
}

static void what_cannot_be_meant_is_refused(void **state)
{
    (void)state;
    struct arena a = {0};
    const char *phil;
    bool detached;
    assert_non_null(
        strstr(line_of(&a, "db.drop", "{}", &phil, &detached), "does not know how to do db.drop"));
    assert_non_null(strstr(line_of(&a, "job.delete", "{", &phil, &detached), "error: "));
    assert_non_null(
        strstr(line_of(&a, "job.delete", "{\"jobs\":[{}]}", &phil, &detached), "neither text nor number"));
    assert_non_null(
        strstr(line_of(&a, "job.delete", "{\"jobs\":1.5}", &phil, &detached), "neither text nor number"));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_that_waits_for_the_watcher_has_a_command),
        cmocka_unit_test(nothing_that_people_type_is_an_option),
        cmocka_unit_test(what_cannot_be_meant_is_refused),
    };
    return cmocka_run_group_tests_name("cycle/requests", tests, NULL, NULL);
}
