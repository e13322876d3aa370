/* lcls_fuzz.c - any JSON as the answer of LCLS' run table, looked at twice: refused, or runs in order, each file counted once, and
 * none may start that has no file here. The second look knows the first one's runs. */
#include "facility/lcls.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool look(void *owner, const char *path, uint64_t *size, int64_t *modified_ns)
{
    (void)owner;
    *size = strlen(path);
    *modified_ns = 5;
    return strlen(path) % 3 != 0;
}

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_runs(const struct facility_settings *s, const struct observations *o)
{
    for (size_t i = 0; i < o->n; i++) {
        const struct observation *r = &o->at[i];
        check(i == 0 || strcmp(o->at[i - 1].path, r->path) < 0);
        check(r->n_here <= r->n_files && r->state > 0 && r->state < RUN_STATE_END && r->name && r->reason);
        check(r->n_here > 0 || !facility_may_start(s, r));
        check(observations_find(o, r->path) == r);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct facility_settings s = {.experiment = "mfx1",
                                               .location = "NERSC",
                                               .root = "/data",
                                               .stable_polls = 2,
                                               .poll = 30,
                                               .empty_grace = 60,
                                               .start_at = "complete"};
    struct observations first = {0}, second = {0};
    struct error err = {0};
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = 0;
    struct json *j = json_parse(text, size, "fuzz", &err);
    if (j && lcls_observe(&s, j, NULL, look, NULL, 1000, &first, &err)) {
        check_runs(&s, &first);
        if (lcls_observe(&s, j, &first, look, NULL, 100000000000, &second, &err)) {
            check_runs(&s, &second);
            check(second.n >= first.n);
        }
        for (size_t i = 0; i < first.n && i < 20; i++)
            lcls_confirms(&s, j, &first.at[i]);
    }
    observations_free(&first);
    observations_free(&second);
    json_free(j);
    free(text);
    return 0;
}
