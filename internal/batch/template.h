/* template.h - filling text with fields; see script.h for the rules. Private to batch/. */
#ifndef XFELX_BATCH_TEMPLATE_H
#define XFELX_BATCH_TEMPLATE_H

#include "base/base.h"

enum field_kind {
    FIELD_QUOTED, /* for the shell */
    FIELD_PLAIN,  /* for the scheduler: letters, digits and _.,:=+@/[]- only */
    FIELD_TEXT,   /* made for its place, taken with @=name@ */
};

struct field {
    const char *name, *value; /* NULL: not given */
    enum field_kind kind;
    bool may_rest; /* need not be used */
    bool used;
};

/* Fill text; name of the template for messages. ERROR_USAGE: unknown field, a given one that is not used, a value that may not
 * stand there. fields' used is set. */
bool template_fill(const char *name, const char *text, struct field *fields, size_t n, struct str *out,
                   struct error *err);

/* The same for cctbx.xfel's templates: <marker> is a field; what is no known marker stays as it is. */
bool template_fill_markers(const char *name, const char *text, struct field *fields, size_t n,
                           struct str *out, struct error *err);

#endif
