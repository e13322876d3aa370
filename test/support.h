/* support.h - what several test programs need: the common includes, and where test data lie. */
#ifndef XFELX_TEST_SUPPORT_H
#define XFELX_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

static inline void support_remove(const char *folder)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

#endif
