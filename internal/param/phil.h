/* phil.h - the PHIL language inside param/: words, trees, types, values, merging, printing (FORMATS 7).
 *
 * Three kinds of tree, all in an arena that the caller owns:
 *   struct phil_object   what a text says, parsed: scopes and definitions with their words and places;
 *   a master             the same, complete: every name that exists with type and default (built from text or from rows);
 *   struct phil_node     values: mirrors a master, each definition with the words that won and their checked value.
 *
 * Nothing here reads settings or knows a parameter by name. Text from outside is never trusted: sizes, nesting and numbers
 * are limited, and every refusal names source, line and column.
 */
#ifndef XFELX_PARAM_PHIL_H
#define XFELX_PARAM_PHIL_H

#include "base/base.h"

enum {
    PHIL_FILE_MAX = 16 << 20,  /* bytes of a file or text */
    PHIL_VALUE_MAX = 1 << 20,  /* bytes of one value */
    PHIL_NESTING_MAX = 256,    /* scopes in scopes */
    PHIL_INCLUDE_MAX = 16,     /* files in files */
    PHIL_FILES_MAX = 200,      /* files that one file brings in, all together */
    PHIL_OBJECTS_MAX = 200000, /* scopes and definitions of a text */
    PHIL_WORDS_MAX = 1000000,  /* words of all values of a text */
    PHIL_ELEMENTS_MAX = 10000, /* elements of a .multiple name: each is compared with all others */
    PHIL_EXPRESSION_MAX = 64,  /* parentheses, functions and signs in each other */
    PHIL_VARIABLE_MAX = 64,    /* variables that name variables */
};

/* ---- text and places ---- */

/* A text that was read: a file, a command-line argument, an environment variable, the built-in table. */
struct phil_source {
    const char *name; /* "recipe.phil", "command line", "environment XFELX_DB_HOST" */
    const char *text; /* NUL-terminated, valid UTF-8 without NUL, byte order mark taken off */
    size_t n;
    bool is_file;    /* places are written name:line */
    uint64_t *steps; /* work done for variables so far; limited */
};

struct phil_place {
    const struct phil_source *source;
    size_t offset; /* byte in source->text */
    uint32_t line; /* from 1; only LF counts */
};

/* Take a text into the arena after checking it (size, UTF-8, no NUL). NULL: refused. */
const struct phil_source *phil_source(struct arena *a, const char *name, bool is_file, const char *text,
                                      size_t n, struct error *err);

/* Read a file. ERROR_UNREADABLE and so on as fs_read. */
const struct phil_source *phil_source_file(struct arena *a, const char *path, struct error *err);

/* "recipe.phil:12", "command line", in the arena. */
const char *phil_place_text(struct arena *a, struct phil_place place);

/* Fill *err with ERROR_USAGE, "source:line:column: fact", and the line itself with ^ before the place as detail. Returns
 * false. */
