/* pickle_fuzz.c - any bytes as a pickled mask. */
#include "source/pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = {0};
    struct pickle_mask mask;
    struct error err = {0};
    if (pickle_read_mask(data, n, "fuzz", &a, &mask, &err))
        for (size_t i = 0; i < mask.n_arrays; i++)
            for (size_t k = 0; k < mask.arrays[i].n_fast * mask.arrays[i].n_slow; k++)
                if (mask.arrays[i].values[k] != '0' && mask.arrays[i].values[k] != '1')
                    __builtin_trap();
    arena_free(&a);
    return 0;
}
