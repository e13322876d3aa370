/* transfer_test.c - listings, commands, and names that must not be. Downloads: test/faults/fetch, with a real server. */
#include "facility/transfer.h"
#include "support.h"

#include <string.h>

static void a_listing_of_xrootd_gives_names_as_they_are(void **state)
{
    (void)state;
    const char *xml =
        "<D:multistatus><D:response><D:href>/data/run1/</D:href><lp1:iscollection>1</lp1:iscollection>"
        "<lp1:getcontentlength>4096</lp1:getcontentlength></D:response>"
        "<D:response><D:href>/data/run1/with space &amp; "
        "\xc3\xa9%41&#10;&#xE9;&#8364;&#x1F52C;&#0;&#x;&no;.txt</D:href><lp1:getcontentlength>12</"
        "lp1:getcontentlength>"
        "<lp1:iscollection>0</lp1:iscollection></D:response>"
        "<D:response><D:href>/data/run1/..</D:href><lp1:getcontentlength>12</lp1:getcontentlength></"
        "D:response></D:multistatus>";
    struct arena a = {0};
    struct transfer_entry *e;
    struct error err = {0};
    size_t n;
    assert_true(transfer_listing(xml, strlen(xml), &a, &e, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(e[0].name,
                        "with space & \xc3\xa9%41\n\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\xac&#0;&#x;&no;.txt");
    assert_int_equal(e[0].size, 12);
    for (size_t cut = 0; cut < strlen(xml); cut++) /* any beginning is read or refused */
        transfer_listing(xml, cut, &a, &e, &n, &err);
    assert_false(transfer_listing("<html>", 6, &a, &e, &n, &err));
    arena_free(&a);
}

static void a_listing_of_other_servers_is_unescaped_and_cannot_leave_the_folder(void **state)
{
    (void)state;
    const char *xml =
        "<m><response><href>/r/a%20b.h5</href><x:getcontentlength>1</x:getcontentlength></response>"
        "<response><href>/r/..%2Fetc%2Fpasswd</href><getcontentlength>1</getcontentlength></response>"
        "<response><href>/r/sub/</href><resourcetype><collection/></resourcetype><getcontentlength>1</"
        "getcontentlength></response></m>";
    struct arena a = {0};
    struct transfer_entry *e;
    struct error err = {0};
    size_t n;
    assert_true(transfer_listing(xml, strlen(xml), &a, &e, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(e[0].name, "a b.h5");
    arena_free(&a);
}

static void a_command_gives_no_file_its_name_before_it_is_whole(void **state)
{
    (void)state;
    char from[64], to[64], path[256];
    const char *const names[] = {"a'b $(touch x)\n.h5"};
    struct error err = {0};
    struct transfer_report r;
    support_folder(from), support_folder(to);
    snprintf(path, sizeof path, "%s/%s", from, names[0]);
    FILE *f = fopen(path, "w");
    fputs("data", f);
    fclose(f);
    struct transfer t = {
        .from = from, .to = to, .command = "cp -- <source> <target> && false", .names = names, .n_names = 1};
    assert_false(transfer_fetch(&t, &r, &err));
    snprintf(path, sizeof path, "%s/%s", to, names[0]);
    assert_int_not_equal(access(path, F_OK), 0);
    t.command = "cp -- <source> <target>";
    assert_true(transfer_fetch(&t, &r, &err));
    assert_int_equal(r.n_done, 1);
    assert_int_equal(access(path, F_OK), 0);
    assert_true(transfer_fetch(&t, &r, &err));
    assert_int_equal(r.n_there, 1);
    t.names = (const char *const[]){"../x"};
    assert_false(transfer_fetch(&t, &r, &err));
    support_remove(from), support_remove(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listing_of_xrootd_gives_names_as_they_are),
        cmocka_unit_test(a_listing_of_other_servers_is_unescaped_and_cannot_leave_the_folder),
        cmocka_unit_test(a_command_gives_no_file_its_name_before_it_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