bool phil_error(struct error *err, struct phil_place place, const char *fact, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- words (lex.c) ---- */

enum phil_quote { PHIL_PLAIN, PHIL_SINGLE, PHIL_DOUBLE, PHIL_SINGLE3, PHIL_DOUBLE3 };

struct phil_word {
    const char *text; /* quotes and escapes resolved */
    size_t n;
    enum phil_quote quote;
    struct phil_place place;
};

struct phil_words {
    const struct phil_word *word;
    size_t n;
};

/* A list of words being made; {0} is empty. It lives in the arena. */
struct phil_word_list {
    struct phil_word *word;
    size_t n, room, bytes;
};
void phil_list_add(struct arena *a, struct phil_word_list *list, const struct phil_word *w);

enum phil_mode {
    PHIL_NAMES, /* { } = stand alone, # begins a comment */
    PHIL_VALUE, /* { } ; stand alone */
    PHIL_LOOSE, /* nothing stands alone: values that are not in a file */
};

struct phil_lexer {
    struct arena *arena;
    const struct phil_source *source;
    size_t at;
    uint32_t line;
};

/* Next word; *got false at the end. false: a quote is not closed. */
bool phil_next_word(struct phil_lexer *x, enum phil_mode mode, struct phil_word *out, bool *got,
                    struct error *err);

/* Python's str.isspace at p (n bytes left): length of the white space character, 0 when it is none. */
size_t phil_space(const char *p, size_t n);

bool phil_is_none(struct phil_words w); /* one unquoted word "None", any case */
bool phil_is_auto(struct phil_words w);
bool phil_word_is(const struct phil_word *w, const char *text); /* unquoted and exactly this */
bool phil_is_name(const char *text, size_t n);                  /* dotted identifier */
const char *phil_quote_text(enum phil_quote q);                 /* "", "'", "\"", "'''", "\"\"\"" */
void phil_word_show(struct str *s, const struct phil_word *w);  /* with its quotes, so that it reads back */
/* an own text cut by PHIL_LOOSE; cannot fail */
struct phil_words phil_words_of(struct arena *a, const char *text);

/* ---- types (type.c) ---- */

enum phil_kind {
    PHIL_NO_TYPE, /* as strings */
    PHIL_BOOL,
    PHIL_INT,
    PHIL_FLOAT,
    PHIL_INTS,
    PHIL_FLOATS,
    PHIL_STR,
    PHIL_STRINGS,
    PHIL_QSTR,
    PHIL_PATH,
    PHIL_KEY,
    PHIL_WORDS,
    PHIL_CHOICE,
    PHIL_SPACE_GROUP,
    PHIL_UNIT_CELL,
};

struct phil_type {
    enum phil_kind kind;
    const char *name;      /* as written: "path", "reflection_table" … */
    bool has_min, has_max; /* numbers and their lists */
    double min, max;
    bool allow_none;                   /* int, float; true when not said */
    size_t size_min, size_max;         /* lists; 0: no limit */
    bool none_elements, auto_elements; /* lists */
    bool multi;                        /* choice */
};

/* Read "int(value_min=0, value_max=5)"; false: no type of the table, or arguments it does not have. place is for messages. */
bool phil_type_read(const char *text, struct phil_place place, struct phil_type *out, struct error *err);

/* As libtbx prints it: "int(value_min=0, allow_none=True)". */
void phil_type_show(struct str *s, const struct phil_type *t);

/* ---- trees (tree.c, parse.c) ---- */

enum phil_flag { PHIL_UNSET = -1, PHIL_FALSE = 0, PHIL_TRUE = 1 };

struct phil_attribute {
    const char *name, *text;
    struct phil_attribute *next;
};

struct phil_object {
    const char *name; /* one part of the dotted name; "" for the root */
    bool is_scope, disabled;
    bool implied;   /* a scope made by a dotted name */
    uint32_t order; /* position in the text, for variables; 0: implied scopes */
    bool resolved;  /* variables in words are replaced already */
    bool used;      /* it was merged, or a variable named it */
    struct phil_place place;
    struct phil_words words; /* definitions */
    struct phil_object *parent, *first, *last, *next;
    /* attributes; those that only people and windows need are kept as text */
    struct phil_type type;
    enum phil_flag multiple, optional, deprecated;
    int expert; /* -1: not said */
    const char *help;
    struct phil_attribute *attributes; /* all, in the order given, as text */
    /* masters only */
    size_t index, n_children; /* among its siblings; number of children */
    const void *row;          /* of the table it was made from; NULL */
};

struct phil_object *phil_root(struct arena *a);

/* Append an object under parent with a dotted name, making the scopes between. */
struct phil_object *phil_append(struct arena *a, struct phil_object *parent, const char *name, size_t n,
                                bool is_scope, struct phil_place place);

/* Dotted path of an object in its tree, in the arena. */
const char *phil_path(struct arena *a, const struct phil_object *o);

/* Child by name, or NULL. */
struct phil_object *phil_child(const struct phil_object *scope, const char *name, size_t n);

/* Next object of the tree under root in text order (depth first), NULL at the end. start with root itself. skip: do not
 * go into o. */
struct phil_object *phil_walk(const struct phil_object *root, const struct phil_object *o, bool skip);

/* Scopes around an object, the root included. */
size_t phil_depth(const struct phil_object *o);

/* Expert level of an object: its own, else that of the nearest scope around it, else 0. */
int phil_expert(const struct phil_object *o);

/* Parse a text. Definitions called include are kept as they are. NULL: error. */
struct phil_object *phil_parse(struct arena *a, const struct phil_source *s, struct error *err);

/* Parse a file and put the files it includes in their places. */
struct phil_object *phil_parse_file(struct arena *a, const char *path, struct error *err);

/* Make a parsed tree into a master: scopes of one name are joined, children numbered, defaults checked. */
bool phil_master(struct arena *a, struct phil_object *root, struct error *err);

/* Set one attribute of an object by name ("type", "help" …) from words; name without the dot. */
bool phil_set_attribute(struct arena *a, struct phil_object *o, const char *name, struct phil_words w,
                        struct phil_place place, struct error *err);

/* ---- values (expr.c, value.c, choice.c) ---- */

enum phil_state { PHIL_SET, PHIL_NONE, PHIL_AUTO };

struct phil_number {
    enum phil_state state; /* elements may be None or Auto where the type allows it */
    bool whole;            /* i is exact */
    int64_t i;
    double r;
};

struct phil_value {
    enum phil_state state;
    bool b;
    struct phil_number number;
    const struct phil_number *numbers; /* lists and unit_cell */
    const double *reals;               /* the same as reals; NaN for None and Auto elements */
    const char *text; /* str, path, key, qstr, space_group (its tabulated name), choice (NULL: none chosen) */
    const char *const *texts; /* strings, choice(multi=True), words */
    size_t n;                 /* of numbers or texts */
};

/* Words for true and false, any case; false: neither. */
bool phil_bool(const char *text, bool *out);

/* Arithmetic on text (FORMATS 7.4); why is set to a short reason on failure. integer: the result must be whole and fit in 64 bits. */
bool phil_expression(const char *text, size_t n, bool integer, struct phil_number *out, const char **why);

/* Check words against the type of a master's definition. Variables are resolved already. */
bool phil_value_read(struct arena *a, const struct phil_object *master, struct phil_words w,
                     struct phil_value *out, struct error *err);

/* Choices: which of the master's words are chosen by a source's words. chosen: one flag a word of the master. */
bool phil_choose(struct arena *a, const struct phil_object *master, struct phil_words w, bool *chosen,
                 struct error *err);

/* The value as words that read back to it: shortest numbers, quoted text, the whole list of a choice with its stars. */
struct phil_words phil_value_words(struct arena *a, const struct phil_object *master,
                                   const struct phil_value *v);

/* Words with one blank between, quotes removed. */
const char *phil_join(struct arena *a, struct phil_words w);

/* ---- variables (variable.c) ---- */

/* Replace $name and $(name) in the words of a definition by what stands above it in its text, else by the environment. */
bool phil_resolve(struct arena *a, const struct phil_object *definition, struct phil_words *out,
                  struct error *err);

/* ---- merging (fetch.c) ---- */

/* The state of a master's object. A .multiple object has a list of elements instead of one value: nodes of its own kind. */
struct phil_node {
    const struct phil_object *master;
    /* [master->n_children] of scopes that are not .multiple, and of elements that are scopes */
    struct phil_node *children;
    struct phil_words words; /* definitions: as they were given */
    struct phil_value value, built_in;
    const char *origin;          /* NULL: built in */
    bool pending;                /* words are newer than value */
    struct phil_node *template;  /* .multiple scopes: an element at its defaults */
    struct phil_node **elements; /* .multiple */
    size_t n_elements, room;
};

struct phil_node *phil_defaults(struct arena *a, const struct phil_object *master, struct error *err);

/* Merge a parsed tree into the values. Plain definitions take their words now and are checked by phil_check, so that only
 * what wins at the end has to be right, as in libtbx; choices and .multiple ones are checked at once. Definitions that the
 * master does not know are left with used == false. origin NULL: the place of each definition. */
bool phil_fetch(struct arena *a, struct phil_node *root, struct phil_object *source, const char *origin,
                struct error *err);

/* Check the values of all definitions that were given words since the last check. */
bool phil_check(struct arena *a, struct phil_node *root, struct error *err);

/* Next definition that phil_fetch did not know and no variable named, in text order; NULL: none. start with NULL. */
const struct phil_object *phil_unused(const struct phil_object *source, const struct phil_object *last);

/* The node at a dotted path; elements as "geo[2].id", "geo[].id" the values of an element that was not changed; NULL: no such
 * name or element. */
struct phil_node *phil_find(struct phil_node *root, const char *path);
bool phil_same_value(const struct phil_object *master, const struct phil_value *a,
                     const struct phil_value *b);
bool phil_same_values(const struct phil_node *x, const struct phil_node *y); /* two roots of one master */
bool phil_is_default(const struct phil_node *node);

/* ---- command line (argument.c) ---- */

/* Merge one argument: assignments with full or partial names. */
bool phil_argument(struct arena *a, struct phil_node *root, const struct phil_source *s, struct error *err);

/* Near names of a path among the master's, for hints: up to three, "a, b, c"; "" when nothing is near. */
const char *phil_near(struct arena *a, const struct phil_object *master, const char *path);

/* ---- printing (show.c) ---- */

struct phil_show {
    bool changed;   /* only what differs from the default */
    int expert;     /* up to this level; -1: all */
    int attributes; /* 0 none, 1 help, 2 type and range too */
    bool origins;
    bool (*wanted)(const struct phil_object *master, const void *arg); /* NULL: all */
    const void *arg;
};
void phil_show(struct arena *a, const struct phil_node *root, const struct phil_show *o, struct str *out);

#endif
