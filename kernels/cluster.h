/* cluster.h - groups of points that lie dense, and what lies beside them (DBSCAN: Ester, Kriegel, Sander, Xu, 1996).
 *
 * A point with at least `least` points within eps, itself included, is a core. Cores within eps of each other belong together; another
 * point within eps of a core belongs to the nearest one's group (sklearn: to the group that was found first); what is left is noise.
 * So the groups are a function of the set of points: neither their order nor anything else moves a point.
 *
 * Points are rows of `dims` finite numbers (1 … CLUSTER_DIMS), distances Euclidean.
 */
#ifndef XFELX_KERNELS_CLUSTER_H
#define XFELX_KERNELS_CLUSTER_H

#include <stddef.h>
#include <stdint.h>

enum { CLUSTER_DIMS = 6, CLUSTER_NOISE = -1, CLUSTER_NEAR_MAX = 64 };

/* Bytes of work for n points; 8-byte aligned. */
size_t cluster_work_size(size_t n);

/* Label the points: 0 … result-1 by number of members (then of cores, then by the least core, coordinate by coordinate), CLUSTER_NOISE.
 * eps >= 0; least >= 1. Returns the number of groups. O(n log n + pairs within eps in the first coordinate). */
size_t cluster_dbscan(const double *points, size_t n, int dims, double eps, size_t least, int32_t *labels,
                      void *work);

/* Median over the points of the distance to the k-th nearest other point (k at most CLUSTER_NEAR_MAX): how dense they lie. 0 when there
 * are not k others. */
double cluster_near(const double *points, size_t n, int dims, size_t k, void *work);

#endif
