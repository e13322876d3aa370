/* made.h - small image files made by the tests: miniCBF, imgCIF with four ASICs in two sensors, SMV. Each part can be spoiled. */
#ifndef XFELX_TEST_SOURCE_MADE_H
#define XFELX_TEST_SOURCE_MADE_H

#include "support.h"

#include "source/cif.h"
#include "source/format.h"

#include <string.h>

#define MADE_FAST 6
#define MADE_SLOW 5

/* Base64 of an MD5. */
static inline void made_base64(const uint8_t in[16], char out[25])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0, o = 0; i < 16; i += 3) {
        uint32_t bits = (uint32_t)in[i] << 16;
        bits |= i + 1 < 16 ? (uint32_t)in[i + 1] << 8 | in[i + 2] : 0;
        for (int k = 0; k < 4; k++)
            out[o++] = digits[bits >> (18 - 6 * k) & 63];
    }
    memcpy(out + 22, "==", 3);
}

/* A binary section of n values by byte offset (values differ by less than 128), n_fast * n_mid * n_slow. */
static inline void made_section(struct str *out, const int *values, size_t n_fast, size_t n_mid,
                                size_t n_slow, int id)
{
    size_t n = n_fast * n_mid * n_slow;
    char body[4096], sum[25];
    uint8_t hash[16];
    int last = 0;
    for (size_t i = 0; i < n; i++) {
        body[i] = (char)(values[i] - last);
        last = values[i];
    }
    md5(body, n, hash);
    made_base64(hash, sum);
    str_printf(out,
               ";\r\n--CIF-BINARY-FORMAT-SECTION--\r\nContent-Type: application/octet-stream;\r\n"
               "     conversions=\"x-CBF_BYTE_OFFSET\"\r\nContent-Transfer-Encoding: BINARY\r\n"
               "X-Binary-Size: %zu\r\nX-Binary-ID: %d\r\nX-Binary-Element-Type: \"signed 32-bit integer\"\r\n"
               "X-Binary-Element-Byte-Order: LITTLE_ENDIAN\r\nContent-MD5: %s\r\n"
               "X-Binary-Number-of-Elements: %zu\r\nX-Binary-Size-Fastest-Dimension: %zu\r\n"
               "X-Binary-Size-Second-Dimension: %zu\r\nX-Binary-Size-Third-Dimension: %zu\r\n"
               "X-Binary-Size-Padding: 3\r\n\r\n\x0c\x1a\x04\xd5",
               n, id, sum, n, n_fast, n_mid, n_slow);
    str_addn(out, body, n);
    str_addn(out, "\0\0\0", 3);
    str_add(out, "\r\n--CIF-BINARY-FORMAT-SECTION----\r\n;\r\n");
}

static inline int made_value(size_t i)
{
    return (int)(i * 7 % 50) - 2; /* -2 and -1 occur */
}

static const char made_mini_header[] = "# Detector: PILATUS 6M, S/N 60-0001\n"
                                       "# Pixel_size 172e-6 m x 172e-6 m\n"
                                       "# Silicon sensor, thickness 0.000320 m\n"
                                       "# Count_cutoff 1000 counts\n"
                                       "# Wavelength 1.0000 A\n"
                                       "# Detector_distance 0.20000 m\n"
                                       "# Beam_xy (3.00, 2.00) pixels\n"
                                       "# Angle_increment 0.1000 deg.\n"
                                       "# Detector_2theta 0.0000 deg.\n";

/* A miniCBF of 6 x 5 pixels with these header lines. */
static inline void made_mini(struct str *out, const char *header)
{
    int values[MADE_FAST * MADE_SLOW];
    for (size_t i = 0; i < MADE_FAST * MADE_SLOW; i++)
        values[i] = made_value(i);
    str_clear(out);
    str_printf(out,
               "###CBF: VERSION 1.5\r\n\r\ndata_made\r\n\r\n_array_data.header_convention \"PILATUS_1.2\"\r\n"
               "_array_data.header_contents\r\n;\r\n%s;\r\n\r\n_array_data.data\r\n",
               header);
    made_section(out, values, MADE_FAST, MADE_SLOW, 1, 1);
}

