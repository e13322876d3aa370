/* stages_spots.c - from a file to a hit: decode, threshold, label, filter, hit. The stages compute nothing themselves: they give
 * the kernels their arrays and turn what comes back into outcome and reason (WORDS 2). */
#include "pipeline/finding.h"
#include "pipeline/stages.h"

#include "kernels/pixel.h"

#include <stdio.h>
#include <string.h>

enum { SPOTS_MAX = 1 << 16 }; /* a frame with more is refused as too_many */

enum stage_end stage_decode(const struct recipe *r, struct workspace *w, struct result *out)
{
    struct error err = {0};
    uint32_t source = 0, number = 0;
    source_list_at(w->reader.list, w->frame_number, &source, &number);
    out->id = (struct frame_id){
        .source = source, .frame = number, .path = w->reader.list->sources[source].recorded};
    if (!source_reader_read(&w->reader, w->frame_number, &w->frame, &err)) {
        error_line(&err, out->message, sizeof out->message);
        return stage_ends(out, OUTCOME_FAILED, reason_of_error(err.code));
    }
    if (r->geometry.corrected)
        geometry_place(r, w);
    out->id = w->frame.id;
    out->beam = w->frame.beam;
    const struct detector *raw = w->frame.detector;
    if (!workspace_values(w, out, &out->detector))
        return STAGE_END;
    out->distance = panel_distance(w->frame.detector->panels);
    out->numbered = w->frame.event != INT64_MIN;
    out->event = out->numbered ? w->frame.event : 0;
    out->t_event = w->frame.t_event > 0 ? w->frame.t_event : 0;
    double gain = raw->panels->gain;
    if (gain != 1 && !r->gain_path && r->detector_gain != 1 && gain != r->detector_gain &&
        !r->ignore_gain_mismatch) {
        snprintf(out->message, sizeof out->message, "gain %g in the file and %g as parameter", gain,
                 r->detector_gain);
        return stage_ends(out, OUTCOME_FAILED, REASON_GAIN_TWICE);
    }
    if (!r->find_spots)
        return stage_ends(out, OUTCOME_BLANK, REASON_STAGE_OFF);
    return workspace_masks(w, out) ? STAGE_GO_ON : stage_ends(out, OUTCOME_FAILED, REASON_MASK_MISMATCH);
}

/* All panels with their masks, as spot finding sees them. */
static struct spotfind_image *images_of(const struct recipe *r, struct workspace *w)
{
    const struct detector *d = w->frame.detector;
    struct spotfind_image *images = block_reserve(&w->images, d->n_panels, sizeof *images);
    for (size_t i = 0; i < d->n_panels; i++) {
        size_t first = d->panels[i].first_pixel;
        images[i] = (struct spotfind_image){
            .panel = d->panels + i,
            .pixels = (const uint8_t *)w->frame.pixels + first * pixel_bytes(w->frame.type),
            .type = w->frame.type,
            .mask = (const uint8_t *)w->mask_spots.data + first,
            .bins = r->spotfind.algorithm == SPOTFIND_RADIAL_PROFILE ? (const uint16_t *)w->bins.data + first
                                                                     : NULL,
        };
    }
    return images;
}

/* The recipe's parameters with what is Auto settled for this frame. DIALS: at least 3 pixels on a detector that counts, 6 on one
 * whose spots are smeared. */
static struct spotfind_params settled(const struct recipe *r, const struct workspace *w)
{
    struct spotfind_params p = r->spotfind;
    if (p.min_spot_size == 0)
        p.min_spot_size = strcmp(w->frame.detector->info[0].type, "SENSOR_PAD") ? 6 : 3;
    if (r->elbow)
        p.global_threshold = spotfind_elbow(w->images.data);
    return p;
}

static size_t largest_work(const struct spotfind_params *p, const struct detector *d)
{
    size_t largest = 0;
    for (size_t i = 0; i < d->n_panels; i++) {
        size_t n = spotfind_work_size(p, d->panels[i].n_fast, d->panels[i].n_slow);
        largest = n > largest ? n : largest;
    }
    return largest;
}

/* Bad parameters for this detector (a region of interest outside it, a kernel larger than it). */
static const char *wrong(const struct recipe *r, const struct detector *d)
{
    const char *text = NULL;
    for (size_t i = 0; !text && i < d->n_panels; i++)
        text = spotfind_check(&r->spotfind, d->panels[i].n_fast, d->panels[i].n_slow);
    return text;
}

