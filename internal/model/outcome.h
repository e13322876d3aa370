/* outcome.h - how a frame ends: one outcome and one reason, from the tables of WORDS 2. Numbers are stored and never reused. */
#ifndef XFELX_MODEL_OUTCOME_H
#define XFELX_MODEL_OUTCOME_H

#include "base/base.h"

/* Number, the machine's word (JSON, CSV), people's word (terminal, pages, reports), what it means. */
// clang-format off
#define OUTCOME_TABLE(X)                                                                                                                       \
    X(BLANK, 1, "blank", "blank", "strong spots below the hit cut, no lattice accepted")                                                       \
    X(INDEXED_BELOW, 2, "indexed_below", "indexed below the hit cut", "below the hit cut, at least one lattice accepted")                      \
    X(HIT_NOT_INDEXED, 3, "hit_not_indexed", "hit, not indexed", "at or above the hit cut, no lattice accepted")                               \
    X(INDEXED_NOT_INTEGRATED, 4, "indexed_not_integrated", "indexed, not integrated", "hit with an accepted lattice, none integrated")         \
    X(INTEGRATED, 5, "integrated", "integrated", "hit with at least one integrated lattice")                                                   \
    X(FAILED, 6, "failed", "failed", "no result: the frame could not be read or worked on")
// clang-format on

/* Number, the machine's word, what people read. */
#define REASON_TABLE(X)                                                                                      \
    X(NONE, 0, "none", "")                                                                                   \
    X(NO_SPOTS, 1, "no_spots", "no spots")                                                                   \
    X(FEW_SPOTS, 2, "few_spots", "too few spots")                                                            \
    X(BELOW_CUT, 3, "below_cut", "below the hit cut, tried, not indexed")                                    \
    X(STAGE_OFF, 4, "stage_off", "a later stage is switched off")                                            \
    X(TOO_MANY, 10, "too_many", "more spots than the maximum")                                               \
    X(NO_LATTICE, 11, "no_lattice", "no lattice found (evidence below the cut)")                             \
    X(CELL_OFF, 12, "cell_off", "best cell outside the tolerances")                                          \
    X(RMSD, 13, "rmsd", "rmsd above rmsd_min_px")                                                            \
    X(VOLUME, 14, "volume", "ewald proximal volume above the limit")                                         \
    X(FEW_INDEXED, 15, "few_indexed", "too few spots left after outliers")                                   \
    X(REFINE, 16, "refine", "refinement did not converge")                                                   \
    X(ICE, 17, "ice", "more than half of the spots on ice or salt rings")                                    \
    X(NO_CELL, 18, "no_cell", "no unit cell is given, and none was found")                                   \
    X(SIGMA_B, 20, "sigma_b", "sigma_b above its cutoff in every lattice")                                   \
    X(NO_PREDICTION, 21, "no_prediction", "nothing predicted on the detector")                               \
    X(FEW_INTEGRATED, 22, "few_integrated", "no reflection survived integration")                            \
    X(SIGNIFICANCE, 23, "significance", "every shell below the significance filter")                         \
    X(UNREADABLE, 40, "unreadable", "file cannot be opened or is none of our formats")                       \
    X(EMPTY_SOURCE, 41, "empty_source", "file without frames or of zero length")                             \
    X(MISSING_DATA, 42, "missing_data", "linked data file or dataset is not there")                          \
    X(BAD_METADATA, 43, "bad_metadata", "wavelength, distance, axes or sizes impossible or absent")          \
    X(TRUNCATED, 44, "truncated", "data end early")                                                          \
    X(DAMAGED, 45, "damaged", "checksum or lengths wrong, data not decodable")                               \
    X(UNSUPPORTED, 46, "unsupported", "a filter, type or layout that is not read")                           \
    X(IO, 47, "io", "read error of the system")                                                              \
    X(CHANGED, 48, "changed", "size or time of the file changed while it was processed")                     \
    X(GAIN_TWICE, 49, "gain_twice", "gain in the file and as parameter")                                     \
    X(MASK_MISMATCH, 50, "mask_mismatch", "mask and frame differ in shape")                                  \
    X(TOO_MANY_STRONG, 51, "too_many_strong", "strong pixels above max_strong_pixel_fraction")               \
    X(TIMEOUT, 60, "timeout", "longer than xfelx.frame_timeout")                                             \
    X(FAULT, 61, "fault", "signal inside a kernel, caught")                                                  \
    X(CRASH, 62, "crash", "the process died on it twice")                                                    \
    X(INTERNAL, 63, "internal", "one of our own checks failed")

#define X(name, number, word, say, text) OUTCOME_##name = number,
enum outcome { OUTCOME_TABLE(X) OUTCOME_END };
#undef X
#define X(name, number, word, text) REASON_##name = number,
enum reason { REASON_TABLE(X) REASON_END = 64 };
#undef X

const char *outcome_word(enum outcome o); /* "?" for a number that is none */
const char *outcome_say(enum outcome o);  /* for people; likewise reason_help */
const char *outcome_help(enum outcome o);
const char *reason_word(enum reason r);
const char *reason_help(enum reason r);

bool outcome_is_hit(enum outcome o);     /* counts as hit: 3 4 5 */
bool outcome_is_indexed(enum outcome o); /* counts as indexed: 4 5 */

/* Reasons that may go by themselves: such a frame is tried once more. */
bool reason_is_retried(enum reason r);

/* The reason for which a frame fails on an input error; REASON_INTERNAL for codes that say nothing about an input. */
enum reason reason_of_error(enum error_code code);

#endif