/* An imgCIF: one array 4 x 3 x 2 (two sensors of two ASICs 2 x 3), arm at z = -100, sensors at x = ±10, the second turned by 90°. */
static const char made_full_header[] =
    "###CBF: VERSION 1.7\n# comment\ndata_made\n"
    "_diffrn_radiation_wavelength.id W\n_diffrn_radiation_wavelength.wavelength 1.3\n"
    "loop_\n_axis.id\n_axis.type\n_axis.equipment\n_axis.depends_on\n_axis.vector[1]\n_axis.vector[2]\n"
    "_axis.vector[3]\n_axis.offset[1]\n_axis.offset[2]\n_axis.offset[3]\n_axis.equipment_component\n"
    "SRC general source . 0 0 1 . . . .\n"
    "Z translation detector . 0 0 1 . . . arm\n"
    "S0 rotation detector Z 0 0 1 -10 0 0 sensor\n"
    "S1 rotation detector Z 0 0 1 10 0 0 sensor\n"
    "S0A0_S translation detector S0 0 -1 0 -1 1 0 asic\nS0A0_F translation detector S0A0_S 1 0 0 . . . asic\n"
    "S0A1_S translation detector S0 0 -1 0 1 1 0 asic\nS0A1_F translation detector S0A1_S 1 0 0 . . . asic\n"
    "S1A0_S translation detector S1 0 -1 0 -1 1 0 asic\nS1A0_F translation detector S1A0_S 1 0 0 . . . asic\n"
    "S1A1_S translation detector S1 0 -1 0 1 1 0 asic\nS1A1_F translation detector S1A1_S 1 0 0 . . . asic\n"
    "loop_\n_diffrn_scan_frame_axis.axis_id\n_diffrn_scan_frame_axis.angle\n_diffrn_scan_frame_axis."
    "displacement\n"
    "Z 0 -100\nS0 0 0\nS1 90 0\n"
    "loop_\n_array_structure_list.array_id\n_array_structure_list.array_section_id\n_array_structure_list."
    "index\n"
    "_array_structure_list.dimension\n_array_structure_list.precedence\n_array_structure_list.direction\n"
    "_array_structure_list.axis_set_id\n"
    "ARR . 1 4 1 increasing .\nARR . 2 3 2 increasing .\nARR . 3 2 3 increasing .\n"
    "ARR S0A0 1 2 1 increasing S0A0_F\nARR S0A0 2 3 2 increasing S0A0_S\n"
    "ARR S0A1 1 2 1 increasing S0A1_F\nARR S0A1 2 3 2 increasing S0A1_S\n"
    "ARR S1A0 1 2 1 increasing S1A0_F\nARR S1A0 2 3 2 increasing S1A0_S\n"
    "ARR S1A1 1 2 1 increasing S1A1_F\nARR S1A1 2 3 2 increasing S1A1_S\n"
    "loop_\n_array_structure_list_section.array_id\n_array_structure_list_section.id\n"
    "_array_structure_list_section.index\n_array_structure_list_section.start\n_array_structure_list_section."
    "end\n"
    "ARR S0A0 1 1 2\nARR S0A0 2 1 3\nARR S0A0 3 1 1\nARR S0A1 1 3 4\nARR S0A1 2 1 3\nARR S0A1 3 1 1\n"
    "ARR S1A0 1 1 2\nARR S1A0 2 1 3\nARR S1A0 3 2 2\nARR S1A1 1 3 4\nARR S1A1 2 1 3\nARR S1A1 3 2 2\n"
    "loop_\n_array_structure_list_axis.axis_set_id\n_array_structure_list_axis.axis_id\n"
    "_array_structure_list_axis.displacement\n_array_structure_list_axis.displacement_increment\n"
    "S0A0_F S0A0_F 0 0.1\nS0A0_S S0A0_S 0 0.1\nS0A1_F S0A1_F 0 0.1\nS0A1_S S0A1_S 0 0.1\n"
    "S1A0_F S1A0_F 0 0.1\nS1A0_S S1A0_S 0 0.1\nS1A1_F S1A1_F 0 0.1\nS1A1_S S1A1_S 0 0.1\n"
    "loop_\n_array_intensities.array_id\n_array_intensities.gain\n_array_intensities.overload\n"
    "_array_intensities.undefined_value\nARR 2.5 900 -40\n";

