/* random.h - random numbers for laws: a small generator whose seed is printed and can be given again.
 *
 *   struct random r = random_start("spotfind");      prints "# seed of spotfind: 1234"; XFELX_TEST_SEED=1234 repeats it
 */
#ifndef XFELX_TEST_RANDOM_H
#define XFELX_TEST_RANDOM_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct random {
    uint64_t state;
};

static inline struct random random_start(const char *name)
{
    const char *given = getenv("XFELX_TEST_SEED");
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)now.tv_nsec ^ ((uint64_t)now.tv_sec << 20);
    fprintf(stderr, "# seed of %s: %llu\n", name, (unsigned long long)seed);
    return (struct random){seed};
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static inline uint64_t random_u64(struct random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* In [0, 1). */
static inline double random_unit(struct random *r)
{
    return (double)(random_u64(r) >> 11) * 0x1p-53;
}

/* In [lo, hi], whole. */
static inline int random_int(struct random *r, int lo, int hi)
{
    return lo + (int)(random_unit(r) * ((double)hi - lo + 1));
}

static inline double random_normal(struct random *r)
{
    double u = 1 - random_unit(r), v = random_unit(r);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static inline double random_poisson(struct random *r, double mean)
{
    if (mean > 50) {
        double v = floor(mean + sqrt(mean) * random_normal(r) + 0.5);
        return v > 0 ? v : 0;
    }
    double limit = exp(-mean), p = random_unit(r), n = 0;
    while (p > limit) {
        p *= random_unit(r);
        n++;
    }
    return n;
}

#endif
