/* kernels.h - the table of kernels that have more than one form.
 *
 * "ref" is the plain C form: always there, the definition of right. Faster forms of later columns give the
 * same bytes and are chosen by name or by what the processor can do. A caller fetches the table once and
 * calls through it.
 */
#ifndef XFELX_KERNELS_KERNELS_H
#define XFELX_KERNELS_KERNELS_H

#include "kernels/label.h"
#include "kernels/mask.h"
#include "kernels/spotfind.h"
#include "kernels/types.h"

struct kernels {
    const char *isa; /* word of this column: "ref" */
    size_t (*spotfind_panel)(const struct spotfind_params *p, const struct spotfind_image *image,
                             struct strong_pixel *strong, size_t capacity, void *work);
    void (*label_panel)(const struct spotfind_params *p, const struct spotfind_image *image, uint32_t panel,
                        struct strong_pixel *strong, size_t n, size_t first, struct spot_list *list,
                        void *work);
};

/* The column of that name; NULL or "auto": the fastest that this processor runs. A name that is none, or that
 * this processor cannot run: NULL. */
const struct kernels *kernels_select(const char *isa);

/* The names, i = 0 … until NULL; the first is "ref". */
const char *kernels_name(size_t i);

#endif
