/* The constant tables, computed again in extended precision. */
#include "core/tables.h"

#include <criterion/criterion.h>
#include <math.h>

Test(core_tables, log_and_exp_cells_are_what_they_say)
{
    for (int i = 0; i < FL_LOG_CELLS; i++) {
        const struct fl_log_cell *const cell = &fl_log_cells[i];
        const long double want = -logl(cell->inverse);
        cr_expect_leq(fabsl((long double)cell->log_high + cell->log_low - want), 0x1p-63L, "%d", i);
        cr_expect_eq(cell->inverse * 0x1p9, floor(cell->inverse * 0x1p9), "%d", i);
        cr_expect_eq(cell->log_high * 0x1p42, floor(cell->log_high * 0x1p42), "%d", i);
    }
    for (int i = 0; i < FL_EXP_CELLS; i++) {
        const struct fl_exp_cell *const cell = &fl_exp_cells[i];
        const long double want = exp2l(i / 128.0L);
        cr_expect_eq(cell->high, (double)want, "%d", i);
        cr_expect_lt(fabsl(cell->high * (1 + (long double)cell->low) - want), 0x1p-62L, "%d", i);
    }
}

static long double exponential_density(long double x)
{
    return expl(-x);
}

static long double bell_density(long double x)
{
    return expl(-0.5L * x * x);
}

/* Every layer has the same area, each begins where the next ends, and together they reach the top. */
static void expect_ziggurat(const struct fl_ziggurat_layer layers[], const double densities[], double tail,
                            long double tail_area, long double places, long double (*density)(long double))
{
    const int last = FL_ZIGGURAT_LAYERS - 1;
    const long double area = tail * density(tail) + tail_area;
    cr_expect_lt(fabsl(layers[0].width * places * density(tail) / area - 1), 1e-14L);
    cr_expect_lt(fabsl(layers[last].width * places / tail - 1), 1e-15L);
    cr_expect_eq(densities[0], 1);
    for (int i = 1; i <= last; i++) {
        const long double edge = layers[i].width * places;
        const long double inner = i > 1 ? layers[i - 1].width * places : 0;
        cr_expect_lt(fabsl(edge * (density(inner) - density(edge)) / area - 1), 1e-12L, "%d", i);
        cr_expect_lt(fabsl(densities[i] / density(edge) - 1), 1e-14L, "%d", i);
        cr_expect_lt(fabsl(layers[i].inside - inner / edge * places), places * 1e-15L, "%d", i);
    }
    cr_expect_lt(fabsl(layers[0].inside - tail / layers[0].width), places * 1e-15L);
}

Test(core_tables, both_ziggurats_have_256_layers_of_one_area)
{
    expect_ziggurat(fl_exponential_layers, fl_exponential_densities, fl_exponential_tail, expl(-fl_exponential_tail),
                    0x1p56L, exponential_density);
    const long double half_pi = 1.57079632679489661923132169163975144L;
    expect_ziggurat(fl_normal_layers, fl_normal_densities, fl_normal_tail,
                    sqrtl(half_pi) * erfcl(fl_normal_tail / sqrtl(2)), 0x1p55L, bell_density);
}
