/* print_spots.c - the spots our kernels find on one frame, as text, for scripts that compare them with another program's.
 *
 * usage: print_spots FILE [name=value]...
 *
 * Names are the last words of DIALS' parameters: algorithm kernel_size sigma_background sigma_strong min_local
 * global_threshold gain n_iqr n_bins blur region_of_interest min_spot_size max_spot_size max_separation
 * max_strong_pixel_fraction background_gradient background_size gradient_cutoff spot_density border d_min d_max
 * resolution_range ice_rings circle rectangle polygon pixel (numbers; a list by commas; areas start with the panel), and
 * frame=N, mask=FILE (a byte a pixel, 1 = good), panel_gain=G, dials=3.12. Prints a line "panel,x_px,…"
 * and a row a spot in DIALS' order; "too many strong pixels: N of M allowed" and exit code 3 when a frame fails for that.
 */
#include "kernels/kernels.h"
#include "kernels/predict.h"
#include "source/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 64, AREAS_MAX = 32, RINGS_MAX = 200 };

struct settings {
    struct spotfind_params find;
    struct mask_params mask;
    struct mask_untrusted areas[AREAS_MAX];
    int32_t polygons[AREAS_MAX][LIST_MAX];
    double ranges[AREAS_MAX][2], rings[RINGS_MAX][2];
    double panel_gain;
    unsigned frame;
    bool ice;
    const char *mask_file;
};

static void die(const char *what, const char *which)
{
    fprintf(stderr, "print_spots: %s%s\n", what, which);
    exit(1);
}

/* Numbers between commas. */
static size_t numbers(const char *text, double *v)
{
    size_t n = 0;

    for (char *end; *text && n < LIST_MAX; text = *end ? end + 1 : end) {
        v[n++] = strtod(text, &end);
        if (end == text || (*end && *end != ','))
            die("not a list of numbers: ", text);
    }
    return n;
}

static bool set_number(struct settings *s, const char *name, double v)
{
    struct spotfind_params *p = &s->find;
    const struct {
        const char *name;
        double *real;
        int32_t *whole;
        uint32_t *count;
        bool *flag;
    } rows[] = {
        // clang-format off
        {"sigma_background", &p->sigma_background, NULL, NULL, NULL},
        {"sigma_strong", &p->sigma_strong, NULL, NULL, NULL},
        {"min_local", NULL, &p->min_local, NULL, NULL},
        {"global_threshold", &p->global_threshold, NULL, NULL, NULL},
        {"gain", &p->gain, NULL, NULL, NULL},
        {"n_iqr", NULL, &p->n_iqr, NULL, NULL},
        {"n_bins", NULL, &p->n_bins, NULL, NULL},
        {"min_spot_size", NULL, NULL, &p->min_spot_size, NULL},
        {"max_spot_size", NULL, NULL, &p->max_spot_size, NULL},
        {"max_separation", &p->max_separation, NULL, NULL, NULL},
        {"max_strong_pixel_fraction", &p->max_strong_pixel_fraction, NULL, NULL, NULL},
        {"background_gradient", NULL, NULL, NULL, &p->background_gradient},
        {"background_size", NULL, &p->background_size, NULL, NULL},
        {"gradient_cutoff", &p->gradient_cutoff, NULL, NULL, NULL},
        {"spot_density", NULL, NULL, NULL, &p->spot_density},
        {"border", NULL, &s->mask.border, NULL, NULL},
        {"d_min", &s->mask.d_min, NULL, NULL, NULL},
        {"d_max", &s->mask.d_max, NULL, NULL, NULL},
        {"panel_gain", &s->panel_gain, NULL, NULL, NULL},
        {"frame", NULL, NULL, &s->frame, NULL},
        {"ice_rings", NULL, NULL, NULL, &s->ice},
        {"dials", NULL, NULL, NULL, &p->dials_312},
        // clang-format on
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(name, rows[i].name))
            continue;
        if (rows[i].real)
            *rows[i].real = v;
        if (rows[i].whole)
            *rows[i].whole = (int32_t)v;
        if (rows[i].count)
            *rows[i].count = (uint32_t)v;
        if (rows[i].flag)
            *rows[i].flag = v != 0;
        return true;
    }
    return false;
}

