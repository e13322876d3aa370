/* geometry_panel.h - rays, panel millimetres, pixels.
 *
 * One place for the arithmetic of a flat panel: where a ray meets it, and how millimetres on it become
 * pixels, with the parallax of a thick sensor as dxtbx corrects it (ALGORITHMS 1.1). All functions are pure
 * and cannot fail except where they return bool. A panel's axes need not be exactly orthonormal: the full
 * inverse of [fast slow origin] is used.
 */
#ifndef XFELX_KERNELS_GEOMETRY_PANEL_H
#define XFELX_KERNELS_GEOMETRY_PANEL_H

#include "kernels/types.h"

/* Where the ray from the sample along s1 (any length > 0) meets the panel's plane.
 *
 * mm       out: millimetres along fast and slow from the panel's origin; may lie outside the panel
 * returns  false, mm untouched, when the ray runs away from the plane or along it
 */
bool panel_ray_to_mm(const struct panel *p, const double s1[3], double mm[2]);

/* Millimetres on the plane → pixel coordinates, and back. With parallax (p->parallax, mu and thickness > 0)
 * the two are not exact inverses of each other: each is what dxtbx computes (4e-4 px apart at the edge of a
 * 4-Mpx detector). */
void panel_mm_to_pixel(const struct panel *p, const double mm[2], double px[2]);
void panel_pixel_to_mm(const struct panel *p, const double px[2], double mm[2]);

/* Laboratory point (mm) of panel millimetres. */
void panel_mm_to_point(const struct panel *p, const double mm[2], double lab[3]);

/* Laboratory point (mm) of a pixel coordinate, parallax included: panel_pixel_to_mm, then panel_mm_to_point.
 */
void panel_pixel_to_point(const struct panel *p, const double px[2], double lab[3]);

/* Ray → pixel coordinate in one step. false when the ray misses the plane. */
bool panel_ray_to_pixel(const struct panel *p, const double s1[3], double px[2]);

/* 2 sin(θ)/λ (= 1/d, 1/Å) of the ray from the sample to a laboratory point. 0 on the beam itself. */
double point_inverse_d(const struct beam_vector *b, const double lab[3]);

#endif