enum stage_end stage_threshold(const struct recipe *r, struct workspace *w, struct result *out)
{
    const struct detector *d = w->frame.detector;
    const char *text = wrong(r, d);
    if (text) {
        snprintf(out->message, sizeof out->message, "spotfinder: %s", text);
        return stage_ends(out, OUTCOME_FAILED, REASON_MASK_MISMATCH);
    }
    struct spotfind_image *images = images_of(r, w);
    struct spotfind_params p = settled(r, w);
    size_t most = spotfind_max_strong(&p, d->n_pixels);
    most = most < d->n_pixels ? most : d->n_pixels;
    size_t capacity = most + 1;
    struct strong_pixel *strong = block_reserve(&w->strong, capacity, sizeof *strong);
    size_t *counts = block_reserve(&w->panel_counts, d->n_panels, sizeof *counts);
    void *work = block_reserve(&w->threshold_work, largest_work(&p, d), 1);
    for (size_t i = 0; i < d->n_panels; i++) {
        counts[i] =
            r->kernels->spotfind_panel(&p, images + i, strong + w->n_strong, capacity - w->n_strong, work);
        w->n_strong += counts[i];
        if (w->n_strong > most) {
            snprintf(out->message, sizeof out->message,
                     "more than %zu of %s are strong (data in ADU need spotfinder.threshold.dispersion.gain)",
                     most, COUNT(d->n_pixels, "pixel"));
            return stage_ends(out, OUTCOME_FAILED, REASON_TOO_MANY_STRONG);
        }
    }
    return STAGE_GO_ON;
}

enum stage_end stage_label(const struct recipe *r, struct workspace *w, struct result *out)
{
    (void)out;
    const struct spotfind_image *images = w->images.data;
    const size_t *counts = w->panel_counts.data;
    struct strong_pixel *strong = w->strong.data;
    struct spotfind_params p = settled(r, w);
    size_t capacity = w->n_strong < SPOTS_MAX ? w->n_strong : SPOTS_MAX;
    w->list = (struct spot_list){.spots = block_reserve(&w->spots, capacity, sizeof(struct spot)),
                                 .capacity = capacity};
    size_t first = 0;
    for (size_t i = 0; i < w->frame.detector->n_panels; i++) {
        void *work = block_reserve(&w->label_work, label_work_size(counts[i]), 1);
        r->kernels->label_panel(&p, images + i, (uint32_t)i, strong + first, counts[i], first, &w->list,
                                work);
        first += counts[i];
    }
    return STAGE_GO_ON;
}

enum stage_end stage_filter(const struct recipe *r, struct workspace *w, struct result *out)
{
    struct spotfind_params p = settled(r, w);
    spots_filter(&p, w->images.data, w->strong.data, &w->list,
                 block_reserve(&w->label_work, spots_filter_work_size(w->list.n), 1));
    out->spots = w->list.spots;
    out->n_strong = w->list.n;
    out->pixels = w->strong.data;
    out->n_pixels = w->n_strong;
    out->n_saturated = 0;
    for (size_t i = 0; i < w->list.n; i++)
        out->n_saturated += w->list.spots[i].n_saturated > 0;
    if (20 * out->n_saturated > out->n_strong)
        out->flags |= FRAME_SATURATED;
    return STAGE_GO_ON;
}

enum stage_end stage_hit(const struct recipe *r, struct workspace *w, struct result *out)
{
    size_t n = w->list.n;
    glow_measure(r, w, out);
    w->below = n < r->hit_min;
    if (w->list.n_lost || (r->hit_max && n > r->hit_max))
        return stage_ends(out, OUTCOME_HIT_NOT_INDEXED, REASON_TOO_MANY);
    if (n == 0)
        return stage_ends(out, OUTCOME_BLANK, REASON_NO_SPOTS);
    if (w->below && (n < r->min_spots || !r->below_cut))
        return stage_ends(out, OUTCOME_BLANK, REASON_FEW_SPOTS);
    if (!r->index && r->no_index && !w->below)
        return stage_ends(out, OUTCOME_HIT_NOT_INDEXED, REASON_NO_CELL);
    if (!r->index)
        return stage_ends(out, w->below ? OUTCOME_BLANK : OUTCOME_HIT_NOT_INDEXED, REASON_STAGE_OFF);
    return STAGE_GO_ON;
}
