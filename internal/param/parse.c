/* parse.c - words to trees; see phil.h and FORMATS 7.2. No recursion: the scope in hand is a pointer, its parents are linked. */
#include "param/phil.h"

#include <string.h>

struct parser {
    struct arena *arena;
    struct phil_lexer lexer;
    struct phil_object *scope;      /* the one being filled */
    struct phil_object *definition; /* the one that attributes belong to */
    uint32_t order;
    uint32_t last_line; /* of the last object's name: #phil counts only at the start of a line */
    size_t depth, n_objects, n_words;
};

static bool next_name(struct parser *p, struct phil_word *out, bool *got, struct error *err)
{
    if (!phil_next_word(&p->lexer, PHIL_NAMES, out, got, err))
        return false;
    if (*got && out->quote != PHIL_PLAIN)
        return phil_error(err, out->place, "a name was expected, not quoted text"),
               error_hint(err, "a quoted word continues the value of the line before");
    return true;
}

static bool end_of_text(const struct phil_word *after, struct error *err)
{
    return phil_error(err, after->place, "the text ends after \"%.80s\"", after->text),
           error_hint(err, "write name = value, or name { ... }");
}

/* ---- values ---- */

/* Words of a value: to a semicolon, brace, the end, or a word on a later line that is not quoted and not after a lone
 * backslash. A word that is exactly # hides the rest of the line, but quoted words after it still continue the value. */
static bool collect_value(struct parser *p, const struct phil_word *lead, struct phil_words *out,
                          struct error *err)
{
    struct phil_word_list list = {0};
    bool comment = false, last_continues = false;
    uint32_t last_line = lead->place.line;
    for (;;) {
        struct phil_lexer before = p->lexer;
        struct phil_word w;
        bool got;
        if (!phil_next_word(&p->lexer, PHIL_VALUE, &w, &got, err))
            return false;
        if (!got)
            break;
        bool plain = w.quote == PHIL_PLAIN, backslash = phil_word_is(&w, "\\");
        bool single = plain && w.n == 1 && strchr("{};#", w.text[0]);
        if (single && !comment) {
            if (w.text[0] == ';')
                break;
            if (w.text[0] != '#') {
                p->lexer = before;
                break;
            }
            comment = true;
        } else if (!plain || last_continues) {
            if (!comment)
                phil_list_add(p->arena, &list, &w);
        } else if (w.place.line != last_line) {
            p->lexer = before;
            break;
        } else if (!backslash && !comment) {
            phil_list_add(p->arena, &list, &w);
        }
        last_line = w.place.line;
        last_continues = backslash;
        if (++p->n_words > PHIL_WORDS_MAX)
            return phil_error(err, w.place, "more than %d words in one text", PHIL_WORDS_MAX);
        if (list.bytes > PHIL_VALUE_MAX)
            return phil_error(err, lead->place, "the value of %.80s is longer than %d bytes", lead->text,
                              PHIL_VALUE_MAX);
    }
    if (!list.n)
        return phil_error(err, lead->place, "%.80s has no value", lead->text),
               error_hint(err, "write it on the same line; None leaves it unset, '' is empty text");
    *out = (struct phil_words){list.word, list.n};
    return true;
}

/* ---- attributes ---- */

static const char *const scope_attributes[] = {"style",
                                               "help",
                                               "caption",
                                               "short_caption",
                                               "optional",
                                               "multiple",
                                               "sequential_format",
                                               "disable_add",
                                               "disable_delete",
                                               "expert_level",
                                               "alias",
                                               "call"};
static const char *const definition_attributes[] = {"help",         "caption",    "short_caption", "optional",
                                                    "type",         "multiple",   "input_size",    "style",
                                                    "expert_level", "deprecated", "alias"};

static bool has_attribute(bool is_scope, const char *name)
{
    const char *const *table = is_scope ? scope_attributes : definition_attributes;
    size_t n = is_scope ? sizeof scope_attributes / sizeof *scope_attributes
                        : sizeof definition_attributes / sizeof *definition_attributes;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(table[i], name))
            return true;
    return false;
}

