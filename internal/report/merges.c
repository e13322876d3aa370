/* merges.c - see merges.h. */
#include "report/merges.h"

#include <math.h>

void merge_json(struct json_writer *j, const struct store_merge_shell *r)
{
    json_object(j, NULL);
    json_put_int(j, "version", r->version);
    json_put_int(j, "job", r->job);
    json_put_int(j, "shell", r->shell);
    json_put_int(j, "lattices", r->lattices);
    json_put_int(j, "possible", r->possible);
    json_put_int(j, "unique", r->unique);
    json_put_int(j, "measured", r->measured);
    json_put_real(j, "cc_pairs", r->cc_pairs < 0 ? NAN : (double)r->cc_pairs);
    json_put_real(j, "d_max", r->d_max);
    json_put_real(j, "d_min", r->d_min);
    json_put_real(j, "completeness", r->completeness);
    json_put_real(j, "multiplicity", r->multiplicity);
    json_put_real(j, "mean_i", r->mean_i);
    json_put_real(j, "i_over_sigma", r->i_over_sigma);
    json_put_real(j, "cc_half", r->cc_half);
    json_put_real(j, "cc_star", r->cc_star);
    json_put_real(j, "r_split", r->r_split);
    json_put_real(j, "wilson_b", r->wilson_b);
    json_end_object(j);
}

void merge_text(const struct store_merge_shell *r, struct str *out)
{
    str_printf(out, "%s", COUNT(r->lattices, "lattice"));
    if (isnan(r->d_max))
        str_printf(out, ", ∞ - %.2f Å", r->d_min);
    else
        str_printf(out, ", %.2f - %.2f Å", r->d_max, r->d_min);
    if (isfinite(r->completeness))
        str_printf(out, ", completeness %.1f %%", 100 * r->completeness);
    if (isfinite(r->multiplicity))
        str_printf(out, ", multiplicity %.2f", r->multiplicity);
    if (isfinite(r->i_over_sigma))
        str_printf(out, ", I/σ %.2f", r->i_over_sigma);
    if (isfinite(r->cc_half))
        str_printf(out, ", CC½ %.3f", r->cc_half);
    if (isfinite(r->r_split))
        str_printf(out, ", R split %.1f %%", 100 * r->r_split);
}
