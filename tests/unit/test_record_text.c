/* The text that result writers append to. */
#include "core/draw.h"
#include "record/text.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void expect_as_printf(double number)
{
    char wanted[64];
    struct fl_text text = { 0 };
    snprintf(wanted, sizeof wanted, "%.10g", number);
    fl_text_add_number(&text, number);
    cr_expect_str_eq(text.bytes, wanted);
    fl_text_free(&text);
}

Test(record_text, a_number_is_written_with_ten_digits_as_printf_does)
{
    static const double numbers[] = { 0,      -0.0,       1,          -1,           9,   10,   123456789, 9999999999.0, -9999999999.0, 1e10, -1e10, 12345678901.0,
                                      0.1,    -0.5,       1e-7,       1.5e-300,     1e9, 1e15, 1e300,     2147483648.0, 4294967296.0,  99.5, 1e-5,  123456.789012345 };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) expect_as_printf(numbers[i]);
    for (uint64_t i = 0; i < 20000; i++) {
        const uint64_t bits = fl_mix(i);
        expect_as_printf((double)((int64_t)bits >> (bits & 63)));
        expect_as_printf(ldexp((double)(int64_t)bits, -(int)(bits % 90)));
    }
}

Test(record_text, what_is_no_number_is_null)
{
    struct fl_text text = { 0 };
    fl_text_add_number(&text, NAN);
    fl_text_add_number(&text, -INFINITY);
    cr_expect_str_eq(text.bytes, "nullnull");
    fl_text_free(&text);
}

Test(record_text, it_grows_by_lines_of_any_length)
{
    static char line[5000], wanted[4000000];
    struct fl_text text = { 0 };
    size_t length = 0;
    for (size_t i = 0; i < 1500; i++) {
        const size_t n = i * 37 % 4999;
        memset(line, 'a' + (int)(i % 26), n);
        line[n] = '\0';
        fl_text_add(&text, "%s,%zu\n", line, i);
        length += (size_t)sprintf(wanted + length, "%s,%zu\n", line, i);
        cr_assert_eq(text.length, length);
    }
    cr_expect_str_eq(text.bytes, wanted);
    fl_text_free(&text);
}
