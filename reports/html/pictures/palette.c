// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/palette.h"

#include <stdbool.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"

/* Those that are seldom in one run share a look. */
static const struct {
	const char *runner;
	size_t look;
} known[] = {{"native", 0},
	     {"kvm", 1},
	     {"mshv", 2},
	     {"mshv-emu", 3},
	     {"qemu-kvm", 4},
	     {"libvirt-kvm", 5},
	     {"qemu-mshv", 6},
	     {"qemu-mshv-emu", 7},
	     {"native-again", 7},
	     {"qemu-tcg", 6},
	     {"libvirt-hyperv", 2},
	     {"cloud-hypervisor", 5},
	     {"cloud-hypervisor-mshv", 2},
	     {"cloud-hypervisor-mshv-emu", 3},
	     {"firecracker", 6},
	     {"crosvm", 7},
	     {"kvmtool", 3}};

static bool find_known(const char *runner, size_t *look)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(runner, known[i].runner)) {
			*look = known[i].look;
			return true;
		}
	return false;
}

size_t palette_look(const char *const *runners, size_t count, size_t runner)
{
	size_t looks[PALETTE_LOOKS] = {0};
	bool has_look[PALETTE_LOOKS] = {false},
	     is_taken[PALETTE_LOOKS] = {false};
	size_t i, look, next = 0;

	if (runner >= PALETTE_LOOKS)
		return runner % PALETTE_LOOKS;
	for (i = 0; i < count && i < PALETTE_LOOKS; i++) {
		if (!find_known(runners[i], &look) || is_taken[look])
			continue;
		looks[i] = look;
		has_look[i] = is_taken[look] = true;
	}
	for (i = 0; i < count && i < PALETTE_LOOKS; i++) {
		if (has_look[i])
			continue;
		while (is_taken[next])
			next++;
		looks[i] = next;
		is_taken[next] = true;
	}
	return looks[runner];
}

/* Around (0, 0). */
static const char *const shapes[] = {
	"M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0",
	"M-4-4h8v8h-8z",
	"M0-5.5L5 4H-5z",
	"M0-5.5L5.5 0L0 5.5L-5.5 0z",
	"M0 5.5L5-4H-5z",
	"M-4.5-4.5L4.5 4.5M-4.5 4.5L4.5-4.5",
	"M-5.5 0H5.5M0-5.5V5.5",
	"M-6-3h12v6h-12z",
};
_Static_assert(ARRAY_SIZE(shapes) == PALETTE_LOOKS, "each look has a shape");

void palette_mark(size_t look, double x, double y, struct strbuf *out)
{
	strbuf_printf(
		out,
		"<path class=\"mark r%zu\" transform=\"translate(%.1f %.1f)\" d=\"%s\"/>",
		look, x, y, shapes[look % PALETTE_LOOKS]);
}
