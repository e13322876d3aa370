/* vec3.h - three-vectors and 3×3 matrices (row-major double[9]) as the kernels need them. */
#ifndef XFELX_KERNELS_VEC3_H
#define XFELX_KERNELS_VEC3_H

#include <math.h>
#include <stdbool.h>

static inline double dot3(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* out must not be a or b. */
static inline void cross3(const double a[3], const double b[3], double out[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static inline double norm3(const double a[3])
{
    return sqrt(dot3(a, a));
}

/* Scale to length 1. false (a untouched) for a null or non-finite vector. */
static inline bool normalise3(double a[3])
{
    double n = norm3(a);
    if (!(n > 0) || !isfinite(n))
        return false;
    for (int i = 0; i < 3; i++)
        a[i] /= n;
    return true;
}

/* out = M · v; out must not be v. */
static inline void mul33(const double m[9], const double v[3], double out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = m[3 * i] * v[0] + m[3 * i + 1] * v[1] + m[3 * i + 2] * v[2];
}

#endif
