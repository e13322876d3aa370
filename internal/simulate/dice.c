/* dice.c - generators of Blackman and Vigna (2019) and Steele, Lea and Flood (2014); Poisson numbers by Hörmann (1993). */
#include "simulate/dice.h"

#include <math.h>

static uint64_t mix(uint64_t *x)
{
    uint64_t z = *x += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double unit_of(uint64_t x)
{
    return ((double)(x >> 11) + 0.5) * 0x1p-53;
}

struct dice dice_start(uint64_t seed, uint64_t frame, uint64_t purpose)
{
    struct dice d;
    uint64_t x = seed;

    x = mix(&x) ^ frame;
    x = mix(&x) ^ purpose;
    for (int i = 0; i < 4; i++)
        d.s[i] = mix(&x);
    return d;
}

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t dice_u64(struct dice *d)
{
    uint64_t *s = d->s, out = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return out;
}

double dice_unit(struct dice *d)
{
    return unit_of(dice_u64(d));
}

double dice_normal(struct dice *d)
{
    double radius = sqrt(-2 * log(dice_unit(d)));

    return radius * cos(2 * 3.14159265358979323846 * dice_unit(d));
}

/* Small means: go up the distribution. Large ones: transformed rejection. */
uint32_t dice_poisson(struct dice *d, double mean)
{
    if (!(mean > 0))
        return 0;
    if (mean < 30) {
        double p = exp(-mean), sum = p, u = dice_unit(d);
        uint32_t k = 0;
        while (u > sum && k < 500)
            sum += p *= mean / ++k;
        return k;
    }
    double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b, accept = 0.9277 - 3.6224 / (b - 2);
    double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    for (;;) {
        double u = dice_unit(d) - 0.5, v = dice_unit(d), us = 0.5 - fabs(u);
        double k = floor((2 * a / us + b) * u + mean + 0.43);
        int sign;
        if (us >= 0.07 && v <= accept)
            return (uint32_t)k;
        if (k < 0 || k > 4e9 || (us < 0.013 && v > us))
            continue;
        if (log(v) + log(inverse_alpha) - log(a / (us * us) + b) <=
            -mean + k * log(mean) - lgamma_r(k + 1, &sign))
            return (uint32_t)k;
    }
}

/* A random unit quaternion (Shoemake 1992). */
void dice_rotation(struct dice *d, double R[9])
{
    const double turn = 2 * 3.14159265358979323846;
    double u = dice_unit(d), a = turn * dice_unit(d), b = turn * dice_unit(d);
    double x = sqrt(1 - u) * sin(a), y = sqrt(1 - u) * cos(a), z = sqrt(u) * sin(b), w = sqrt(u) * cos(b);
    const double out[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - z * w),     2 * (x * z + y * w),
                           2 * (x * y + z * w),     1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
                           2 * (x * z - y * w),     2 * (y * z + x * w),     1 - 2 * (x * x + y * y)};

    for (int i = 0; i < 9; i++)
        R[i] = out[i];
}

double dice_named(uint64_t seed, const int32_t *name, int n)
{
    uint64_t x = seed;

    for (int i = 0; i < n; i++)
        x = mix(&x) ^ (uint64_t)(int64_t)name[i];
    return unit_of(mix(&x));
}
