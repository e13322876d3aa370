/* ops.c - the schedulers that are known. */
#include "batch/batch.h"

#include <string.h>

static const struct batch_ops *const all[] = {&batch_slurm, &batch_pbs,   &batch_lsf,
                                              &batch_sge,   &batch_local, &batch_own};

const struct batch_ops *batch_ops_at(size_t i)
{
    return i < sizeof all / sizeof *all ? all[i] : NULL;
}

const struct batch_ops *batch_find_ops(const char *name, struct error *err)
{
    struct str names = {0};
    for (size_t i = 0; batch_ops_at(i); i++) {
        if (!strcmp(all[i]->name, name)) {
            str_free(&names);
            return all[i];
        }
        str_printf(&names, "%s%s", i ? ", " : "", all[i]->name);
    }
    error_set(err, ERROR_USAGE, "no scheduler is known as %s", name);
    error_hint(err, "known are %s", names.text);
    str_free(&names);
    return NULL;
}