static inline void made_full(struct str *out, const char *header)
{
    int values[24];
    for (size_t i = 0; i < 24; i++)
        values[i] = (int)i;
    str_clear(out);
    str_add(out, header);
    str_add(out, "loop_\n_array_data.array_id\n_array_data.binary_id\n_array_data.data\nARR 1\n");
    made_section(out, values, 4, 3, 2, 1);
}

static const char made_smv_header[] =
    "DIM=2;\nTYPE=unsigned_short;\nBYTE_ORDER=big_endian;\nDETECTOR_SN=423;\n"
    "BEAM_CENTER_X=0.4;\nBEAM_CENTER_Y=0.3;\nDATE=Sat Dec 14 10:17:53 2002;\n"
    "TWOTHETA=-0.009;\nDISTANCE=250.0;\nPIXEL_SIZE=0.1;\nWAVELENGTH=1.0;\n"
    "SIZE1=6;\nSIZE2=5;\nCCD_IMAGE_SATURATION=65535;\n";

static inline void made_smv(struct str *out, const char *header)
{
    str_clear(out);
    str_printf(out, "{\nHEADER_BYTES= 1024;\n%s}\f", header);
    while (out->len < 1024)
        str_addc(out, ' ');
    for (size_t i = 0; i < MADE_FAST * MADE_SLOW; i++) {
        str_addc(out, (char)(i == 0));
        str_addc(out, (char)i);
    }
}

/* Replace the first occurrence; the text must be there. */
static inline void made_change(struct str *s, const char *from, const char *to)
{
    size_t n = strlen(from);
    char *at = memmem(s->text, s->len, from, n);
    assert_non_null(at);
    struct str out = {0};
    str_addn(&out, s->text, (size_t)(at - s->text));
    str_add(&out, to);
    str_addn(&out, at + n, s->len - (size_t)(at - s->text) - n);
    str_free(s);
    *s = out;
}

static inline struct source *made_open(const struct str *s, const struct source_options *o)
{
    struct source *source;
    struct error err = {0};
    if (!source_open_memory(s->text, s->len, "made", o, &source, &err))
        fail_msg("%s | %s", err.fact, err.detail);
    return source;
}

/* Open and read must fail together with this code, and the fact must hold this word. */
static inline void made_fails(const struct str *s, const struct source_options *o, enum error_code code,
                              const char *word)
{
    struct source *source = NULL;
    struct frame_buffer buffer = {0};
    struct frame f;
    struct error err = {0};
    bool ok = source_open_memory(s->text, s->len, "made", o, &source, &err) &&
              source_read(source, 0, &buffer, &f, &err);
    if (ok || err.code != code || !strstr(err.fact, word))
        fail_msg("%s: code %d, \"%s\" (want %d, \"%s\")", ok ? "reads" : "fails", err.code, err.fact, code,
                 word);
    source_close(source);
    frame_buffer_free(&buffer);
}

/* The header with one text changed. */
static inline void made_mini_changed(struct str *out, const char *from, const char *to)
{
    made_mini(out, made_mini_header);
    made_change(out, from, to);
}

static inline void made_near(double got, double want)
{
    if (!(got - want <= 1e-9 && want - got <= 1e-9))
        fail_msg("got %.15g, want %.15g", got, want);
}

#endif
