/* forms_covariance.c - means and covariances of cells, as merging reads them; see forms.h.
 *
 * The filter of cctbx.xfel.merge unpickles a dictionary and asks its "populations" for labels, n_noise_, main_components, a report, and for
 * component i how far a cell is by Mahalanobis' distance. A namespace with these members answers all of that. Each component is an
 * EmpiricalCovariance fitted, while it is read, to 2d points that have exactly the mean and covariance: m ± √d·l_i, with l_i the columns
 * of the covariance's Cholesky root. So nothing of a version of sklearn is in the file.
 */
#include "report/forms.h"

#include <math.h>
#include <string.h>

static const char *const names[6] = {"a", "b", "c", "alpha", "beta", "gamma"};

/* cov = root · rootᵀ. false: it has no width in some direction. */
static bool cholesky(const double *cov, int n, double root[36])
{
    memset(root, 0, 36 * sizeof *root);
    for (int i = 0; i < n; i++)
        for (int k = 0; k <= i; k++) {
            double sum = cov[i * n + k];
            for (int m = 0; m < k; m++)
                sum -= root[i * n + m] * root[k * n + m];
            if (i == k && !(sum > 1e-9 * cov[i * n + i]))
                return false;
            root[i * n + k] = i == k ? sqrt(sum) : sum / root[k * n + k];
        }
    return true;
}

/* Forms with a covariance: a prefix, since they are in order of their members. */
static size_t usable(const struct cell_forms *f, double roots[FORMS_MOST][36])
{
    size_t n = 0;
    while (n < f->n && f->form[n].n > (size_t)f->n_free && cholesky(f->form[n].cov, f->n_free, roots[n]))
        n++;
    return n;
}

static void put_report(const struct cell_forms *f, size_t n, struct str *out)
{
    str_printf(out, "%s, eps %.4f A, %zu in neither form", COUNT(f->n_points, "cell"), f->eps, f->n_neither);
    for (size_t i = 0; i < n; i++) {
        str_printf(out, "\nform %zu: %s,", i + 1, COUNT(f->form[i].n, "cell"));
        for (int p = 0; p < 6; p++)
            str_printf(out, " %s %.3f +- %.3f", names[p], f->form[i].mean[p], f->form[i].sd[p]);
    }
}

/* ---- pickle, protocol 2 ---- */

static void p_bytes(struct str *out, const void *bytes, size_t n)
{
    str_addn(out, bytes, n);
}

static void p_op(struct str *out, char op)
{
    p_bytes(out, &op, 1);
}

static void p_u32(struct str *out, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p_op(out, (char)(uint8_t)(v >> 8 * i));
}

static void p_int(struct str *out, int32_t v)
{
    p_op(out, 'J');
    p_u32(out, (uint32_t)v);
}

static void p_real(struct str *out, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    p_op(out, 'G');
    for (int i = 7; i >= 0; i--)
        p_op(out, (char)(uint8_t)(bits >> 8 * i));
}

static void p_text(struct str *out, const char *text)
{
    p_op(out, 'X');
    p_u32(out, (uint32_t)strlen(text));
    p_bytes(out, text, strlen(text));
}

static void p_global(struct str *out, const char *module, const char *name)
{
    str_printf(out, "c%s\n%s\n", module, name);
}

/* partial(function, **{name: value}): begins; the value is put by the caller, then p_partial_end. */
static void p_partial(struct str *out, const char *module, const char *name)
{
    p_global(out, "functools", "partial");
    p_op(out, '(');
    p_global(out, module, name);
    str_add(out, "tR("); /* called; its state: */
    p_global(out, module, name);
}

static void put_labels(const struct cell_forms *f, struct str *out)
{
    str_add(out, "](");
    for (size_t i = 0, seen = 0; seen < f->n_points; i++)
        if (f->labels[i] != FORMS_LEFT) {
            p_int(out, f->labels[i]);
            seen++;
        }
    p_op(out, 'e');
}

/* EmpiricalCovariance().fit([m ± √d l_i …]) */
static void put_component(const struct cell_forms *f, const struct cell_form *form, const double *root,
                          struct str *out)
{
    int d = f->n_free;
    p_global(out, "builtins", "getattr");
    p_op(out, '(');
    p_global(out, "sklearn.covariance", "EmpiricalCovariance");
    str_add(out, ")R");
    p_text(out, "fit");
    str_add(out, "tR(](");
    for (int i = 0; i < 2 * d; i++) {
        str_add(out, "](");
        for (int k = 0; k < d; k++)
            p_real(out, form->mean[f->free[k]] + (i % 2 ? -1 : 1) * sqrt(d) * root[k * d + i / 2]);
        p_op(out, 'e');
    }
    str_add(out, "etR");
}

