/* dice.h - random numbers that are the same everywhere: xoshiro256++ started by SplitMix64, and draws from it. */
#ifndef XFELX_SIMULATE_DICE_H
#define XFELX_SIMULATE_DICE_H

#include <stdint.h>

struct dice {
    uint64_t s[4];
};

/* One use of randomness has one stream: the words of its name go in together (seed, frame, purpose). */
struct dice dice_start(uint64_t seed, uint64_t frame, uint64_t purpose);

uint64_t dice_u64(struct dice *d);
double dice_unit(struct dice *d);   /* in (0, 1) */
double dice_normal(struct dice *d); /* mean 0, standard deviation 1 */
uint32_t dice_poisson(struct dice *d, double mean);
void dice_rotation(struct dice *d, double R[9]); /* uniform over all rotations, row-major */

/* A number that depends on nothing but its arguments: for values that belong to names (a reflection's intensity). In
 * (0, 1). */
double dice_named(uint64_t seed, const int32_t *name, int n);

#endif
