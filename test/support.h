/* support.h - what several test programs need: the common includes, and where test data lie. */
#ifndef XFELX_TEST_SUPPORT_H
#define XFELX_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Debian 12's cmocka has none, and a later one's is content with NaN. */
#undef assert_double_equal
#define assert_double_equal(a, b, epsilon)                                                                   \
    do {                                                                                                     \
        double a_ = (a), b_ = (b), difference_ = a_ > b_ ? a_ - b_ : b_ - a_;                                \
        if (!(difference_ <= (epsilon)))                                                                     \
            fail_msg("%.17g is not %.17g", a_, b_);                                                          \
    } while (0)

/* Path of a file of the shared test data ($XFELX_TEST_DATA, else ../shared/data). Skips the test when it is not there. */
static inline const char *support_data(const char *name, char path[4096])
{
    const char *folder = getenv("XFELX_TEST_DATA");
    snprintf(path, 4096, "%s/%s", folder ? folder : "../shared/data", name);
    if (access(path, R_OK) != 0) {
        print_message("needs %s\n", path);
        skip();
    }
    return path;
}

/* A folder of its own for a test, removed by the caller's rm. Ends the test when it cannot be made. */
static inline char *support_folder(char path[64])
{
    snprintf(path, 64, "/tmp/xfelx_test_XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

/* Processes that were just told to end may still write into it: again, for a few seconds. */
static inline void support_remove(const char *folder)
{
    char command[256];
    snprintf(command, sizeof command,
             "for i in 1 2 3 4 5 6 7 8 9; do rm -rf '%s' 2>/dev/null && exit 0; sleep 0.$i; done; exit 1",
             folder);
    assert_int_equal(system(command), 0);
}

/* Content of a file of the shared test data as text, to be freed; skips the test when it is not there. */
static inline char *support_text(const char *name)
{
    char path[4096];
    FILE *f = fopen(support_data(name, path), "rb");
    assert_non_null(f);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

/* Content of a gzip file of the shared test data as text, to be freed; skips the test when it is not there. */
static inline char *support_gunzip(const char *name)
{
    char path[4096];
    FILE *f = fopen(support_data(name, path), "rb");
    assert_non_null(f);
    static uint8_t packed[4 << 20];
    size_t n = fread(packed, 1, sizeof packed, f);
    fclose(f);
    assert_true(n > 18 && n < sizeof packed);
    size_t size = packed[n - 4] | (size_t)packed[n - 3] << 8 | (size_t)packed[n - 2] << 16 |
                  (size_t)packed[n - 1] << 24;
    char *text = malloc(size + 1);
    assert_non_null(text);
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    assert_int_equal(libdeflate_gzip_decompress(d, packed, n, text, size, NULL), LIBDEFLATE_SUCCESS);
    libdeflate_free_decompressor(d);
    text[size] = 0;
    return text;
}

#endif
