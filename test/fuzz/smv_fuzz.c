/* smv_fuzz.c - any bytes as an SMV or MarCCD file, plain or packed. */
#include "source/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const double centre[2] = {1, 2};
    struct source *s = NULL;
    struct frame_buffer buffer = {0};
    struct frame f;
    struct error err = {0};
    struct source_options options = {.wavelength = 1, .distance = 100, .beam_centre_fast_slow = centre};
    const struct source_options *o = n % 2 ? &options : NULL; /* half of the inputs with overrides */
    if (source_open_memory(data, n, "fuzz", o, &s, &err))
        source_read(s, 0, &buffer, &f, &err);
    source_close(s);
    frame_buffer_free(&buffer);
    return 0;
}
