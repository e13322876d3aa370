/* select.c - the columns of the kernel table and the choice among them. */
#include "kernels/kernels.h"

#include <string.h>

/* In order of preference, the plain form last; "runs" asks the processor. */
static bool always(void)
{
    return true;
}

static const struct column {
    bool (*runs)(void);
    struct kernels kernels;
} columns[] = {
    // clang-format off
    {always, {"ref", spotfind_panel_ref, label_panel_ref}},
    // clang-format on
};

enum { N_COLUMNS = sizeof columns / sizeof *columns };

const struct kernels *kernels_select(const char *isa)
{
    bool any = !isa || !strcmp(isa, "auto");

    for (size_t i = 0; i < N_COLUMNS; i++)
        if ((any || !strcmp(isa, columns[i].kernels.isa)) && columns[i].runs())
            return &columns[i].kernels;
    return NULL;
}

const char *kernels_name(size_t i)
{
    return i < N_COLUMNS ? columns[N_COLUMNS - 1 - i].kernels.isa : NULL;
}