/* "= value" behind the name of an attribute; assigned unless it is disabled. */
static bool read_attribute(struct parser *p, struct phil_object *o, const struct phil_word *name,
                           bool disabled, struct error *err)
{
    if (!has_attribute(o->is_scope, name->text + 1))
        return phil_error(err, name->place, "%s have no attribute \"%.80s\"",
                          o->is_scope ? "scopes" : "definitions", name->text);
    struct phil_word equal;
    bool got;
    if (!next_name(p, &equal, &got, err))
        return false;
    if (!got)
        return end_of_text(name, err);
    if (!phil_word_is(&equal, "="))
        return phil_error(err, equal.place, "\"=\" was expected after %s, not \"%.80s\"", name->text,
                          equal.text);
    struct phil_words value;
    if (!collect_value(p, name, &value, err))
        return false;
    return disabled || phil_set_attribute(p->arena, o, name->text + 1, value, name->place, err);
}

/* ---- objects ---- */

static bool check_name(const struct phil_word *name, const char *text, bool is_scope, struct error *err)
{
    size_t n = strlen(text);
    if (!phil_is_name(text, n)) {
        phil_error(err, name->place, "\"%.80s\" is no name for a %s", name->text,
                   is_scope ? "scope" : "parameter");
        return error_hint(err, "names are letters, digits and _, parts of a path are joined by dots");
    }
    bool reserved = n >= 5 && str_starts(text, "__") && str_ends(text, "__");
    for (const char *part = text, *dot; !reserved; part = dot + 1) {
        dot = strchr(part, '.');
        size_t length = dot ? (size_t)(dot - part) : strlen(part);
        if (length == 7 && !memcmp(part, "include", 7) && (is_scope || n != 7))
            reserved = true;
        if (!dot)
            break;
        if (length >= 5 && !memcmp(part, "__", 2) && !memcmp(part + length - 2, "__", 2))
            reserved = true;
    }
    if (reserved)
        return phil_error(err, name->place, "\"%.80s\" holds a reserved name", text);
    return true;
}

static size_t dots(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '.';
    return n;
}

static bool check_limits(struct parser *p, const struct phil_word *name, size_t implied, bool is_scope,
                         struct error *err)
{
    p->n_objects += implied + 1;
    if (p->n_objects > PHIL_OBJECTS_MAX)
        return phil_error(err, name->place, "more than %d names in one text", PHIL_OBJECTS_MAX);
    if (p->depth + implied + is_scope > PHIL_NESTING_MAX)
        return phil_error(err, name->place, "scopes are nested more than %d deep", PHIL_NESTING_MAX);
    return true;
}

/* A scope: its name was read, `word` is the brace or the first attribute. */
static bool open_scope(struct parser *p, const struct phil_word *name, const char *text, bool disabled,
                       struct phil_word word, struct error *err)
{
    if (!check_name(name, text, true, err) || !check_limits(p, name, dots(text), true, err))
        return false;
    struct phil_object *scope = phil_append(p->arena, p->scope, text, strlen(text), true, name->place);
    scope->disabled = disabled;
    scope->order = ++p->order;
    while (!phil_word_is(&word, "{")) {
        bool off = word.text[0] == '!';
        if (off)
            word.text++, word.n--;
        if (word.text[0] != '.')
            return phil_error(err, word.place, "\"{\" was expected, not \"%.80s\"", word.text);
        if (!read_attribute(p, scope, &word, off, err))
            return false;
        struct phil_word after = word;
        bool got;
        if (!next_name(p, &word, &got, err))
            return false;
        if (!got)
            return end_of_text(&after, err);
    }
    p->depth += dots(text) + 1;
    p->scope = scope;
    p->definition = NULL;
    p->last_line = 0;
    return true;
}

static void close_scope(struct parser *p)
{
    struct phil_object *scope = p->scope;
    p->last_line = scope->place.line;
    do {
        scope = scope->parent;
        p->depth--;
    } while (scope->implied);
    p->scope = scope;
    p->definition = NULL;
}

static bool read_definition(struct parser *p, const struct phil_word *name, const char *text, bool disabled,
                            struct error *err)
{
    if (!check_name(name, text, false, err) || !check_limits(p, name, dots(text), false, err))
        return false;
    if (strcmp(text, "include") != 0) {
        struct phil_word equal;
        bool got;
        if (!next_name(p, &equal, &got, err))
            return false;
        if (!got)
            return end_of_text(name, err);
        if (!phil_word_is(&equal, "="))
            return phil_error(err, equal.place, "\"=\" was expected after %.80s, not \"%.80s\"", text,
                              equal.text);
    }
    struct phil_words value;
    if (!collect_value(p, name, &value, err))
        return false;
    struct phil_object *o = phil_append(p->arena, p->scope, text, strlen(text), false, name->place);
    o->disabled = disabled;
    o->order = ++p->order;
    o->words = value;
    p->definition = o;
    return true;
}

