/* label_private.h - what the files of labels share (label_*.c). Private to store/. */
#ifndef XFELX_STORE_LABEL_PRIVATE_H
#define XFELX_STORE_LABEL_PRIVATE_H

#include "store/book_private.h"

enum label_layer { LAYER_NOMINAL, LAYER_CORRECTED };

struct label_of {
    int64_t id;
    int kind;
    double bin; /* NaN: none */
    char name[4 * LABEL_NAME_MOST + 1];
};

/* The set of a name; id 0: there is none. */
bool label_find(struct sql *s, const char *name, struct label_of *out, struct error *err);
/* The same, made or brought up to what is said of it, within a transaction. ERROR_USAGE: another kind, a bad name. */
bool label_want(struct store *s, const struct store_label *want, struct label_of *out, struct error *err);

/* Number of a text among the set's words, made when it is not there. ERROR_USAGE: no text that may be kept, or more than LABEL_GROUPS. */
bool label_word(struct store *s, const struct label_of *set, const char *text, double *no, struct error *err);

/* The words of a set as groups: of texts by number, of numbers by value. */
struct label_words {
    struct label_group {
        uint32_t no;
        double value; /* NaN: a text */
        const char *word;
    } * rows;
    size_t n;
};
bool label_words_read(struct sql *s, int64_t set, struct arena *a, struct label_words *out,
                      struct error *err);

/* The value as people read it, with the group's lower end in *value. */
const char *label_group_word(const struct label_of *set, double v, struct arena *a, double *value);

/* Join one run again; within a transaction. */
bool label_join_run(struct store *s, const struct label_of *set, int64_t run, struct store_label_joined *out,
                    struct error *err);

#endif
