/* survey.h - what a job learns from a sample of its frames before the first reflection: the detector's true place
 * (xfelx.geometry.refine) and the crystals' cell where none was given.
 *
 *     if (survey_open(recipe, &list, frames, n, &s, &err))              // rank 0
 *         while (survey_next(s, &block, &n_block))                     // whole blocks: see below
 *             for each frame of the block, on any thread of any rank:
 *                 frame_survey(recipe, w, frame, &sighting);           // bytes, may cross a process boundary
 *                 survey_take(s, sighting.text, sighting.len, &err);   // rank 0, one at a time, in any order
 *     survey_conclude(s, &finding, &err);                               // rank 0
 *     recipe_adopt(recipe, finding, &arena, &err);                      // every rank, from the same bytes
 *
 * The sample is declared (SCIENCE 4): frames in the order of hash(recorded path, frame), taken in whole blocks until the
 * blocks so far show enough hits or all frames were seen. What is found depends on those frames alone, not on ranks, threads
 * or the order in which sightings come back: survey_conclude sorts them first.
 */
#ifndef XFELX_PIPELINE_SURVEY_H
#define XFELX_PIPELINE_SURVEY_H

#include "pipeline/recipe.h"

struct workspace;
struct survey;

/* What a survey found, as bytes with a version: it is broadcast, journaled, and read again by a restart. */
struct finding {
    void *data;
    size_t size;
};

/* Does this recipe ask for a survey? */
bool survey_wanted(const struct recipe *r);

/* frames[n_frames]: numbers in the list that the job will work on. The survey keeps pointers to all three. */
bool survey_open(const struct recipe *r, const struct source_list *l, const uint64_t *frames,
                 uint64_t n_frames, struct survey **out, struct error *err);
void survey_close(struct survey *s);

/* The next block to be looked at; every sighting of the block before must have been taken. false: enough was seen. */
bool survey_next(struct survey *s, const uint64_t **frames, size_t *n);

/* Look at a frame: its spots, its beam and detector, and without a known cell the lattice they show by themselves. Frames that
 * cannot be read or are no hits give a short sighting that says so. Appends to out (text and len hold bytes). Cannot fail. */
void frame_survey(const struct recipe *r, struct workspace *w, uint64_t i, struct str *out);

/* Take the sighting of a frame of the block; ERROR_INTERNAL when the bytes are none. */
bool survey_take(struct survey *s, const void *data, size_t n, struct error *err);

/* Solve. The finding's bytes are malloc'd (finding_free). text, in the arena: lines for people, one a finding or refusal ("detector moved by
 * -0.900 ± 0.001 px …", "geometry kept: 4 of 10 indexed frames needed"). */
bool survey_conclude(struct survey *s, struct finding *out, struct arena *a, const char **text,
                     struct error *err);
void finding_free(struct finding *f);

/* Take a finding into the recipe before its frames are processed: corrections are applied to each frame's own detector, found
 * cells become known cells. Refuses unknown versions and broken bytes in one line. The recipe's hash stays: a finding is a
 * function of recipe and frames. */
bool recipe_adopt(struct recipe *r, const struct finding *f, struct arena *a, struct error *err);

/* The corrected detector of the sample's first frame as geometry.expt in this folder (temporary name, rename); nothing is
 * written when the geometry was kept. */
bool finding_write_geometry(const struct finding *f, const char *folder, struct error *err);

/* For a job that is begun again: keep the finding and its lines in this file (whole or not there; its folder is made), and get them
 * back into the arena. A finding that found nothing is not kept: files may have come since. key: what it is a finding of; a file
 * with another key, of another version, or broken, is none, and the survey is made again. */
bool finding_keep(const struct finding *f, const uint8_t key[32], const char *text, const char *path,
                  struct error *err);
bool finding_kept(const uint8_t key[32], const char *path, struct arena *a, struct finding *out,
                  const char **text);

#endif
