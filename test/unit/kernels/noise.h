/* noise.h - random numbers for tests of the kernels: fixed seeds, the same on every machine. */
#ifndef XFELX_TEST_NOISE_H
#define XFELX_TEST_NOISE_H

#include <math.h>
#include <stdint.h>

static inline double noise_uniform(uint64_t *seed)
{
    *seed += 0x9e3779b97f4a7c15u;
    uint64_t x = *seed;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return ((double)((x ^ (x >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static inline double noise_normal(uint64_t *seed)
{
    double r = sqrt(-2 * log(noise_uniform(seed)));
    return r * cos(6.283185307179586 * noise_uniform(seed));
}

/* By inversion up to a mean of 500, then normal. */
static inline double noise_poisson(uint64_t *seed, double mean)
{
    if (!(mean > 0))
        return 0;
    if (mean > 500)
        return fmax(0, rint(mean + sqrt(mean) * noise_normal(seed)));
    double u = noise_uniform(seed), p = exp(-mean), sum = p;
    int k = 0;
    while (u > sum && k < 2000) {
        p *= mean / ++k;
        sum += p;
    }
    return k;
}

#endif
