/* hash_test.c - checksums against published vectors, and independence of how data are cut into pieces. */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void known_digests_come_out(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sha256, *md5;
    } rows[] = {
        /* FIPS 180-4 examples and RFC 1321, A.5; lengths on both sides of the padding's edge */
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "d41d8cd98f00b204e9800998ecf8427e"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
         "900150983cd24fb0d6963f7d28e17f72"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
         "8215ef0796a20bcaaae116d3876c664a"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "f371bc4a311f2b009eef952dd83ca80e2b60026c8e935592d0f9c308453c813e",
         "57edf4a22be3c955ac49da2e2107b67a"},
    };
    uint8_t hash[32];
    char text[65];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sha256(rows[i].text, strlen(rows[i].text), hash);
        assert_string_equal(hash_hex(hash, 32, text), rows[i].sha256);
        md5(rows[i].text, strlen(rows[i].text), hash);
        assert_string_equal(hash_hex(hash, 16, text), rows[i].md5);
    }
    assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
    assert_int_equal(hash_adler32(1, "123456789", 9), 0x091E01DE);
    assert_int_equal(hash_adler32(1, "", 0), 1);
    assert_int_equal(crc32c(0, "", 0), 0);
}

static void a_sum_does_not_depend_on_the_pieces(void **state)
{
    (void)state;
    uint8_t data[517], whole[32], pieces[32];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 13);
    sha256(data, sizeof data, whole);
    uint32_t crc = crc32c(0, data, sizeof data);
    for (size_t step = 1; step < 140; step++) {
        struct sha256 h;
        uint32_t c = 0;
        sha256_start(&h);
        for (size_t at = 0; at < sizeof data; at += step) {
            size_t n = sizeof data - at < step ? sizeof data - at : step;
            sha256_add(&h, data + at, n);
            sha256_add(&h, data, 0);
            c = crc32c(c, data + at, n);
        }
        sha256_end(&h, pieces);
        assert_memory_equal(whole, pieces, 32);
        assert_int_equal(c, crc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests_come_out),
        cmocka_unit_test(a_sum_does_not_depend_on_the_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
