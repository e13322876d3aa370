/* geometry.h - three-vectors and 3×3 matrices: small inline functions, the same everywhere.
 *
 * Vectors are double[3], matrices row-major double[9], angles radians. Outputs may be the same array as an
 * input. Nothing is checked but what a function says; NaN goes through. The order of operations is fixed by
 * the text, so that results are the same in every build (no contraction, STYLE 8.6).
 */
#ifndef XFELX_KERNELS_GEOMETRY_H
#define XFELX_KERNELS_GEOMETRY_H

#include <math.h>
#include <stdbool.h>

static inline double vec3_dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static inline double vec3_length(const double a[3])
{
    return sqrt(vec3_dot(a, a));
}

static inline void vec3_set(double out[3], double x, double y, double z)
{
    out[0] = x;
    out[1] = y;
    out[2] = z;
}

static inline void vec3_copy(const double a[3], double out[3])
{
    vec3_set(out, a[0], a[1], a[2]);
}

static inline void vec3_cross(const double a[3], const double b[3], double out[3])
{
    vec3_set(out, a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]);
}

static inline void vec3_add(const double a[3], const double b[3], double out[3])
{
    vec3_set(out, a[0] + b[0], a[1] + b[1], a[2] + b[2]);
}

static inline void vec3_sub(const double a[3], const double b[3], double out[3])
{
    vec3_set(out, a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

static inline void vec3_scale(const double a[3], double factor, double out[3])
{
    vec3_set(out, a[0] * factor, a[1] * factor, a[2] * factor);
}

/* out = a + factor b */
static inline void vec3_add_scaled(const double a[3], double factor, const double b[3], double out[3])
{
    vec3_set(out, a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]);
}

/* Unit vector of a; false (and out = 0) when a has no direction: length 0, infinite or NaN. */
static inline bool vec3_norm(const double a[3], double out[3])
{
    double length = vec3_length(a);
    if (!(length > 0) || !isfinite(length)) {
        vec3_set(out, 0, 0, 0);
        return false;
    }
    vec3_set(out, a[0] / length, a[1] / length, a[2] / length);
    return true;
}

/* Angle between two vectors, 0 … π; exact also for nearly parallel ones (atan2 of |a × b| and a · b). */
static inline double vec3_angle(const double a[3], const double b[3])
{
    double c[3];
    vec3_cross(a, b, c);
    return atan2(vec3_length(c), vec3_dot(a, b));
}

static inline void mat3_identity(double out[9])
{
    for (int i = 0; i < 9; i++)
        out[i] = i % 4 == 0;
}

static inline void mat3_copy(const double m[9], double out[9])
{
    for (int i = 0; i < 9; i++)
        out[i] = m[i];
}

/* out = a b */
static inline void mat3_mul(const double a[9], const double b[9], double out[9])
{
    double t[9];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            t[3 * i + j] = a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j];
    mat3_copy(t, out);
}

/* out = m v */
static inline void mat3_vec(const double m[9], const double v[3], double out[3])
{
    vec3_set(out, vec3_dot(m, v), vec3_dot(m + 3, v), vec3_dot(m + 6, v));
}

/* out = mᵀ v */
static inline void mat3_tvec(const double m[9], const double v[3], double out[3])
{
    vec3_set(out, m[0] * v[0] + m[3] * v[1] + m[6] * v[2], m[1] * v[0] + m[4] * v[1] + m[7] * v[2],
             m[2] * v[0] + m[5] * v[1] + m[8] * v[2]);
}

static inline void mat3_transpose(const double m[9], double out[9])
{
    double t[9] = {m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]};
    mat3_copy(t, out);
}

static inline double mat3_det(const double m[9])
{
    return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) +
           m[2] * (m[3] * m[7] - m[4] * m[6]);
}

/* Inverse by cofactors; false (and out untouched) when the determinant is 0 or not finite. */
static inline bool mat3_inverse(const double m[9], double out[9])
{
    double det = mat3_det(m);
    if (det == 0 || !isfinite(1 / det))
        return false;
    double f = 1 / det;
    double t[9] = {
        (m[4] * m[8] - m[5] * m[7]) * f, (m[2] * m[7] - m[1] * m[8]) * f, (m[1] * m[5] - m[2] * m[4]) * f,
        (m[5] * m[6] - m[3] * m[8]) * f, (m[0] * m[8] - m[2] * m[6]) * f, (m[2] * m[3] - m[0] * m[5]) * f,
        (m[3] * m[7] - m[4] * m[6]) * f, (m[1] * m[6] - m[0] * m[7]) * f, (m[0] * m[4] - m[1] * m[3]) * f,
    };
    mat3_copy(t, out);
    return true;
}

/* Matrix whose columns are a, b, c. */
static inline void mat3_columns(const double a[3], const double b[3], const double c[3], double out[9])
{
    double t[9] = {a[0], b[0], c[0], a[1], b[1], c[1], a[2], b[2], c[2]};
    mat3_copy(t, out);
}

/* Right-handed rotation by angle about a unit axis (Rodrigues). */
static inline void mat3_rotation(const double axis[3], double angle, double out[9])
{
    double c = cos(angle), s = sin(angle), k = 1 - c, x = axis[0], y = axis[1], z = axis[2];
    double t[9] = {c + x * x * k,     x * y * k - z * s, x * z * k + y * s, y * x * k + z * s, c + y * y * k,
                   y * z * k - x * s, z * x * k - y * s, z * y * k + x * s, c + z * z * k};
    mat3_copy(t, out);
}

/* out = v rotated by angle about a unit axis */
static inline void vec3_rotate(const double v[3], const double axis[3], double angle, double out[3])
{
    double r[9];
    mat3_rotation(axis, angle, r);
    mat3_vec(r, v, out);
}

#endif
