/* value.c - words to checked values, by type; see phil.h and FORMATS 7.4. */
#include "param/phil.h"

#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the functions below need to say where and about what. */
struct reading {
    struct arena *arena;
    const struct phil_object *master;
    struct phil_words words;
    struct error *err;
};

static bool refuse(struct reading *r, const char *what)
{
    const char *text = phil_join(r->arena, r->words);
    return phil_error(r->err, r->words.word[0].place, "%s = %.100s: %s", phil_path(r->arena, r->master), text,
                      what);
}

bool phil_bool(const char *text, bool *out)
{
    static const char *const words[] = {"false", "no", "off", "0", "true", "yes", "on", "1"};
    for (size_t i = 0; i < 8; i++)
        if (str_same_nocase(text, words[i]))
            return *out = i >= 4, true;
    return false;
}

static bool read_bool(struct reading *r, struct phil_value *out)
{
    if (!phil_bool(phil_join(r->arena, r->words), &out->b))
        return refuse(r, "True or False is needed");
    return true;
}

/* ---- numbers ---- */

/* Text to a number, None or Auto. true and false are no numbers, although Python would take them. */
static bool read_one(struct reading *r, const char *text, size_t n, struct phil_number *out)
{
    static const struct {
        const char *word;
        enum phil_state state;
    } words[] = {{"none", PHIL_NONE}, {"auto", PHIL_AUTO}};
    size_t begin = 0, end = n, space;
    while (begin < end && (space = phil_space(text + begin, end - begin)) != 0)
        begin += space;
    while (end > begin && phil_space(text + end - 1, 1))
        end--;
    for (size_t i = 0; i < 2; i++) {
        if (end - begin == 4 && str_same_nocase(arena_strndup(r->arena, text + begin, 4), words[i].word)) {
            *out = (struct phil_number){.state = words[i].state, .r = NAN};
            return true;
        }
    }
    const char *why;
    bool integer = r->master->type.kind == PHIL_INT || r->master->type.kind == PHIL_INTS;
    if (!phil_expression(text, n, integer, out, &why))
        return refuse(r, why);
    if (!integer) /* 5 and 5.0 are the same real */
        out->whole = false, out->i = 0;
    return true;
}

static bool check_range(struct reading *r, const struct phil_number *number)
{
    const struct phil_type *t = &r->master->type;
    if (number->state != PHIL_SET)
        return true;
    if ((t->has_min && number->r < t->min) || (t->has_max && number->r > t->max)) {
        char range[64];
        if (t->has_min && t->has_max)
            snprintf(range, sizeof range, "from %.10g to %.10g is allowed", t->min, t->max);
        else
            snprintf(range, sizeof range,
                     t->has_min ? "at least %.10g is needed" : "at most %.10g is allowed",
                     t->has_min ? t->min : t->max);
        return refuse(r, range);
    }
    return true;
}

static bool read_number(struct reading *r, struct phil_value *out)
{
    const char *text = phil_join(r->arena, r->words);
    if (!read_one(r, text, strlen(text), &out->number))
        return false;
    out->state = out->number.state;
    if (out->state == PHIL_NONE && !r->master->type.allow_none)
        return refuse(r, "it cannot be None");
    return check_range(r, &out->number);
}

/* Take matching brackets off both ends, as often as there are any. */
static const char *strip_brackets(const char *text, size_t *n)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (const char *pair = "()[]"; *pair; pair += 2) {
            while (*n >= 2 && text[0] == pair[0] && text[*n - 1] == pair[1]) {
                size_t space;
                text++;
                *n -= 2;
                while (*n && (space = phil_space(text, *n)) != 0)
                    text += space, *n -= space;
                while (*n && phil_space(text + *n - 1, 1))
                    --*n;
                changed = true;
            }
        }
    }
    return text;
}

static size_t separator(const char *text, size_t n)
{
    return text[0] == ',' || text[0] == ';' ? 1 : phil_space(text, n);
}

/* Keep numbers as the value's list, and as reals for those who compute. */
static void keep_numbers(struct arena *a, struct phil_number *numbers, size_t n, struct phil_value *out)
{
    double *reals = arena_array(a, n, sizeof *reals);
    for (size_t i = 0; i < n; i++)
        reals[i] = numbers[i].r;
    out->numbers = numbers;
    out->reals = reals;
    out->n = n;
}

