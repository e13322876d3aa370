/* listing_fuzz.c - any bytes as the answer to a listing: refused, or names of which none leaves its folder. */
#include "facility/transfer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct error err = {0};
    struct transfer_entry *e = NULL;
    size_t n = 0;
    char *text = malloc(size ? size : 1); /* exactly as long as it is */
    memcpy(text, data, size);
    if (transfer_listing(text, size, &a, &e, &n, &err))
        for (size_t i = 0; i < n; i++)
            if (!transfer_name_is_safe(e[i].name))
                abort();
    arena_free(&a);
    free(text);
    return 0;
}