/* ---- #phil __ON__ __OFF__ __END__ ---- */

/* Skip to the line "#phil __ON__"; "#phil __END__" in a part that is switched off ends that part only, as libtbx has it. true: go
 * on behind it; false: the text ends. */
static bool skip_to_on(struct phil_lexer *x)
{
    const char *text = x->source->text;
    while (x->at < x->source->n) {
        const char *line_end = memchr(text + x->at, '\n', x->source->n - x->at);
        if (!line_end)
            break;
        x->at = (size_t)(line_end + 1 - text);
        x->line++;
        if (!str_starts(text + x->at, "#phil"))
            continue;
        size_t at = x->at + 5, space;
        while (at < x->source->n && !phil_space(text + at, x->source->n - at))
            at++;
        while (at < x->source->n && (space = phil_space(text + at, x->source->n - at)) != 0)
            at += space;
        bool on = str_starts(text + at, "__ON__"), end = str_starts(text + at, "__END__");
        if (!on && !end)
            continue;
        for (size_t i = x->at; i < at; i++)
            x->line += text[i] == '\n';
        at += on ? 6 : 7;
        while (at < x->source->n && text[at] != '\n' &&
               (space = phil_space(text + at, x->source->n - at)) != 0)
            at += space;
        if (at < x->source->n && text[at] != '\n')
            continue;
        x->at = at;
        return true;
    }
    x->at = x->source->n;
    return false;
}

/* The word behind #phil. */
static bool read_switch(struct parser *p, const struct phil_word *lead, bool *end, struct error *err)
{
    struct phil_word word;
    bool got;
    if (!next_name(p, &word, &got, err))
        return false;
    if (!got)
        return end_of_text(lead, err);
    if (phil_word_is(&word, "__END__"))
        *end = true;
    else if (phil_word_is(&word, "__OFF__"))
        *end = !skip_to_on(&p->lexer);
    else if (!phil_word_is(&word, "__ON__"))
        return phil_error(err, word.place, "\"#phil %.80s\" is none of #phil __ON__, __OFF__, __END__",
                          word.text);
    return true;
}

/* One item of a text; *end: nothing more. */
static bool read_item(struct parser *p, bool *end, struct error *err)
{
    struct phil_word lead, word;
    bool got;
    if (!next_name(p, &lead, &got, err))
        return false;
    if (!got)
        return *end = true;
    if (phil_word_is(&lead, "#phil") && lead.place.line != p->last_line)
        return read_switch(p, &lead, end, err);
    if (phil_word_is(&lead, "}") && p->scope->parent)
        return close_scope(p), true;
    if (phil_word_is(&lead, "{") || phil_word_is(&lead, "}"))
        return phil_error(err, lead.place, "unexpected \"%s\"", lead.text);
    bool disabled = lead.text[0] == '!';
    const char *text = lead.text + disabled;
    p->last_line = lead.place.line;

    struct phil_lexer before = p->lexer;
    if (!phil_next_word(&p->lexer, PHIL_NAMES, &word, &got, err))
        return false;
    if (!got)
        return end_of_text(&lead, err);
    if (word.quote == PHIL_PLAIN &&
        (word.text[0] == '{' || word.text[0] == '.' || str_starts(word.text, "!.")))
        return open_scope(p, &lead, text, disabled, word, err);
    p->lexer = before;
    if (text[0] != '.')
        return read_definition(p, &lead, text, disabled, err);
    if (!p->definition)
        return phil_error(err, lead.place, "attribute %.80s stands behind no parameter", text);
    lead.text = text;
    return read_attribute(p, p->definition, &lead, disabled, err);
}

struct phil_object *phil_parse(struct arena *a, const struct phil_source *s, struct error *err)
{
    struct phil_object *root = phil_root(a);
    struct parser p = {.arena = a, .lexer = {.arena = a, .source = s, .line = 1}, .scope = root};
    for (bool end = false; !end;)
        if (!read_item(&p, &end, err))
            return NULL;
    if (p.scope != root) {
        phil_error(err, p.scope->place, "the scope %.80s is not closed", p.scope->name);
        error_hint(err, "add the missing }");
        return NULL;
    }
    return root;
}
