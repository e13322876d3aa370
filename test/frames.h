/* frames.h - small image files made by tests: SMV, because its header is a few lines of text. */
#ifndef XFELX_TEST_FRAMES_H
#define XFELX_TEST_FRAMES_H

#include "support.h"

#include <string.h>

enum { FRAME_SIDE = 256 };

/* Write a square 16-bit frame of 0.1 mm pixels at 80 mm, 1.3 Å, beam in the middle. */
static inline void frame_write(const char *path, const uint16_t *pixels)
{
    char header[512];
    memset(header, ' ', sizeof header);
    int n = snprintf(header, sizeof header,
                     "{\nHEADER_BYTES=  "
                     "512;\nDIM=2;\nBYTE_ORDER=little_endian;\nTYPE=unsigned_short;\nSIZE1=%d;\nSIZE2=%d;\n"
                     "PIXEL_SIZE=0.1;\nDISTANCE=80;\nWAVELENGTH=1.3;\nBEAM_CENTER_X=12.8;\nBEAM_CENTER_Y=12."
                     "8;\nDETECTOR_SN=1;\n"
                     "DATE=Mon Jan 01 00:00:00 2024;\n}\n",
                     FRAME_SIDE, FRAME_SIDE);
    header[n] = '\f';
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(header, 1, sizeof header, f), sizeof header);
    assert_int_equal(fwrite(pixels, sizeof *pixels, FRAME_SIDE * FRAME_SIDE, f), FRAME_SIDE * FRAME_SIDE);
    assert_int_equal(fclose(f), 0);
}

/* A flat background of 10 with n square spots of 9 pixels on a grid. */
static inline void frame_with_spots(const char *path, int n)
{
    static uint16_t pixels[FRAME_SIDE * FRAME_SIDE];
    for (int i = 0; i < FRAME_SIDE * FRAME_SIDE; i++)
        pixels[i] = (uint16_t)(10 + (i * 7 % 5) - 2);
    for (int s = 0; s < n; s++) {
        int x = 20 + 24 * (s % 9), y = 20 + 24 * (s / 9);
        for (int j = 0; j < 3; j++)
            for (int i = 0; i < 3; i++)
                pixels[(y + j) * FRAME_SIDE + x + i] = (uint16_t)(500 + 100 * (i == 1) + 100 * (j == 1));
    }
    frame_write(path, pixels);
}

#endif