static bool check_size(struct reading *r, size_t n)
{
    const struct phil_type *t = &r->master->type;
    char text[80];
    if ((!t->size_min || n >= t->size_min) && (!t->size_max || n <= t->size_max))
        return true;
    if (t->size_min == t->size_max)
        snprintf(text, sizeof text, "%zu numbers, exactly %zu are needed", n, t->size_min);
    else if (t->size_min && n < t->size_min)
        snprintf(text, sizeof text, "%zu numbers, at least %zu are needed", n, t->size_min);
    else
        snprintf(text, sizeof text, "%zu numbers, at most %zu are allowed", n, t->size_max);
    return refuse(r, text);
}

static bool read_list(struct reading *r, struct phil_value *out)
{
    const char *text = phil_join(r->arena, r->words), *end;
    size_t n = strlen(text), count = 0, space;
    text = strip_brackets(text, &n);
    end = text + n;
    struct phil_number *numbers = arena_array(r->arena, n / 2 + 1, sizeof *numbers);
    while (text < end) {
        if ((space = separator(text, (size_t)(end - text))) != 0) {
            text += space;
            continue;
        }
        size_t length = 0;
        while (text + length < end && !separator(text + length, (size_t)(end - text) - length))
            length++;
        if (!read_one(r, text, length, &numbers[count]))
            return false;
        if (numbers[count].state == PHIL_NONE && !r->master->type.none_elements)
            return refuse(r, "a number in it cannot be None");
        if (numbers[count].state == PHIL_AUTO && !r->master->type.auto_elements)
            return refuse(r, "a number in it cannot be Auto");
        if (!check_range(r, &numbers[count++]))
            return false;
        text += length;
    }
    keep_numbers(r->arena, numbers, count, out);
    return check_size(r, count);
}

/* Six plain numbers that make a cell with a volume. */
static bool read_unit_cell(struct reading *r, struct phil_value *out)
{
    const char *text = phil_join(r->arena, r->words);
    struct phil_number *numbers = arena_array(r->arena, 6, sizeof *numbers);
    size_t n = strlen(text), count = 0, space;
    for (size_t at = 0; at < n;) {
        if (text[at] != ';' && (space = separator(text + at, n - at)) != 0) {
            at += space;
            continue;
        }
        size_t length = 0;
        while (at + length < n &&
               (text[at + length] == ';' || !separator(text + at + length, n - at - length)))
            length++;
        double value;
        if (count == 6 || !str_to_double(arena_strndup(r->arena, text + at, length), &value) ||
            !isfinite(value))
            return refuse(r, count == 6 ? "more than six numbers"
                                        : "six plain numbers are needed, without brackets");
        numbers[count++] = (struct phil_number){.state = PHIL_SET, .r = value};
        at += length;
    }
    if (count != 6)
        return refuse(r, "six numbers are needed: a, b, c in ångström, alpha, beta, gamma in degrees");
    double c[3], square = 1;
    for (size_t i = 0; i < 3; i++) {
        double length = numbers[i].r, angle = numbers[i + 3].r;
        if (!(length > 0))
            return refuse(r, "an edge of the cell is not above 0");
        if (!(angle > 0 && angle < 180))
            return refuse(r, "an angle of the cell is not between 0 and 180 degrees");
        c[i] = angle == 90 ? 0 : cos(angle * M_PI / 180);
        square -= c[i] * c[i];
    }
    square += 2 * c[0] * c[1] * c[2];
    if (!(square > 0))
        return refuse(r, "a cell with these angles has no volume");
    keep_numbers(r->arena, numbers, 6, out);
    return true;
}

/* ---- texts ---- */

static bool read_texts(struct reading *r, struct phil_value *out)
{
    const char **texts = arena_array(r->arena, r->words.n, sizeof *texts);
    for (size_t i = 0; i < r->words.n; i++)
        texts[i] = r->words.word[i].text;
    out->texts = texts;
    out->n = r->words.n;
    return true;
}

