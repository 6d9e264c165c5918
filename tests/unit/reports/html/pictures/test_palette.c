// SPDX-License-Identifier: GPL-3.0-or-later
/* palette: a runner looks the same everywhere, and no two of a run look alike. */
#include "tests/unit/test.h"

#include "harness/base/base.h"
#include "reports/html/pictures/palette.h"

static void a_known_runner_has_its_look_in_every_run(void **state)
{
	static const char *const one[] = {"native", "kvm", "mshv"};
	static const char *const other[] = {"mshv", "qemu-kvm", "kvm"};

	(void)state;
	assert_int_equal(palette_look(one, 3, 1), palette_look(other, 3, 2));
	assert_int_equal(palette_look(one, 3, 2), palette_look(other, 3, 0));
}

/* A run of all of them fits. */
static void peers_have_looks_of_their_own(void **state)
{
	static const char *const all[] = {
		"native",           "kvm",         "mshv",   "qemu-kvm",
		"cloud-hypervisor", "firecracker", "crosvm", "kvmtool"};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(all); i++)
		assert_int_equal(palette_look(all, ARRAY_SIZE(all), i),
				 palette_look(&all[i], 1, 0));
}

static void no_two_of_a_run_look_alike(void **state)
{
	static const char *const runs[][PALETTE_LOOKS] = {
		{"native", "kvm", "mshv", "mshv-emu", "qemu-kvm", "cloud-hv",
		 "libvirt", "native-again"},
		{"qemu-mshv", "qemu-tcg", "native-again", "qemu-mshv-emu",
		 "mshv", "libvirt-hyperv", "a", "b"},
		{"a", "b", "c", "d", "e", "f", "g", "native"},
	};
	size_t r, i, k;

	(void)state;
	for (r = 0; r < ARRAY_SIZE(runs); r++)
		for (i = 0; i < PALETTE_LOOKS; i++)
			for (k = 0; k < i; k++)
				assert_int_not_equal(
					palette_look(runs[r], PALETTE_LOOKS, i),
					palette_look(runs[r], PALETTE_LOOKS,
						     k));
	/* One more than there are looks is drawn all the same. */
	assert_true(palette_look(runs[0], 20, 19) < PALETTE_LOOKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_runner_has_its_look_in_every_run),
		cmocka_unit_test(peers_have_looks_of_their_own),
		cmocka_unit_test(no_two_of_a_run_look_alike),
	};

	return RUN_TESTS(tests);
}
