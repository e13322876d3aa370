/* cbf_fuzz.c - any bytes as a CBF file: header, axes, sections, decoding. The checksum would stop nearly every changed byte of
 * pixels, so files without one are in the corpus. */
#include "source/format.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct source *s = NULL;
    struct frame_buffer buffer = {0};
    struct frame f;
    struct error err = {0};
    if (n < 6 || memcmp(data, "###CBF", 6) != 0)
        return 0;
    if (source_open_memory(data, n, "fuzz", NULL, &s, &err))
        source_read(s, 0, &buffer, &f, &err);
    source_close(s);
    frame_buffer_free(&buffer);
    return 0;
}
