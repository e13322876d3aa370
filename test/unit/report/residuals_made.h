/* residuals_made.h - sums of a detector of four panels, of which one is elsewhere. */
#ifndef XFELX_TEST_RESIDUALS_MADE_H
#define XFELX_TEST_RESIDUALS_MADE_H

#include "report/report.h"

#include <math.h>
#include <string.h>

#include "support.h"

enum { PANELS = 4 };

static const struct panels_place places[PANELS] = {
    {"/x/a", {-20, 20, -100}, {1, 0, 0}, {0, -1, 0}, {10, 10}, {0.1, 0.1}},
    {"/x/b", {0, 20, -100}, {1, 0, 0}, {0, -1, 0}, {10, 10}, {0.1, 0.1}},
    {"/x/c", {10, -10, -100}, {-1, 0, 0}, {0, 1, 0}, {10, 10}, {0.1, 0.1}}, /* turned by half a turn */
    {"/x/d", {-20, 0, -100}, {1, 0, 0}, {0, -1, 0}, {10, 10}, {0.1, 0.1}},
};

static uint64_t state_of_dice = 1;
static inline double dice(void) /* about normal, σ 1 */
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        state_of_dice = state_of_dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
        sum += (double)(state_of_dice >> 11) / 9007199254740992.0;
    }
    return sum;
}

/* Lattices with 10 spots a panel; panel d has none, panel b lies beside its place by move px, and what is far from zero was not used. jitter:
 * px, of a shot as a whole. psi: degrees, from low to high angle. */
static inline void make_sums(struct panels_sum *s, struct arena *a, int lattices, const double move[2],
                             const double whole[2], double jitter, double psi)
{
    *s = (struct panels_sum){.n_files = 1, .n_panels = PANELS, .beam = {0, 0, 1}, .places = places};
    s->panels = arena_array(a, PANELS, sizeof *s->panels);
    for (int l = 0; l < lattices; l++)
        for (uint32_t p = 0; p < 3; p++) {
            struct residual rows[10];
            double sign = p == 2 ? -1 : 1, own[2] = {jitter * dice(), jitter * dice()};
            for (int i = 0; i < 10; i++) {
                rows[i] = (struct residual){.panel = p, .lattice = (uint32_t)l, .d = i < 5 ? 10 : 2};
                for (int k = 0; k < 2; k++)
                    rows[i].move[k] =
                        sign * whole[k] * (k ? -1 : 1) + (p == 1 ? move[k] : 0) + own[k] + 0.3 * dice();
                rows[i].used = hypot(rows[i].move[0], rows[i].move[1]) < 1.2;
                rows[i].radial = rows[i].move[0];
                rows[i].across = rows[i].move[1];
                rows[i].delpsi = 0.0174533 * ((i < 5 ? -psi : psi) + 0.05 * dice());
            }
            residual_add(rows, 10, s->panels, PANELS, s->shells);
        }
}

#endif
