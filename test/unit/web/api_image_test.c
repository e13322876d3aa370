/* api_image_test.c - pictures over HTTP: what is not there, and what cannot be asked. A real frame: test/services/frames_test. */
#include "served.h"

static void what_cannot_be_shown_is_said_with_its_status(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int status;
    } cases[] = {{"picture", 422}, /* the file is gone */
                 {"tile?level=0&column=0&row=0", 422},
                 {"values?x=3&y=4", 422},
                 {"tile", 400},
                 {"tile?level=0&column=0", 400},
                 {"tile?level=-1&column=0&row=0", 400},
                 {"tile?level=21&column=0&row=0", 400},
                 {"tile?level=0&column=9999999999&row=0", 400},
                 {"tile?level=0&column=1.5&row=0", 400},
                 {"values?x=3", 400},
                 {"values?x=a&y=4", 400}};
    served_start();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128];
        snprintf(path, sizeof path, "/api/v1/frames/1/0/0/%s", cases[i].path);
        int status = served_status(served_ask("GET", path, "", NULL));
        if (status != cases[i].status)
            fail_msg("%s: %d", path, status);
    }
    assert_int_equal(served_status(served_ask("GET", "/api/v1/frames/1/0/99/picture", "", NULL)), 404);
    assert_int_equal(served_status(served_ask("POST", "/api/v1/frames/1/0/0/picture", "", NULL)), 405);
    served_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_cannot_be_shown_is_said_with_its_status)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
