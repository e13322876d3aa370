/* Small questions to the library: texts of every kind, numbers, groups by class. */
#include "source/h5_read.h"

#include "made_h5.h"
#include "place.h"
#include "support.h"

#include <string.h>

static hid_t reopen(hid_t file)
{
    struct error err = {0};
    H5Fclose(file);
    hid_t again = h5_file_open(arena_printf(&arena, "%s/t.h5", folder), &err);
    assert_true(again >= 0);
    return again;
}

static hid_t fresh(void)
{
    return made_file(arena_printf(&arena, "%s/t.h5", folder), 0);
}

static void texts_of_fixed_and_variable_length(void **state)
{
    (void)state;
    const char *words = "variable";
    hid_t file = fresh(), type = H5Tcopy(H5T_C_S1), padded = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_size(padded, 8);
    H5Tset_strpad(padded, H5T_STR_SPACEPAD);
    made_dataset(file, "/variable", type, 0, NULL, &words);
    made_text(file, "/fixed", "fixed");
    made_dataset(file, "/padded", padded, 1, (hsize_t[]){1}, "Si      ");
    made_real(file, "/number", 3);
    made_attribute_text(made_group(file, "/g", "NXentry"), "default", "data");
    file = reopen(file);
    assert_string_equal(h5_text(file, "/variable", &arena), "variable");
    assert_string_equal(h5_text(file, "/fixed", &arena), "fixed");
    assert_string_equal(h5_text(file, "/padded", &arena), "Si");
    assert_null(h5_text(file, "/number", &arena));
    assert_null(h5_text(file, "/nothing", &arena));
    hid_t group = h5_object(file, "/g");
    assert_string_equal(h5_attribute_text(group, "default", &arena), "data");
    assert_null(h5_attribute_text(group, "none", &arena));
    assert_string_equal(h5_name(group, &arena), "/g");
    H5Oclose(group);
    h5_file_close(file);
    H5Tclose(type);
    H5Tclose(padded);
}

static void numbers_of_any_type_become_doubles(void **state)
{
    (void)state;
    int16_t whole[4] = {1, -2, 3, 4};
    double *v, vector[3] = {0};
    uint64_t n;
    hsize_t dims[8];
    int rank;
    hid_t file = fresh();
    made_dataset(file, "/i", H5T_NATIVE_INT16, 2, (hsize_t[]){2, 2}, whole);
    made_attribute_vector(made_real(file, "/r", 1.5), "vector", (double[]){1, 2, 3});
    made_text(file, "/t", "text");
    file = reopen(file);
    assert_true(h5_numbers(file, "/i", 10, &arena, &v, &n, dims, &rank));
    assert_true(n == 4 && v[1] == -2 && rank == 2 && dims[1] == 2);
    assert_false(h5_numbers(file, "/i", 3, &arena, &v, &n, NULL, NULL));
    assert_false(h5_numbers(file, "/t", 3, &arena, &v, &n, NULL, NULL));
    assert_false(h5_numbers(file, "/x", 3, &arena, &v, &n, NULL, NULL));
    hid_t real = h5_dataset(file, "/r");
    assert_true(h5_attribute_numbers(real, "vector", vector, 3) == 3 && vector[2] == 3);
    assert_int_equal(h5_attribute_numbers(real, "none", vector, 3), 0);
    H5Dclose(real);
    h5_file_close(file);
}

static void groups_are_found_by_class_in_order_of_names(void **state)
{
    (void)state;
    hid_t file = fresh();
    made_group(file, "/b", "NXdetector");
    made_group(file, "/a", "NXdetector");
    made_group(file, "/c", "NXbeam");
    made_real(file, "/aa", 1);
    H5Lcreate_soft("/nowhere", file, "/dangling", H5P_DEFAULT, H5P_DEFAULT);
    file = reopen(file);
    hid_t root = h5_object(file, "/");
    size_t n, i = 0;
    const char *name;
    char **names = h5_members(root, &arena, &n);
    assert_int_equal(n, 5);
    hid_t first = h5_next_of_class(root, "NXdetector", names, n, &i, &name);
    assert_string_equal(name, "a");
    hid_t second = h5_next_of_class(root, "NXdetector", names, n, &i, &name);
    assert_string_equal(name, "b");
    assert_true(h5_next_of_class(root, "NXdetector", names, n, &i, &name) < 0);
    H5Oclose(first);
    H5Oclose(second);
    H5Oclose(root);
    h5_file_close(file);
}

static void a_file_that_is_none_has_the_librarys_words(void **state)
{
    (void)state;
    struct error err = {0};
    assert_true(h5_file_open("/nonexistent/x.h5", &err) < 0);
    assert_int_equal(err.code, ERROR_UNREADABLE);
    assert_non_null(strstr(err.detail, "No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_fixed_and_variable_length),
        cmocka_unit_test(numbers_of_any_type_become_doubles),
        cmocka_unit_test(groups_are_found_by_class_in_order_of_names),
        cmocka_unit_test(a_file_that_is_none_has_the_librarys_words),
    };
    return cmocka_run_group_tests(tests, place_begin, place_end);
}
