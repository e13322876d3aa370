/* The same CSPAD shots as imgCIF and as NXmx of 64 modules: pixels, geometry, trusted range and wavelengths are equal. */
#include "source/source.h"

#include "support.h"

#include <math.h>
#include <string.h>
#include <sys/wait.h>

static struct source *open_good(const char *path, const struct source_options *o)
{
    struct source *s = NULL;
    struct error err = {0};
    if (!source_open(path, o, &s, &err))
        fail_msg("%s (%s)", err.fact, err.detail);
    return s;
}

/* ---- CSPAD as NXmx: pixels and geometry as in the CBF files ---- */

/* The maker of the file wants a plugin that is not everywhere: without it the pixels are packed with gzip. */
static const char *const RUNNER =
    "import sys, types\n"
    "import h5py\n"
    "try:\n"
    "    import hdf5plugin\n"
    "except ImportError:\n"
    "    sys.modules['hdf5plugin'] = types.ModuleType('hdf5plugin')\n"
    "if not h5py.h5z.filter_avail(32008):\n"
    "    make = h5py.Group.create_dataset\n"
    "    def create(self, *a, **k):\n"
    "        if k.get('compression') == 32008:\n"
    "            k.update(compression='gzip', compression_opts=1, shuffle=True)\n"
    "        return make(self, *a, **k)\n"
    "    h5py.Group.create_dataset = create\n"
    "import runpy\n"
    "sys.argv = sys.argv[1:]\n"
    "runpy.run_path(sys.argv[0], run_name='__main__')\n";

static bool run_python(const char *const *arguments)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(2);
        execv("/usr/bin/python3", (char *const *)arguments);
        _exit(127);
    }
    int status;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void compare_with_cbf(const struct source *s, uint32_t frame, const char *cbf)
{
    struct source *c = open_good(cbf, NULL);
    const struct detector *a = source_detector(s), *b = source_detector(c);
    struct frame_buffer one = {0}, two = {0};
    struct frame f, g;
    struct error err = {0};
    assert_int_equal(a->n_panels, 64);
    assert_int_equal(b->n_panels, 64);
    assert_true(source_read(s, frame, &one, &f, &err));
    assert_true(source_read(c, 0, &two, &g, &err));
    assert_true(f.type == PIXEL_I32 && g.type == PIXEL_I32 && a->n_pixels == b->n_pixels);
    assert_memory_equal(f.pixels, g.pixels, a->n_pixels * 4);
    assert_true(fabs(f.beam.v.wavelength - g.beam.v.wavelength) < 1e-12);
    for (size_t i = 0; i < 64; i++) {
        for (int k = 0; k < 3; k++) {
            assert_true(fabs(a->panels[i].origin[k] - b->panels[i].origin[k]) < 1e-9);
            assert_true(fabs(a->panels[i].fast[k] - b->panels[i].fast[k]) < 1e-12);
            assert_true(fabs(a->panels[i].slow[k] - b->panels[i].slow[k]) < 1e-12);
        }
        assert_true(a->panels[i].trusted_lo == b->panels[i].trusted_lo);
        assert_true(a->panels[i].trusted_hi == b->panels[i].trusted_hi);
    }
    frame_buffer_free(&one);
    frame_buffer_free(&two);
    source_close(c);
}

static void cspad_as_nxmx_equals_the_cbf_files(void **state)
{
    (void)state;
    char folder[64], out[128], tool[4096], one[4096], two[4096];
    support_data("tools/make_nxmx_cspad.py", tool);
    support_data("real/idx-20130301060858801.cbf", one);
    support_data("real/idx-20130301060858601.cbf", two);
    const char *const probe[] = {"/usr/bin/python3", "-c", "import h5py, numpy", NULL};
    if (!run_python(probe)) {
        print_message("needs /usr/bin/python3 with h5py\n");
        skip();
    }
    support_folder(folder);
    snprintf(out, sizeof out, "%s/cspad.h5", folder);
    const char *const stacked[] = {"/usr/bin/python3", "-c", RUNNER, tool, out, one, two, NULL};
    const char *const cube[] = {"/usr/bin/python3", "-c", RUNNER, tool, "--3d", out, one, NULL};
    assert_true(run_python(stacked));
    struct source *s = open_good(out, NULL);
    assert_int_equal(source_frames(s), 2);
    assert_int_equal(source_detector(s)->n_nodes, 1 + 1 + 64 + 64);
    compare_with_cbf(s, 0, one);
    compare_with_cbf(s, 1, two);
    source_close(s);
    assert_true(run_python(cube));
    s = open_good(out, NULL);
    compare_with_cbf(s, 0, one);
    source_close(s);
    support_remove(folder);
}

static int start(void **state)
{
    (void)state;
    return source_helper_start(NULL) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    source_helper_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cspad_as_nxmx_equals_the_cbf_files),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
