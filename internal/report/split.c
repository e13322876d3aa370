/* split.c - the funnel by label; see split.h. */
#include "report/split.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void take_group(const struct store_label_group *g, struct split_row *row)
{
    struct store_counts counts = {.frames = g->frames, .lattices = g->lattices};
    memcpy(counts.by_outcome, g->by_outcome, sizeof counts.by_outcome);
    *row = (struct split_row){.word = g->word, .value = g->value};
    memcpy(row->by_reason, g->by_reason, sizeof row->by_reason);
    figures_of(&counts, &row->figures);
}

bool split_read(struct store *s, const char *label, struct store_jobs_of of, struct arena *a,
                struct split *out, struct error *err)
{
    struct store_label_group *groups;
    struct store_label_set *sets;
    size_t n, n_sets;
    *out = (struct split){.label = label, .unit = "", .kind = "?"};
    if (!store_label_groups(s, label, of, a, &groups, &n, err) || !store_labels(s, a, &sets, &n_sets, err))
        return false;
    for (size_t i = 0; i < n_sets; i++)
        if (!strcmp(sets[i].name, label)) {
            out->unit = sets[i].unit;
            out->kind = store_label_kind_word(sets[i].kind);
            out->unused = sets[i].unused;
            out->joined_t = sets[i].joined_t;
        }
    out->rows = arena_array(a, n + 1, sizeof *out->rows);
    for (size_t i = 0; i < n; i++)
        if (groups[i].no || groups[i].frames)
            take_group(groups + i, out->rows + out->n++);
    return true;
}

/* ---- text ---- */

static const char *row_name(const struct split_row *r, const char *label, char *out, size_t room)
{
    char raw[700];
    snprintf(raw, sizeof raw, *r->word ? "%s" : "without %s", *r->word ? r->word : label);
    return str_visible(raw, out, room);
}

static void pad(struct str *out, const char *text, size_t width)
{
    str_add(out, text);
    for (size_t n = columns_taken(text); n < width; n++)
        str_addc(out, ' ');
}

void split_text(const struct split *s, struct str *out)
{
    char name[NAME_VISIBLE], text[96];
    size_t wide = columns_taken(s->label) + 3 + (*s->unit ? strlen(s->unit) + 3 : 0);
    for (size_t i = 0; i < s->n; i++) {
        size_t w = columns_taken(row_name(s->rows + i, s->label, name, sizeof name));
        wide = w > wide ? w : wide;
    }
    str_visible(s->label, name, sizeof name);
    struct str head = {0};
    str_printf(&head, *s->unit ? "by %s (%s)" : "by %s", name, s->unit);
    pad(out, head.text, wide + 2);
    str_printf(out, "%9s %8s  %-32s %s\n", "frames", "failed", "hits", "indexed");
    str_free(&head);
    for (size_t i = 0; i < s->n; i++) {
        const struct figures *f = &s->rows[i].figures;
        str_add(out, "  ");
        pad(out, row_name(s->rows + i, s->label, name, sizeof name), wide);
        str_printf(out, "%9llu %8llu  ", (unsigned long long)f->frames, (unsigned long long)f->failed);
        str_printf(out, "%-32s ", rate_text(&f->hit_rate, text));
        str_printf(out, "%s\n", rate_text(&f->indexing_rate, text));
    }
    if (s->n == 0)
        str_add(out, "  no frames\n");
    if (s->unused)
        str_printf(out, "  %s found no frame\n", COUNT(s->unused, "value"));
}

/* ---- CSV ---- */

/* RFC 4180. What a spreadsheet would take for a formula is quoted too, and shown as it is. */
static void csv_text(struct str *out, const char *text)
{
    str_addc(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            str_addc(out, '"');
        str_addc(out, *text);
    }
    str_addc(out, '"');
}

static void csv_rate(struct str *out, const struct rate *r)
{
    if (r->of)
        str_printf(out, ",%.6f,%.6f,%.6f", r->share, r->lo, r->hi);
    else
        str_add(out, ",,,");
}

void split_csv(const struct split *s, struct str *out)
{
    csv_text(out, s->label);
    str_add(out, ",frames,failed,hits,indexed,integrated,indexed_below,lattices,hit_rate,hit_low,hit_high,"
                 "indexing_rate,indexing_low,indexing_high\n");
    for (size_t i = 0; i < s->n; i++) {
        const struct figures *f = &s->rows[i].figures;
        csv_text(out, s->rows[i].word);
        const uint64_t counts[] = {f->frames,     f->failed,        f->hits,    f->indexed,
                                   f->integrated, f->indexed_below, f->lattices};
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
            str_printf(out, ",%llu", (unsigned long long)counts[k]);
        csv_rate(out, &f->hit_rate);
        csv_rate(out, &f->indexing_rate);
        str_addc(out, '\n');
    }
}

/* ---- JSON ---- */

void split_json(const struct split *s, const char *key, struct json_writer *w)
{
    json_object(w, key);
    json_put_text(w, "label", s->label);
    json_put_text(w, "kind", s->kind);
    json_put_text(w, "unit", *s->unit ? s->unit : NULL);
    json_put_int(w, "values_without_frame", (int64_t)s->unused);
    json_array(w, "groups", false);
    for (size_t i = 0; i < s->n; i++) {
        const struct split_row *r = s->rows + i;
        const struct figures *f = &r->figures;
        json_object(w, NULL);
        json_put_text(w, "value", *r->word ? r->word : NULL);
        if (!isnan(r->value))
            json_put_real(w, "number", r->value);
        json_put_int(w, "frames", (int64_t)f->frames);
        json_put_int(w, "failed", (int64_t)f->failed);
        json_put_int(w, "hits", (int64_t)f->hits);
        json_put_int(w, "indexed", (int64_t)f->indexed);
        json_put_int(w, "integrated", (int64_t)f->integrated);
        json_put_int(w, "indexed_below", (int64_t)f->indexed_below);
        json_put_int(w, "lattices", (int64_t)f->lattices);
        rate_json(&f->hit_rate, "hit", w);
        rate_json(&f->indexing_rate, "indexing", w);
        json_object(w, "reasons");
        for (int k = 1; k < REASON_END; k++)
            if (r->by_reason[k])
                json_put_int(w, reason_word((enum reason)k), (int64_t)r->by_reason[k]);
        json_end_object(w);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}
