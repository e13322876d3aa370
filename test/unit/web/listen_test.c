/* listen_test.c - addresses as people type them. */
#include "web/listen.h"

#include "support.h"

#include <string.h>
#include <sys/stat.h>

static void addresses_are_understood_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good, loopback;
    } cases[] = {
        {"8080", true, true},
        {"0", true, true},
        {":8080", true, true},
        {"127.0.0.1:8080", true, true},
        {"127.1.2.3:1", true, true},
        {"localhost:80", true, true},
        {"[::1]:80", true, true},
        {"[::]:80", true, false},
        {"0.0.0.0:80", true, false},
        {"10.1.2.3:65535", true, false},
        {"unix:/a/b", true, true},
        {"unix:b", false, false},
        {"", false, false},
        {":", false, false},
        {"65536", false, false},
        {"-1", false, false},
        {"a:80", false, false},
        {"::1:80", false, false},
        {"[::1]", false, false},
        {"[::g]:80", false, false},
        {"1.2.3:80", false, false},
        {"127.0.0.1:", false, false},
        {"127.0.0.1:8x", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct listen_address l;
        struct error err = {0};
        bool good = listen_parse(cases[i].text, &l, &err);
        if (good != cases[i].good || (good && l.loopback != cases[i].loopback) ||
            (!good && err.code != ERROR_USAGE))
            fail_msg("\"%s\"", cases[i].text);
    }
}

static void a_port_of_another_program_is_said(void **state)
{
    (void)state;
    struct listen_address l;
    struct error err = {0};
    char name[80];
    assert_true(listen_parse("0", &l, &err));
    int fd = listen_open(&l, "0", &err);
    assert_true(fd >= 0);
    listen_name(fd, name);
    assert_true(listen_parse(name, &l, &err));
    assert_int_equal(listen_open(&l, name, &err), -1);
    assert_non_null(strstr(err.hint, "another program"));
    close(fd);
}

static void the_system_keeps_little_of_an_answer(void **state)
{
    (void)state;
    struct listen_address l;
    struct error err = {0};
    char name[80];
    int room = 0;
    socklen_t size = sizeof room;
    assert_true(listen_parse("0", &l, &err));
    int fd = listen_open(&l, "0", &err);
    listen_name(fd, name);
    assert_true(listen_parse(name, &l, &err));
    int client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&l.address, l.size), 0);
    int accepted = accept(fd, NULL, NULL);
    assert_int_equal(getsockopt(accepted, SOL_SOCKET, SO_SNDBUF, &room, &size), 0);
    assert_int_equal(room, 2 * LISTEN_SENT_AHEAD);
    close(accepted);
    close(client);
    close(fd);
}

static void a_dead_socket_is_replaced_and_a_living_one_is_not(void **state)
{
    (void)state;
    char folder[64], text[96];
    struct listen_address l;
    struct error err = {0};
    struct stat st;
    support_folder(folder);
    snprintf(text, sizeof text, "unix:%s/s", folder);
    assert_true(listen_parse(text, &l, &err));
    int fd = listen_open(&l, text, &err);
    assert_true(fd >= 0);
    assert_int_equal(stat(text + 5, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(listen_open(&l, text, &err), -1);
    close(fd);
    fd = listen_open(&l, text, &err);
    assert_true(fd >= 0);
    close(fd);
    support_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_understood_or_refused),
        cmocka_unit_test(a_port_of_another_program_is_said),
        cmocka_unit_test(the_system_keeps_little_of_an_answer),
        cmocka_unit_test(a_dead_socket_is_replaced_and_a_living_one_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
