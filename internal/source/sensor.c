/* sensor.c - how strongly a detector's sensor absorbs: needed for the parallax correction of thick pixels.
 *
 * Mass attenuation coefficients μ/ρ from J. H. Hubbell & S. M. Seltzer, "Tables of X-Ray Mass Attenuation
 * Coefficients and Mass Energy-Absorption Coefficients", NIST Standard Reference Database 126 (table 3 for
 * silicon, table 4 for compounds), interpolated linearly in log μ over log E between absorption edges, as its
 * authors advise.
 */
#include "source/format.h"

#include <math.h>
#include <string.h>

/* An energy that stands twice is an absorption edge: values just below and just above it. */
struct attenuation {
    double energy_kev, mu_over_rho; /* cm²/g */
};

// clang-format off
static const struct attenuation silicon[] = {
    {1.0, 1570}, {1.5, 535.5}, {1.8389, 309.2}, {1.8389, 3192}, {2, 2777}, {3, 978.4}, {4, 452.9}, {5, 245}, {6, 147},
    {8, 64.68}, {10, 33.89}, {15, 10.34}, {20, 4.464}, {30, 1.436}, {40, 0.7012}, {50, 0.4385}, {60, 0.3207},
    {80, 0.2228}, {100, 0.1835},
};
static const struct attenuation cadmium_telluride[] = {
    {1.0, 7927}, {1.003, 7875}, {1.006, 7824}, {1.006, 8014}, {1.5, 3291}, {2, 1664}, {3, 614.6}, {3.537, 406.4},
    {3.537, 778.7}, {3.631, 730}, {3.727, 684}, {3.727, 860.1}, {4, 723}, {4.018, 715.1}, {4.018, 793.4}, {4.177, 722.1},
    {4.341, 656.2}, {4.341, 932.8}, {4.475, 873.9}, {4.612, 813.5}, {4.612, 943.8}, {4.773, 870.2}, {4.939, 799.9},
    {4.939, 865.3}, {5, 839.2}, {6, 528.6}, {8, 249.2}, {10, 138.1}, {15, 46.57}, {20, 21.44}, {26.711, 9.834},
    {26.711, 29.43}, {30, 21.82}, {31.814, 18.73}, {31.814, 34.92}, {40, 19.3}, {50, 10.67}, {60, 6.542}, {80, 3.019},
    {100, 1.671},
};
static const struct attenuation gallium_arsenide[] = {
    {1.0, 1917}, {1.05613, 1685}, {1.1154, 1481}, {1.1154, 2772}, {1.12877, 3180}, {1.1423, 3532}, {1.1423, 4372},
    {1.21752, 4130}, {1.2977, 3657}, {1.2977, 4066}, {1.31034, 3971}, {1.3231, 3879}, {1.3231, 5652}, {1.34073, 5525},
    {1.3586, 5415}, {1.3586, 6266}, {1.5, 5159}, {1.5265, 4939}, {1.5265, 5278}, {2, 2731}, {3, 970.2}, {4, 453.9},
    {5, 249.5}, {6, 152.4}, {8, 69.6}, {10, 37.8}, {10.3671, 34.25}, {10.3671, 126}, {11.0916, 105.9},
    {11.8667, 88.99}, {11.8667, 168.5}, {15, 92.2}, {20, 42.58}, {30, 13.97}, {40, 6.262}, {50, 3.365}, {60, 2.042},
    {80, 0.9587}, {100, 0.5598},
};

static const struct sensor {
    const char *material, *words[3]; /* words of headers, beginnings, any case */
    double density;                  /* g/cm³, of the same tables */
    const struct attenuation *table;
    size_t n;
} sensors[] = {
    {"Si", {"si", "silicon", NULL}, 2.33, silicon, sizeof silicon / sizeof *silicon},
    {"CdTe", {"cdte", "cadmium telluride", NULL}, 6.2, cadmium_telluride, sizeof cadmium_telluride / sizeof *cadmium_telluride},
    {"GaAs", {"gaas", "gallium arsenide", NULL}, 5.32, gallium_arsenide, sizeof gallium_arsenide / sizeof *gallium_arsenide},
};
// clang-format on

enum { SENSORS = sizeof sensors / sizeof *sensors };

/* Does text start with word as a whole word, in any case? */
static bool starts_with_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i < n; i++)
        if (!text[i] || (text[i] | 0x20) != (word[i] | 0x20))
            return false;
    char next = text[n];
    return !((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || (next >= '0' && next <= '9'));
}

static const struct sensor *find(const char *words)
{
    for (size_t i = 0; words && i < SENSORS; i++)
        for (size_t w = 0; sensors[i].words[w]; w++)
            if (starts_with_word(words, sensors[i].words[w]))
                return &sensors[i];
    return NULL;
}

const char *sensor_material(const char *words)
{
    const struct sensor *s = find(words);
    return s ? s->material : "";
}

double sensor_mu(const char *material, double wavelength)
{
    const struct sensor *s = find(material);
    if (!s || !(wavelength > 0))
        return 0;
    double energy = EV_ANGSTROM / wavelength / 1000;
    if (energy < s->table[0].energy_kev || energy > s->table[s->n - 1].energy_kev)
        return 0;
    size_t i = 1;
    while (i + 1 < s->n && energy > s->table[i].energy_kev)
        i++;
    const struct attenuation *a = &s->table[i - 1], *b = &s->table[i];
    double t = log(energy / a->energy_kev) / log(b->energy_kev / a->energy_kev);
    return a->mu_over_rho * pow(b->mu_over_rho / a->mu_over_rho, t) * s->density / 10;
}