static bool read_quoted(struct reading *r, struct phil_value *out)
{
    struct str s = {0};
    for (size_t i = 0; i < r->words.n; i++) {
        if (i)
            str_addc(&s, ' ');
        phil_word_show(&s, &r->words.word[i]);
    }
    out->text = s.text ? arena_strndup(r->arena, s.text, s.len) : "";
    str_free(&s);
    return true;
}

static bool read_text(struct reading *r, struct phil_value *out)
{
    out->text = phil_join(r->arena, r->words);
    return true;
}

/* "~/x" and "~user/x"; an unknown user leaves the text as it is. */
static bool read_path(struct reading *r, struct phil_value *out)
{
    const char *text = phil_join(r->arena, r->words);
    out->text = text;
    if (text[0] != '~')
        return true;
    size_t n = strcspn(text, "/");
    const char *home = n == 1 ? getenv("HOME") : NULL;
    if (!home) {
        const struct passwd *entry =
            n == 1 ? getpwuid(getuid()) : getpwnam(arena_strndup(r->arena, text + 1, n - 1));
        if (!entry)
            return true;
        home = entry->pw_dir;
    }
    size_t length = strlen(home);
    while (length && home[length - 1] == '/')
        length--;
    const char *path = arena_printf(r->arena, "%.*s%s", (int)length, home, text + n);
    out->text = *path ? path : "/";
    return true;
}

static bool read_space_group(struct reading *r, struct phil_value *out)
{
    const struct spacegroup *g = spacegroups_find(phil_join(r->arena, r->words));
    char name[32];
    if (!g)
        return refuse(r, "there is no such space group"),
               error_hint(r->err, "a number 1 to 230 or a symbol such as P43212, \"P 43 21 2\", R3:H, P21/c");
    out->text = arena_strdup(r->arena, spacegroups_name(g, name));
    return true;
}

/* The words are the master's list with stars on what is chosen (phil_choose). */
static bool read_choice(struct reading *r, struct phil_value *out)
{
    const char **texts = arena_array(r->arena, r->words.n, sizeof *texts);
    for (size_t i = 0; i < r->words.n; i++)
        if (r->words.word[i].text[0] == '*')
            texts[out->n++] = r->words.word[i].text + 1;
    if (!out->n && r->master->optional == PHIL_FALSE)
        return refuse(r, "one of these must be chosen");
    if (!r->master->type.multi && out->n > 1)
        return refuse(r, "only one of these can be chosen");
    out->texts = texts;
    out->text = out->n ? texts[0] : NULL;
    if (!r->master->type.multi && !out->n)
        out->state = PHIL_NONE;
    return true;
}

bool phil_value_read(struct arena *a, const struct phil_object *master, struct phil_words w,
                     struct phil_value *out, struct error *err)
{
    static bool (*const readers[])(struct reading *, struct phil_value *) = {
        [PHIL_NO_TYPE] = read_texts,
        [PHIL_BOOL] = read_bool,
        [PHIL_INT] = read_number,
        [PHIL_FLOAT] = read_number,
        [PHIL_INTS] = read_list,
        [PHIL_FLOATS] = read_list,
        [PHIL_STR] = read_text,
        [PHIL_STRINGS] = read_texts,
        [PHIL_QSTR] = read_quoted,
        [PHIL_PATH] = read_path,
        [PHIL_KEY] = read_text,
        [PHIL_WORDS] = read_texts,
        [PHIL_CHOICE] = read_choice,
        [PHIL_SPACE_GROUP] = read_space_group,
        [PHIL_UNIT_CELL] = read_unit_cell,
    };
    struct reading r = {.arena = a, .master = master, .words = w, .err = err};
    *out = (struct phil_value){0};
    if (!w.n)
        return error_set(err, ERROR_INTERNAL, "%s has no words", phil_path(a, master));
    bool choice = master->type.kind == PHIL_CHOICE;
    if (phil_is_none(w) && !choice) {
        out->state = PHIL_NONE;
        if ((master->type.kind == PHIL_INT || master->type.kind == PHIL_FLOAT) && !master->type.allow_none)
            return refuse(&r, "it cannot be None");
        return true;
    }
    if (phil_is_auto(w)) {
        out->state = PHIL_AUTO;
        return true;
    }
    return readers[master->type.kind](&r, out);
}

/* ---- values to words ---- */

