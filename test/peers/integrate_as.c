/* integrate_as.c - integrate a frame under parity with a crystal made elsewhere, as text, for scripts that compare.
 *
 * usage: integrate_as FILE FRAME SIGMA_B_DEG HALF_MOSAICITY_DEG DOMAIN_SIZE_ANG A00 A01 … A22 HALL
 *
 * A: columns a*, b*, c*, row by row. Prints "h k l I variance x_px y_px" a reflection. */
#include "kernels/integrate.h"
#include "source/source.h"

#include <stdio.h>
#include <stdlib.h>

static void die(const struct error *err)
{
    fprintf(stderr, "integrate_as: %s %s\n", err->fact, err->detail);
    exit(2);
}

int main(int argc, char **argv)
{
    enum { CAPACITY = 40000 };
    struct frame_buffer buffer = {0};
    struct source_options options = {0};
    struct source *source;
    struct frame frame;
    struct error err = {0};
    struct space_group group;
    if (argc != 16)
        return fprintf(stderr,
                       "usage: integrate_as FILE FRAME SIGMA_B HALF_MOSAICITY DOMAIN A00..A22 HALL\n"),
               2;
    if (!source_helper_start(&err) || !source_open(argv[1], &options, &source, &err) ||
        !source_read(source, (uint32_t)atoi(argv[2]), &buffer, &frame, &err) ||
        !space_group_from_hall(argv[15], &group, &err))
        die(&err);
    struct lattice lattice = {.half_mosaicity_deg = atof(argv[4]), .domain_size_ang = atof(argv[5])};
    for (int i = 0; i < 9; i++)
        lattice.A[i] = atof(argv[6 + i]);
    struct integrate_frame in = {.view = {frame.detector->panels, frame.detector->n_panels, &frame.beam.v},
                                 .pixels = frame.pixels,
                                 .type = frame.type,
                                 .mask = frame.mask,
                                 .ops = group.ops,
                                 .n_ops = group.n_ops};
    struct integrate_params params;
    struct integrate_result result;
    struct reflection *rows = calloc(CAPACITY, sizeof *rows);
    integrate_params_default(&params, true);
    params.sigma_b = atof(argv[3]) * 3.14159265358979323846 / 180;
    size_t n = integrate_frame(&params, &in, &lattice, 1, rows, CAPACITY, &result,
                               malloc(integrate_work_size(CAPACITY)));
    for (size_t i = 0; i < n; i++)
        printf("%d %d %d %.9g %.9g %.6f %.6f\n", rows[i].hkl[0], rows[i].hkl[1], rows[i].hkl[2],
               rows[i].intensity, rows[i].variance, rows[i].cal_px[0], rows[i].cal_px[1]);
    return 0;
}
