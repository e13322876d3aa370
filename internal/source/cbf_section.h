/* cbf_section.h - one binary section of a CBF file: its MIME header, checksum and decoding
 * (FORMATS_INPUT 1.1, 1.4, 1.5). */
#ifndef XFELX_SOURCE_CBF_SECTION_H
#define XFELX_SOURCE_CBF_SECTION_H

#include "source/format.h"

struct cbf_section {
    const uint8_t *data;    /* after the four magic bytes */
    size_t size, available; /* bytes stated, bytes that are there */
    uint64_t elements;      /* stated; 0: not stated */
    uint64_t size_of[3];    /* fast, middle, slow; as stated, not yet checked */
    char conversions[64];   /* as written, quotes taken away; "": none (plain numbers) */
    char element_type[64];
    bool big_endian, has_md5;
    uint8_t md5[16];
};

/* Parse the header that starts at data ("--CIF-BINARY-FORMAT-SECTION--") and find the bytes. used: everything
 * up to the end of the bytes, or of the file. ERROR_DAMAGED: no magic bytes or no size; ERROR_TRUNCATED: ends
 * inside the header. */
bool cbf_section_parse(const uint8_t *data, size_t n, const char *path, struct cbf_section *out, size_t *used,
                       struct error *err);

/* Type that decoding gives; dimensions checked against the limits and each other. ERROR_DAMAGED,
 * ERROR_UNSUPPORTED. */
bool cbf_section_shape(const struct cbf_section *s, const char *path, size_t size_of[3],
                       enum pixel_type *type, struct error *err);

/* Verify the checksum and decode into out: product of dimensions elements of the type of cbf_section_shape.
 */
bool cbf_section_decode(const struct cbf_section *s, const char *path, void *out, struct error *err);

/* Bytes of one element of a type. */
size_t pixel_size(enum pixel_type type);

#endif