/* The shortest text that reads back to the same double, without a point when %.10g does. */
static const char *real_text(struct arena *a, double r)
{
    char text[32];
    double back;
    if (isinf(r))
        return r > 0 ? "inf" : "-inf";
    snprintf(text, sizeof text, "%.10g", r);
    if (!str_to_double(text, &back) || back != r)
        str_double(r, text);
    return arena_strdup(a, text);
}

static struct phil_word number_word(struct arena *a, const struct phil_number *number, bool integer)
{
    const char *text = number->state == PHIL_NONE   ? "None"
                       : number->state == PHIL_AUTO ? "Auto"
                       : integer                    ? arena_printf(a, "%lld", (long long)number->i)
                                                    : real_text(a, number->r);
    return (struct phil_word){.text = text, .n = strlen(text)};
}

static struct phil_words one_word(struct arena *a, const char *text, enum phil_quote quote)
{
    struct phil_word *word = arena_alloc(a, sizeof *word);
    *word = (struct phil_word){.text = text, .n = strlen(text), .quote = quote};
    return (struct phil_words){word, 1};
}

static struct phil_words choice_words(struct arena *a, const struct phil_object *master,
                                      const struct phil_value *v)
{
    struct phil_word *words = arena_array(a, master->words.n, sizeof *words);
    for (size_t i = 0; i < master->words.n; i++) {
        const char *word = master->words.word[i].text;
        word += word[0] == '*';
        bool chosen = false;
        for (size_t k = 0; k < v->n; k++)
            chosen = chosen || str_same_nocase(v->texts[k], word);
        words[i] = (struct phil_word){.text = arena_printf(a, "%s%s", chosen ? "*" : "", word),
                                      .quote = master->words.word[i].quote};
        words[i].n = strlen(words[i].text);
    }
    return (struct phil_words){words, master->words.n};
}

static struct phil_words text_words(struct arena *a, const struct phil_value *v)
{
    struct phil_word *words = arena_array(a, v->n ? v->n : 1, sizeof *words);
    for (size_t i = 0; i < v->n; i++) {
        bool plain = phil_is_name(v->texts[i], strlen(v->texts[i])) &&
                     !(v->n == 1 && str_same_nocase(v->texts[i], "none")) &&
                     !(v->n == 1 && str_same_nocase(v->texts[i], "auto"));
        words[i] = (struct phil_word){
            .text = v->texts[i], .n = strlen(v->texts[i]), .quote = plain ? PHIL_PLAIN : PHIL_SINGLE};
    }
    return (struct phil_words){words, v->n};
}

struct phil_words phil_value_words(struct arena *a, const struct phil_object *master,
                                   const struct phil_value *v)
{
    enum phil_kind kind = master->type.kind;
    bool integer = kind == PHIL_INT || kind == PHIL_INTS;
    if (kind == PHIL_CHOICE && v->state != PHIL_AUTO)
        return choice_words(a, master, v);
    if (v->state != PHIL_SET)
        return one_word(a, v->state == PHIL_NONE ? "None" : "Auto", PHIL_PLAIN);
    if (kind == PHIL_BOOL)
        return one_word(a, v->b ? "True" : "False", PHIL_PLAIN);
    if (kind == PHIL_INT || kind == PHIL_FLOAT) {
        struct phil_word *word = arena_alloc(a, sizeof *word);
        *word = number_word(a, &v->number, integer);
        return (struct phil_words){word, 1};
    }
    if (v->numbers && v->n) {
        struct phil_word *words = arena_array(a, v->n, sizeof *words);
        for (size_t i = 0; i < v->n; i++)
            words[i] = number_word(a, &v->numbers[i], integer);
        if (v->n == 1 && v->numbers[0].state != PHIL_SET) /* a list of one None is not None */
            return one_word(a, arena_printf(a, "(%s)", words[0].text), PHIL_PLAIN);
        return (struct phil_words){words, v->n};
    }
    if (v->numbers)
        return one_word(a, "()", PHIL_PLAIN);
    if (kind == PHIL_QSTR)
        return phil_words_of(a, v->text);
    if (v->texts)
        return text_words(a, v);
    return one_word(a, v->text, PHIL_SINGLE);
}
