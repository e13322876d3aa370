/* request_fuzz.c - any bytes as the first line, the Host, the Cookie and the address of a request: what is understood keeps the promises
 * of target.h and gate.h. */
#include "web/gate.h"
#include "web/target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_target(const char *raw, const char *prefix)
{
    static struct target t;
    char parts[TARGET_PARTS][TARGET_PART];
    int status = target_parse(raw, prefix, &t);
    check(status == 0 || status == 400 || status == 404 || status == 414);
    if (status)
        return;
    check(t.path[0] == '/' && strlen(t.path) < sizeof t.path);
    check(!strstr(t.path, "//") && !strstr(t.path, "/../") && !strchr(t.path, '\\') &&
          !str_ends(t.path, "/.."));
    check(t.n_query <= TARGET_QUERY);
    for (size_t i = 0; i < t.n_query; i++)
        check(t.query[i].name >= t.text &&
              t.query[i].value + strlen(t.query[i].value) < t.text + sizeof t.text);
    if (target_matches("/api/v1/frames/{}/{}/{}/image.png", t.path, parts))
        for (int i = 0; i < 3; i++)
            check(parts[i][0] && !strchr(parts[i], '/'));
    const char *value = target_value(&t, "t");
    check(!value || strlen(value) < sizeof t.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    char *text = arena_strndup(&a, (const char *)data, size), *lines[3] = {text, NULL, NULL};
    for (int i = 1; i < 3; i++) {
        char *end = lines[i - 1] ? strchr(lines[i - 1], '\n') : NULL;
        if (end) {
            *end = 0;
            lines[i] = end + 1;
        }
    }
    check_target(lines[0], "/");
    check_target(lines[0], "/xfelx/");
    static const char *const names[] = {"status.example.org"};
    char out[33];
    gate_host_is_ours(lines[1], names, 1);
    if (lines[2] && gate_cookie(lines[2], "xfelx_s_012345", out, sizeof out))
        check(strlen(out) < sizeof out);
    arena_free(&a);
    return 0;
}