static bool set_area(struct settings *s, const char *name, const double *v, size_t n)
{
    struct mask_untrusted *u = &s->areas[s->mask.n_untrusted];
    int32_t *polygon = s->polygons[s->mask.n_untrusted];
    bool circle = !strcmp(name, "circle") && n == 4, rectangle = !strcmp(name, "rectangle") && n == 5;
    bool pixel = !strcmp(name, "pixel") && n == 3, outline = !strcmp(name, "polygon") && n >= 7 && n % 2;

    if (!(circle || rectangle || pixel || outline) || s->mask.n_untrusted == AREAS_MAX)
        return false;
    *u = (struct mask_untrusted){
        .panel = (int32_t)v[0], .has_circle = circle, .has_rectangle = rectangle, .has_pixel = pixel};
    for (size_t i = 1; i < n; i++) {
        polygon[i - 1] = (int32_t)v[i];
        if (circle)
            u->circle[i - 1] = (int32_t)v[i];
        if (rectangle)
            u->rectangle[i - 1] = (int32_t)v[i];
        if (pixel)
            u->pixel[i - 1] = (int32_t)v[i];
    }
    if (outline)
        u->polygon = polygon, u->n_polygon = (n - 1) / 2;
    s->mask.n_untrusted++;
    return true;
}

static void set(struct settings *s, const char *name, const char *value)
{
    static const char *const algorithms[] = {"dispersion_extended", "dispersion", "radial_profile"};
    static const char *const blurs[] = {"none", "narrow", "wide"};
    double v[LIST_MAX];

    if (!strcmp(name, "mask")) {
        s->mask_file = value;
        return;
    }
    for (int i = 0; i < 3; i++) {
        if (!strcmp(name, "algorithm") && !strcmp(value, algorithms[i]))
            s->find.algorithm = (enum spotfind_algorithm)i, name = "";
        if (!strcmp(name, "blur") && !strcmp(value, blurs[i]))
            s->find.blur = (enum spotfind_blur)i, name = "";
    }
    if (!*name)
        return;
    size_t n = numbers(value, v);
    if (!strcmp(name, "kernel_size") && n == 2) {
        s->find.kernel_slow = (int32_t)v[0];
        s->find.kernel_fast = (int32_t)v[1];
    } else if (!strcmp(name, "region_of_interest") && n == 4) {
        for (int i = 0; i < 4; i++)
            s->find.roi[i] = (int32_t)v[i];
    } else if (!strcmp(name, "resolution_range") && n == 2 && s->mask.n_ranges < AREAS_MAX) {
        s->ranges[s->mask.n_ranges][0] = v[0];
        s->ranges[s->mask.n_ranges++][1] = v[1];
    } else if (!(n == 1 && set_number(s, name, v[0])) && !set_area(s, name, v, n)) {
        die("no such parameter, or not of this form: ", name);
    }
}

static bool absent(const void *group, const int32_t hkl[3])
{
    const struct space_group *g = group;
    return predict_absent(g->ops, g->n_ops, hkl);
}

/* The frame's mask with everything static cleared. */
static uint8_t *make_mask(struct settings *s, const struct frame *f, struct arena *a)
{
    const struct detector *d = f->detector;
    uint8_t *mask = arena_array(a, d->n_pixels, 1);
    struct error err = {0};

    memset(mask, 1, d->n_pixels);
    if (s->mask_file) {
        FILE *in = fopen(s->mask_file, "rb");
        if (!in || fread(mask, 1, d->n_pixels, in) != d->n_pixels)
            die("cannot read ", s->mask_file);
        fclose(in);
    }
    for (size_t i = 0; f->mask && i < d->n_pixels; i++)
        mask[i] &= f->mask[i] != 0;
    struct beam_vector beam = f->beam.v;
    for (uint32_t k = 0; k < d->n_panels; k++) {
        struct mask_params p = s->mask;
        p.ranges = (const double(*)[2])s->ranges;
        p.untrusted = s->areas;
        if (s->ice) {
            const double cell[6] = {4.498, 4.498, 7.338, 90, 90, 120};
            struct space_group group;
            double nearest, farthest;
            if (!space_group_find("194", &group, &err))
                die(err.fact, "");
            detector_resolution(d, &beam, &nearest, &farthest);
            p.n_rings = mask_rings(cell, absent, &group, 0.002, nearest, s->rings, RINGS_MAX);
            p.rings = (const double(*)[2])s->rings;
        }
        mask_panel(&p, k, &d->panels[k], &beam, mask + d->panels[k].first_pixel);
    }
    return mask;
}

