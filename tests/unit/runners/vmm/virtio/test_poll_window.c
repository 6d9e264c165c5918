// SPDX-License-Identifier: GPL-3.0-or-later
/* How long a device's thread looks for work. */
#include "tests/unit/test.h"

#include "runners/vmm/virtio/poll_window.h"

static void slept(struct poll_window *p, uint64_t waited_ns, uint64_t want_ns)
{
	poll_window_slept(p, waited_ns);
	assert_int_equal(p->now_ns, want_ns);
}

static void it_doubles_while_work_comes_soon(void **state)
{
	struct poll_window p = {.max_ns = 50000};

	(void)state;
	slept(&p, 10, 4000);
	slept(&p, 49999, 8000);
	slept(&p, 49999, 16000);
	slept(&p, 49999, 32000);
	slept(&p, 49999, 50000);
	slept(&p, 49999, 50000);
}

static void it_halves_when_work_comes_late(void **state)
{
	struct poll_window p = {.max_ns = 50000, .now_ns = 50000};

	(void)state;
	slept(&p, 50000, 25000);
	slept(&p, UINT64_MAX, 12500);
	slept(&p, 60000, 6250);
	slept(&p, 60000, 0);
	slept(&p, 60000, 0);
}

static void a_short_limit_is_kept(void **state)
{
	struct poll_window p = {.max_ns = 1000};

	(void)state;
	slept(&p, 999, 1000);
	slept(&p, 999, 1000);
	slept(&p, 1000, 0);
}

static void without_a_limit_it_never_looks(void **state)
{
	struct poll_window p = {.max_ns = 0};

	(void)state;
	slept(&p, 0, 0);
	slept(&p, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_doubles_while_work_comes_soon),
		cmocka_unit_test(it_halves_when_work_comes_late),
		cmocka_unit_test(a_short_limit_is_kept),
		cmocka_unit_test(without_a_limit_it_never_looks),
	};

	return RUN_TESTS(tests);
}
