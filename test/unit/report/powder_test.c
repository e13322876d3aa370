/* powder_test.c - what a powder picture says. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static char folder[] = "/tmp/xfelx_powder_report_XXXXXX";
static struct arena arena;

static void put(const char *text)
{
    struct error err = {0};
    assert_true(fs_write_atomic(fs_join(&arena, folder, "powder.json"), text, strlen(text), &err));
}

static void a_file_is_found_read_and_told(void **state)
{
    (void)state;
    struct error err = {0};
    struct powder_report r;
    struct str out = {0};
    assert_null(powder_find(folder, "json", NULL, &arena));
    assert_null(powder_find("relative", "json", NULL, &arena));
    put("{\"frames\": 48, \"hits\": 32, \"bin\": 2, \"judged\": true, \"radial\": [null, 1.5], \"panels\": "
        "[{\"name\": "
        "\"a\", \"cells\": 100, \"masked\": 4, \"dead\": 1, \"hot\": 2, \"mean\": 0.5, \"max\": 9}, "
        "{\"name\": 7}]}");
    const char *path = powder_find(folder, "json", NULL, &arena);
    assert_non_null(path);
    assert_true(powder_read(path, &arena, &r, &err));
    assert_int_equal(r.n_panels, 2);
    assert_int_equal(r.n_radial, 2);
    assert_true(isnan(r.radial[0]) && r.radial[1] == 1.5 && isnan(r.wavelength) && isnan(r.panels[1].cells));
    r.n_panels = 1;
    powder_text(&r, 48, &out);
    assert_string_equal(out.text, "48 frames, 32 of them hits; 100 px in 1 panel, 4 masked, 2 hot, 1 dead\n"
                                  "  panel 0 a: 2 hot, 1 dead, mean 0.500, largest 9\n");
    str_clear(&out);
    powder_text(&r, 60, &out); /* a process was killed: its frames are done, but not in the picture */
    assert_true(str_starts(out.text, "48 of 60 frames, 32 of them hits;"));
    str_clear(&out);
    r.frames = 1;
    powder_text(&r, 1, &out);
    assert_true(str_starts(out.text, "1 frame, 32 of them hits;"));
    str_free(&out);
}

static void what_is_no_such_file_is_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct powder_report r;
    static const char *const bad[] = {"", "{", "nothing"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put(bad[i]);
        assert_false(powder_read(fs_join(&arena, folder, "powder.json"), &arena, &r, &err));
    }
    put("[1, 2]"); /* JSON, but of something else: nothing is known */
    assert_true(powder_read(fs_join(&arena, folder, "powder.json"), &arena, &r, &err));
    assert_int_equal(r.n_panels, 0);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    unlink(fs_join(&arena, folder, "powder.json"));
    arena_free(&arena);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_found_read_and_told),
        cmocka_unit_test(what_is_no_such_file_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
