/* pixel.h - one pixel of any type as double: exact for every type. For single pixels; loops over rows switch
 * once. */
#ifndef XFELX_KERNELS_PIXEL_H
#define XFELX_KERNELS_PIXEL_H

#include "kernels/types.h"

/* Rows of a table over all pixel types: X(enumerator, C type, is whole numbers). */
#define PIXEL_TYPE_TABLE(X)                                                                                  \
    X(PIXEL_U8, uint8_t, true)                                                                               \
    X(PIXEL_I8, int8_t, true)                                                                                \
    X(PIXEL_U16, uint16_t, true)                                                                             \
    X(PIXEL_I16, int16_t, true)                                                                              \
    X(PIXEL_U32, uint32_t, true)                                                                             \
    X(PIXEL_I32, int32_t, true)                                                                              \
    X(PIXEL_F32, float, false)                                                                               \
    X(PIXEL_F64, double, false)

static inline double pixel_value(const void *pixels, enum pixel_type type, size_t i)
{
    switch (type) {
#define X(name, ctype, whole)                                                                                \
    case name:                                                                                               \
        return (double)((const ctype *)pixels)[i];
        PIXEL_TYPE_TABLE(X)
#undef X
    default:
        return 0;
    }
}

/* Bytes of a pixel; 0: no type. */
static inline size_t pixel_bytes(enum pixel_type type)
{
    switch (type) {
#define X(name, ctype, whole)                                                                                \
    case name:                                                                                               \
        return sizeof(ctype);
        PIXEL_TYPE_TABLE(X)
#undef X
    default:
        return 0;
    }
}

static inline bool pixel_is_whole(enum pixel_type type)
{
    return type != PIXEL_F32 && type != PIXEL_F64;
}

#endif
