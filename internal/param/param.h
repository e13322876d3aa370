/* param.h - parameters and settings: the PHIL language, typed rows, layers, printing.
 *
 * Two trees (WORDS 6): the recipe (what a trial is; names of dials.stills_process, ours under xfelx.*) and the settings
 * (db.*, mp.*, facility.*, experiment_tag …). A value knows where it came from. Rows are one const table (rows.c …): type,
 * default, unit, range, choices, help, class (honoured, accepted without effect, not yet).
 */
#ifndef XFELX_PARAM_PARAM_H
#define XFELX_PARAM_PARAM_H

#include "base/base.h"

enum param_tree { PARAM_RECIPE, PARAM_SETTINGS };
enum param_class { PARAM_HONOURED, PARAM_IGNORED, PARAM_NOT_YET }; /* SCIENCE 1.1 a, b, c "not yet" */

/* One row of the table. type is PHIL type text: "bool", "int(value_min=1)", "float", "floats(size=2)", "str", "path",
 * "choice", "choice(multi=True)", "space_group", "unit_cell", "strings", "ints". deflt is PHIL text ("None", "Auto", "16",
 * for a choice the words with * on the default). A row is a member of a multiple scope when its path holds "[]". */
struct param_row {
    const char *path, *type, *deflt, *unit, *help;
    enum param_class class;
    enum param_tree tree;
    uint8_t expert; /* 0 … 3 */
    bool multiple;
    bool in_hash; /* changes a result: part of the recipe hash */
};

struct params;

/* All rows at their defaults. */
struct params *params_make(struct arena *a);

/* Read the layers below the command line: /etc/xfelx/xfelx.phil, ~/.config/xfelx/xfelx.phil, ./xfelx.phil, $XFELX_CONFIG or
 * config_file (NULL: none), the environment. */
bool params_load_settings(struct params *p, const char *config_file, struct error *err);

/* Merge a PHIL file; merge one command-line assignment ("name=value", partial names as FORMATS 7.6). */
bool params_merge_file(struct params *p, const char *path, struct error *err);
bool params_merge_argument(struct params *p, const char *text, struct error *err);

/* Merge what params_show printed (all rows) somewhere else; name stands in messages. */
bool params_merge_text(struct params *p, const char *name, const char *text, struct error *err);

/* Is this argument an assignment, a PHIL file (by ending and content), or something else (an image)? */
enum param_argument { PARAM_ARGUMENT_ASSIGNMENT, PARAM_ARGUMENT_PHIL, PARAM_ARGUMENT_OTHER };
enum param_argument params_argument_kind(const char *text);

/* Values by full path. The path must be a row of the table (else the program ends: a bug). None and Auto are asked first;
 * a getter on None or Auto gives the `otherwise` value. */
bool param_is_none(const struct params *p, const char *path);
bool param_is_auto(const struct params *p, const char *path);
bool param_bool(const struct params *p, const char *path, bool otherwise);
int64_t param_int(const struct params *p, const char *path, int64_t otherwise);
double param_real(const struct params *p, const char *path, double otherwise);
/* str, path, space_group, choice (its word) */
const char *param_text(const struct params *p, const char *path, const char *otherwise);
/* floats, ints, unit_cell; 0 when None/Auto */
size_t param_reals(const struct params *p, const char *path, const double **values);
/* strings, choice multi, multiple definitions */
size_t param_texts(const struct params *p, const char *path, const char *const **values);

/* Elements of a multiple definition or scope; ask for one as "geometry.detector.panel[2].id", "input.glob[0]". */
size_t param_count(const struct params *p, const char *path);
bool param_is_default(const struct params *p, const char *path);

/* Where a value comes from: "built-in", "/etc/xfelx/xfelx.phil:12", "environment XFELX_…", "command line". */
const char *param_origin(const struct params *p, const char *path);

/* Print as PHIL that reads back to the same values (FORMATS 7.6). */
enum param_show { PARAM_SHOW_ALL, PARAM_SHOW_CHANGED };
struct param_show_options {
    enum param_show what;
    int expert;     /* rows up to this level; -1: all */
    int attributes; /* 0 values, 1 help, 2 type, range, help, unit */
    bool origins;   /* a comment behind each value: where it came from */
    int tree;       /* enum param_tree, or -1: both */
};
void params_show(const struct params *p, const struct param_show_options *o, struct str *out);

/* Recipe hash: lines "path = value\n" of all rows with in_hash, in table order, then "file KIND sha256\n" lines (WORDS 6). */
void params_hash(const struct params *p, const char *file_lines, uint8_t out[32]);

/* All values of a tree as "path" and PHIL text, in table order; elements of multiple ones as "name[0]". In the arena. */
struct param_line {
    const char *path, *value;
};
size_t params_lines(const struct params *p, enum param_tree tree, struct arena *a, struct param_line **out);

/* What differs between two sets. was, is NULL: the one has no such element. */
struct param_difference {
    const char *path, *was, *is;
};
size_t params_differences(const struct params *p, const struct params *q, enum param_tree tree,
                          struct arena *a, struct param_difference **out);

/* Set the row of this full path to a text (str, path, choice) as it is, whatever stands in it. */
bool params_set_text(struct params *p, const char *path, const char *text, struct error *err);

/* Number of values set that are accepted without effect, and their names; reported once by the caller (SCIENCE 1.1 b). */
size_t params_ignored(const struct params *p, struct arena *a, const char *const **names);

/* The table, for the manual and completion. */
const struct param_row *param_rows(size_t *n);

#endif
