/* cluster_ask.c - asks kernels/cluster for test/peers/cells: on each line "n dims eps least near" and n·dims numbers; back comes a line
 * of the labels, and the median distance to the near-th neighbour. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernels/cluster.h"

int main(void)
{
    size_t n, least, near;
    int dims;
    double eps;
    while (scanf("%zu %d %lf %zu %zu", &n, &dims, &eps, &least, &near) == 5) {
        double *points = calloc(n * (size_t)dims + 1, sizeof *points);
        int32_t *labels = calloc(n + 1, sizeof *labels);
        void *work = malloc(cluster_work_size(n) + 1);
        if (!points || !labels || !work)
            return 1;
        for (size_t i = 0; i < n * (size_t)dims; i++)
            if (scanf("%lf", points + i) != 1)
                return 1;
        cluster_dbscan(points, n, dims, eps, least, labels, work);
        for (size_t i = 0; i < n; i++)
            printf("%d ", labels[i]);
        printf("%.17g\n", cluster_near(points, n, dims, near, work));
        free(points);
        free(labels);
        free(work);
    }
    return 0;
}
