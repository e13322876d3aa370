/* pack.c - see pack.h. */
#include "store/pack.h"

#include "store/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put_u16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

void pack_stages(const struct result *r, uint8_t out[32])
{
    memset(out, 0, 32);
    for (uint32_t i = 0; i < r->n_stages && i < STAGE_MAX; i++) {
        int64_t tenth_ms = (r->stage_ns[i] + 50000) / 100000;
        put_u16(out + 2 * i, tenth_ms > 65535 ? 65535u : (unsigned)tenth_ms);
    }
    put_u16(out + 18, r->thread > 65535 ? 65535u : r->thread);
}

void unpack_stages(const uint8_t in[32], double ms[STAGE_MAX])
{
    for (int i = 0; i < STAGE_MAX; i++)
        ms[i] = 0.1 * (in[2 * i] << 8 | in[2 * i + 1]);
}

void pack_reals(const double *values, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, values + i, 8);
        for (int b = 0; b < 8; b++)
            out[8 * i + (size_t)b] = (uint8_t)(bits >> (56 - 8 * b));
    }
}

void unpack_reals(const uint8_t *in, size_t n, double *values)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = 0;
        for (size_t b = 0; b < 8; b++)
            bits = bits << 8 | in[8 * i + b];
        memcpy(values + i, &bits, 8);
    }
}

void pack_counts(const uint32_t *values, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < 4; b++)
            out[4 * i + b] = (uint8_t)(values[i] >> (24 - 8 * b));
}

void unpack_counts(const uint8_t *in, size_t n, uint32_t *values)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (uint32_t)in[4 * i] << 24 | (uint32_t)in[4 * i + 1] << 16 | (uint32_t)in[4 * i + 2] << 8 |
                    in[4 * i + 3];
}

void pack_floats(const double *values, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        float value = (float)values[i];
        uint32_t bits;
        memcpy(&bits, &value, 4);
        for (int b = 0; b < 4; b++)
            out[4 * i + (size_t)b] = (uint8_t)(bits >> (24 - 8 * b));
    }
}

/* 15 bits of mantissa and sign around 32768, exponent around 128. */
static void pack_small(double v, uint8_t out[3])
{
    memset(out, 0, 3);
    if (!isfinite(v))
        return;
    int e = 0;
    double m = frexp(v, &e); /* |m| in [0.5, 1) */
    long scaled = lrint(m * 32768);
    if (labs(scaled) == 32768)
        scaled = scaled > 0 ? 32767 : -32767;
    int exponent = e - 15 + 128;
    if (v == 0 || exponent < 0)
        scaled = 0, exponent = 128;
    if (exponent > 255)
        scaled = v > 0 ? 32767 : -32767, exponent = 255;
    put_u16(out, (unsigned)(scaled + 32768));
    out[2] = (uint8_t)exponent;
}

double unpack_small(const uint8_t in[3])
{
    int m = in[0] << 8 | in[1];
    return m ? ldexp(m - 32768, in[2] - 128) : NAN;
}

void pack_shells(const struct reflection *rows, size_t n, double d_min, uint8_t out[110])
{
    enum { SHELLS = 10 };
    unsigned count[SHELLS] = {0};
    double sum_i[SHELLS] = {0}, sum_s[SHELLS] = {0}, sum_is[SHELLS] = {0};
    for (size_t k = 0; k < n; k++) {
        const struct reflection *r = rows + k;
        if (!(r->d > 0) || !(r->variance > 0))
            continue;
        int shell = (int)(SHELLS * pow(d_min / r->d, 3)); /* equal volume in reciprocal space */
        if (shell < 0 || shell >= SHELLS)
            shell = SHELLS - 1;
        double sigma = sqrt(r->variance);
        count[shell]++;
        sum_i[shell] += r->intensity;
        sum_s[shell] += sigma;
        sum_is[shell] += r->intensity / sigma;
    }
    for (int s = 0; s < SHELLS; s++) {
        uint8_t *p = out + 11 * s;
        put_u16(p, count[s] > 65535 ? 65535u : count[s]);
        double c = count[s];
        pack_small(c > 0 ? sum_i[s] / c : NAN, p + 2);
        pack_small(c > 0 ? sum_s[s] / c : NAN, p + 5);
        pack_small(c > 0 ? sum_is[s] / c : NAN, p + 8);
    }
}

double store_shell_limit(const struct result *r)
{
    double d_min = 1, d_max;
    if (r->shells)
        return r->shell_d;
    detector_resolution(r->detector, &r->beam.v, &d_min, &d_max);
    return d_min;
}

void store_shells(const struct result *r, uint32_t lattice, uint8_t out[RESULT_SHELLS])
{
    if (r->shells) {
        memcpy(out, r->shells[lattice], RESULT_SHELLS);
        return;
    }
    size_t first = 0, n = 0;
    for (size_t i = 0; i < r->n_integrated; i++) {
        if (r->integrated[i].lattice == lattice) {
            first = n ? first : i;
            n++;
        }
    }
    pack_shells(r->integrated + first, n, store_shell_limit(r), out);
}