static void put_populations(const struct cell_forms *f, double roots[FORMS_MOST][36], size_t n,
                            const char *report, struct str *out)
{
    p_global(out, "types", "SimpleNamespace");
    str_add(out, ")R}(");
    p_text(out, "labels");
    put_labels(f, out);
    p_text(out, "n_noise_");
    p_int(out, (int32_t)f->n_neither);
    p_text(out, "main_components");
    str_add(out, "](");
    for (size_t i = 0; i < n; i++)
        p_int(out, (int32_t)i);
    p_op(out, 'e');
    p_text(out, "populations");
    str_add(out, "](");
    for (size_t i = 0; i < n; i++)
        p_int(out, (int32_t)f->form[i].n);
    p_op(out, 'e');
    p_text(out, "fit_components");
    str_add(out, "](");
    for (size_t i = 0; i < n; i++)
        put_component(f, f->form + i, roots[i], out);
    p_op(out, 'e');
    p_text(out, "basic_covariance_compact_report"); /* (feature_vectors=…).getvalue() is the report */
    p_partial(out, "types", "SimpleNamespace");
    str_add(out, ")}(");
    p_text(out, "getvalue");
    p_partial(out, "builtins", "str");
    p_op(out, '(');
    p_text(out, report);
    str_add(out, "t}Ntb"); /* arguments, no keywords, no attributes */
    str_add(out, "uNtb");
    str_add(out, "ub");
}

static void put_pickle(const struct cell_forms *f, double roots[FORMS_MOST][36], size_t n, const char *title,
                       struct str *out)
{
    struct str report = {0};
    put_report(f, n, &report);
    str_add(out, "\x80\x02}(");
    p_text(out, "features");
    str_add(out, "](");
    for (int i = 0; i < f->n_free; i++)
        p_text(out, names[f->free[i]]);
    p_op(out, 'e');
    p_text(out, "sample");
    p_text(out, title);
    p_text(out, "info");
    p_text(out, report.text);
    p_text(out, "populations");
    put_populations(f, roots, n, report.text, out);
    str_add(out, "u.");
    str_free(&report);
}

static void put_json(const struct cell_forms *f, size_t n, const char *title, struct str *out)
{
    struct json_writer w = {.out = out, .indent = 2};
    json_object(&w, NULL);
    json_put_int(&w, "version", 1);
    json_put_text(&w, "of", title);
    json_put_int(&w, "cells", (int64_t)f->n_points);
    json_put_int(&w, "neither", (int64_t)f->n_neither);
    json_put_real(&w, "eps_a", f->eps);
    json_array(&w, "features", true);
    for (int i = 0; i < f->n_free; i++)
        json_put_text(&w, NULL, names[f->free[i]]);
    json_end_array(&w);
    json_array(&w, "forms", false);
    for (size_t i = 0; i < n; i++) {
        json_object(&w, NULL);
        json_put_int(&w, "cells", (int64_t)f->form[i].n);
        json_put_reals(&w, "mean", f->form[i].mean, 6);
        json_put_reals(&w, "sd", f->form[i].sd, 6);
        json_array(&w, "covariance", false);
        for (int k = 0; k < f->n_free; k++)
            json_put_reals(&w, NULL, f->form[i].cov + k * f->n_free, (size_t)f->n_free);
        json_end_array(&w);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    str_addc(out, '\n');
}

bool covariance_text(const struct cell_forms *f, const char *title, bool json, struct str *out,
                     struct error *err)
{
    double roots[FORMS_MOST][36];
    size_t n = usable(f, roots);
    if (n == 0 && f->n > 0 && f->form[0].n <= (size_t)f->n_free) {
        error_set(err, ERROR_USAGE, "the largest form has %s, too few for the covariance of %s",
                  COUNT(f->form[0].n, "cell"), COUNT(f->n_free, "parameter"));
        error_hint(err, "%d or more are needed", f->n_free + 1);
        return false;
    }
    if (n == 0) {
        error_set(err, ERROR_USAGE, "no form stands out among %s", COUNT(f->n_points, "cell"));
        if (f->n_free > 0)
            error_hint(err, "a greater --eps than %.3f A makes greater groups", f->eps);
        return false;
    }
    if (json)
        put_json(f, n, title, out);
    else
        put_pickle(f, roots, n, title, out);
    return true;
}
