/* result.h - what became of a frame: identity, outcome, tables. Owned by the worker's workspace until its next frame. */
#ifndef XFELX_MODEL_RESULT_H
#define XFELX_MODEL_RESULT_H

#include "model/beam.h"
#include "model/detector.h"
#include "model/outcome.h"

/* Who a frame is. path is the recorded path (STORE 3.1), the same at every site and in every repetition. */
struct frame_id {
    uint32_t source; /* number of the source in the job */
    uint32_t frame;  /* index inside the source, 0-based */
    const char *path;
    bool single; /* the file holds exactly one image (CBF, SMV): no index in .expt files */
};

/* Bits of frame.flags (WORDS 2). */
enum frame_flag {
    FRAME_LOG_ERROR = 1 << 0,
    FRAME_SETTING_UNDECIDED = 1 << 1,
    FRAME_CELL_OUTLIER = 1 << 2,
    FRAME_ICE = 1 << 3,
    FRAME_SATURATED = 1 << 4, /* more than 5 % of the spots */
    FRAME_SPLIT = 1 << 5,
    FRAME_PREVIEW = 1 << 6,
    FRAME_SECOND_TRY = 1 << 7,
    FRAME_SOLVENT = 1 << 8, /* the ring ratio is at or above its cut */
};

enum { RESULT_SHELLS = 110 }; /* bytes of a lattice's statistics in shells (STORE 3.1) */
enum { STAGE_MAX = 9 };       /* rows of the stage table that frame.stages can hold (STORE 3.1) */

/* What lies beside the crystal's spots: light of the jet, ice, how long the spots are (ALGORITHMS 2.13). All zero: not measured. */
struct frame_glow {
    double ring, low; /* I(2θ high)/I(2θ low), and I(2θ low), photons or ADU per pixel; 0: not known */
    double ice;       /* by how much rings of ice stand above their surroundings: 0.1 = 10 % */
    uint32_t n_ice;   /* strong spots on rings of ice, or of salt where those are more */
    bool ice_known;
    double spot_length_px; /* median over the spots of their extent along their long axis; 0: no spots */
};

struct result {
    struct frame_id id;
    enum outcome outcome;
    enum reason reason;
    uint32_t flags;     /* WORDS 2, frame.flags */
    char message[1024]; /* failed frames: what is wrong, one line */
    struct beam beam;
    const struct detector *detector;
    double distance; /* mm, of panel 0 */
    size_t n_strong, n_saturated;
    struct frame_glow glow;
    const struct spot *spots; /* [n_strong]; NULL: not handed on */
    size_t n_pixels;
    /* of the spots, spot.first_pixel points in here; NULL: not handed on */
    const struct strong_pixel *pixels;
    size_t n_lattices;
    const struct lattice *lattices;
    size_t n_indexed, n_integrated;
    const struct reflection *indexed;    /* by lattice, then as FORMATS 2.4 */
    const struct reflection *integrated; /* by lattice, then panel, h, k, l */
    /* [n_lattices] in place of the reflections, which stayed with the rank that worked on it (store_shells); NULL: they are here */
    const uint8_t (*shells)[RESULT_SHELLS];
    double shell_d;  /* Å, to which they reach */
    bool numbered;   /* event is known: the facility's number of the shot */
    int64_t event;   /* 0 where it is not */
    int64_t t_event; /* ns UTC of the exposure; 0: not known */
    int64_t t_done;  /* ns UTC */
    int64_t stage_ns[STAGE_MAX];
    uint32_t n_stages; /* stages that ran */
    uint32_t thread;
};

/* A copy in one block of memory (free() it) that no longer points into a workspace. The detector is still shared: give one that
 * lives as long as the copy. NULL: no memory. */
struct result *result_copy(const struct result *r, const struct detector *detector);

#endif