static int find_and_print(struct settings *s, const struct frame *f, struct arena *a)
{
    const struct kernels *kernels = kernels_select(NULL);
    const struct detector *d = f->detector;
    static const size_t pixel_size[] = {1, 1, 2, 2, 4, 4, 4, 8};
    const uint8_t *mask = make_mask(s, f, a);
    size_t allowed = spotfind_max_strong(&s->find, d->n_pixels), n = 0;
    size_t capacity = allowed < d->n_pixels ? allowed : d->n_pixels;
    struct strong_pixel *strong = arena_array(a, capacity + 1, sizeof *strong);
    struct spot_list list = {.spots = arena_array(a, 200000, sizeof(struct spot)), .capacity = 200000};
    struct spotfind_image *images = arena_array(a, d->n_panels, sizeof *images);
    size_t *first = arena_array(a, d->n_panels + 1, sizeof *first);

    if (!s->find.min_spot_size)
        s->find.min_spot_size = strcmp(d->info[0].type, "SENSOR_PAD") ? 6 : 3;
    for (size_t k = 0; k < d->n_panels; k++) {
        struct panel *p = arena_memdup(a, &d->panels[k], sizeof *p);
        const char *wrong = spotfind_check(&s->find, p->n_fast, p->n_slow);
        if (wrong)
            die("spotfinder: ", wrong);
        if (s->panel_gain > 0)
            p->gain = s->panel_gain;
        images[k] = (struct spotfind_image){p, (const char *)f->pixels + p->first_pixel * pixel_size[f->type],
                                            f->type, mask + p->first_pixel, NULL};
        if (s->find.algorithm == SPOTFIND_RADIAL_PROFILE) {
            uint16_t *bins = arena_array(a, (size_t)p->n_fast * (size_t)p->n_slow, sizeof *bins);
            spotfind_radial_bins(&s->find, p, &f->beam.v, bins);
            images[k].bins = bins;
        }
        void *work = arena_alloc(a, spotfind_work_size(&s->find, p->n_fast, p->n_slow) + 64);
        work = (void *)(((uintptr_t)work + 63) & ~(uintptr_t)63);
        n += kernels->spotfind_panel(&s->find, &images[k], strong + n, capacity - n, work);
        if (n > capacity) {
            printf("too many strong pixels: more than %zu\n", allowed);
            return 3;
        }
        first[k + 1] = n;
    }
    void *work = arena_alloc(a, label_work_size(n));
    for (uint32_t k = 0; k < d->n_panels; k++)
        kernels->label_panel(&s->find, &images[k], k, strong + first[k], first[k + 1] - first[k], first[k],
                             &list, work);
    if (list.n_lost)
        die("too many spots", "");
    spots_filter(&s->find, images, strong, &list, arena_alloc(a, spots_filter_work_size(list.n)));
    printf("panel,x_px,y_px,intensity,npix,x0,x1,y0,y1,var_x,var_y\n");
    for (size_t i = 0; i < list.n; i++) {
        const struct spot *t = &list.spots[i];
        printf("%u,%.5f,%.5f,%.2f,%u,%d,%d,%d,%d,%.6f,%.6f\n", t->panel, t->x, t->y, t->intensity,
               t->n_pixels, t->x0, t->x1, t->y0, t->y1, t->var_x, t->var_y);
    }
    fprintf(stderr, "%zu strong pixels of %zu, %zu spots\n", n, d->n_pixels, list.n);
    return 0;
}

int main(int argc, char **argv)
{
    static struct settings s;
    struct source_options options = {0};
    struct source *source;
    struct frame_buffer buffer = {0};
    struct frame frame;
    struct arena arena = {0};
    struct error err = {0};

    s.find = spotfind_defaults();
    if (argc < 2)
        die("usage: print_spots FILE [name=value]...", "");
    for (int i = 2; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (!equals)
            die("not name=value: ", argv[i]);
        *equals = '\0';
        set(&s, argv[i], equals + 1);
    }
    if (!source_helper_start(&err) || !source_open(argv[1], &options, &source, &err) ||
        !source_read(source, s.frame, &buffer, &frame, &err))
        die(err.fact, "");
    int code = find_and_print(&s, &frame, &arena);
    arena_free(&arena);
    frame_buffer_free(&buffer);
    source_close(source);
    source_helper_stop();
    return code;
}
