/* refine_predict.c - where a node of a still is seen, and how that moves with the crystal.
 *
 * The model of DIALS' StillsRayPredictor: the node is turned onto the Ewald sphere about the axis e1 ⟂ q, s0
 * by the smallest angle Δψ (ALGORITHMS 4.2). Derivatives as ALGORITHMS 4.7; the axis moves with the node too,
 * which DIALS takes by finite differences. Checked against central differences in the test.
 */
#include "kernels/geometry_panel.h"
#include "kernels/lattice.h"
#include "kernels/refine.h"
#include "kernels/geometry.h"

#include <string.h>

/* A node and its turn onto the sphere. */
struct turned {
    double q[3], r[3], s1[3];  /* before, after; s1 = s0 + r */
    double e1[3], axis_length; /* unit axis; |q × ŝ0| */
    double psi;
};

static bool turn(const struct beam_vector *beam, const double A[9], const int32_t hkl[3], struct turned *t)
{
    double h[3] = {hkl[0], hkl[1], hkl[2]}, s0[3], c0[3], q1[3];
    for (int i = 0; i < 3; i++)
        s0[i] = -beam->direction[i];
    mat3_vec(A, h, t->q);
    vec3_cross(t->q, s0, t->e1);
    t->axis_length = vec3_length(t->e1);
    double qq = vec3_dot(t->q, t->q), a = 0.5 * qq * beam->wavelength, bb = qq - a * a;
    if (!(bb > 0) || !vec3_norm(t->e1, t->e1))
        return false;
    vec3_cross(s0, t->e1, c0);
    vec3_norm(c0, c0);
    vec3_cross(t->q, t->e1, q1);
    vec3_norm(q1, q1);
    double b = sqrt(bb), length;
    for (int i = 0; i < 3; i++) {
        t->r[i] = -a * s0[i] + b * c0[i];
        t->s1[i] = s0[i] / beam->wavelength + t->r[i];
    }
    length = vec3_length(t->s1) * beam->wavelength; /* 1 but for rounding */
    for (int i = 0; i < 3; i++)
        t->s1[i] /= length;
    t->psi = -atan2(vec3_dot(t->r, q1), vec3_dot(t->r, t->q) / sqrt(qq));
    return true;
}

bool refine_predict(const struct panel *panel, const struct beam_vector *beam, const double A[9],
                    const int32_t hkl[3], double s1[3], double mm[2], double *delpsi)
{
    struct turned t;
    if (!turn(beam, A, hkl, &t) || !panel_ray_to_mm(panel, t.s1, mm))
        return false;
    memcpy(s1, t.s1, sizeof t.s1);
    *delpsi = t.psi;
    return true;
}

/* ds1 and dΔψ when the node moves by dq. */
static void turn_derivative(const struct beam_vector *beam, const struct turned *t, const double dq[3],
                            double ds1[3], double *dpsi)
{
    double s0[3], c = cos(t->psi), s = sin(t->psi), du[3], de1[3], e1_dq[3], e1_r[3], de1_q[3], dr[3];
    for (int i = 0; i < 3; i++)
        s0[i] = -beam->direction[i];
    vec3_cross(dq, s0, du);
    double along = vec3_dot(t->e1, du);
    for (int i = 0; i < 3; i++)
        de1[i] = (du[i] - along * t->e1[i]) / t->axis_length;
    vec3_cross(t->e1, dq, e1_dq);
    double e1dq = vec3_dot(t->e1, dq), de1q = vec3_dot(de1, t->q);
    vec3_cross(de1, t->q, de1_q);
    vec3_cross(t->e1, t->r, e1_r);
    for (int i = 0; i < 3; i++) /* the node's own move turned along, and the move of the axis */
        dr[i] =
            dq[i] * c + e1_dq[i] * s + t->e1[i] * e1dq * (1 - c) + de1_q[i] * s + t->e1[i] * de1q * (1 - c);
    *dpsi = -vec3_dot(dr, t->s1) / (vec3_dot(e1_r, s0) / beam->wavelength);
    for (int i = 0; i < 3; i++)
        ds1[i] = dr[i] + e1_r[i] * *dpsi;
}

bool refine_predict_derivatives(const struct panel *panel, const struct beam_vector *beam, const double A[9],
                                const int32_t hkl[3], size_t n_parameters, const double (*dA)[9],
                                double s1[3], double mm[2], double *delpsi, double (*d)[3])
{
    const double *f = panel->fast, *s = panel->slow, *o = panel->origin;
    double frame[9] = {f[0], s[0], o[0], f[1], s[1], o[1], f[2], s[2], o[2]}, inverse_t[9], v[3];
    struct turned t;
    if (!turn(beam, A, hkl, &t) || !lattice_reciprocal(frame, inverse_t))
        return false;
    for (int i = 0; i < 3; i++)
        v[i] = inverse_t[i] * t.s1[0] + inverse_t[3 + i] * t.s1[1] + inverse_t[6 + i] * t.s1[2];
    if (!(v[2] > 0))
        return false;
    mm[0] = v[0] / v[2];
    mm[1] = v[1] / v[2];
    memcpy(s1, t.s1, sizeof t.s1);
    *delpsi = t.psi;
    double h[3] = {hkl[0], hkl[1], hkl[2]};
    for (size_t k = 0; k < n_parameters; k++) {
        double dq[3], ds1[3], dv[3];
        mat3_vec(dA[k], h, dq);
        turn_derivative(beam, &t, dq, ds1, &d[k][2]);
        for (int i = 0; i < 3; i++)
            dv[i] = inverse_t[i] * ds1[0] + inverse_t[3 + i] * ds1[1] + inverse_t[6 + i] * ds1[2];
        d[k][0] = (dv[0] - mm[0] * dv[2]) / v[2];
        d[k][1] = (dv[1] - mm[1] * dv[2]) / v[2];
    }
    return true;
}
