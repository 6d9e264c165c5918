// SPDX-License-Identifier: GPL-3.0-or-later
/* A guest's instructions and page tables. */
#include <stdlib.h>
#include <string.h>

#include "mshv/insn.h"
#include "mshv/walk.h"
#include "tests/fuzz/fuzz.h"

/* Bytes of instructions, and whatever registers they find. */
static void fuzz_insn(const uint8_t *data, size_t size)
{
	uint64_t gpr[16];
	struct insn_cpu cpu = {.gpr = gpr};
	struct insn insn;

	if (size < 16 + sizeof(gpr))
		return;
	cpu.mode = (enum insn_mode)(data[15] % 3);
	memcpy(gpr, data + 16, sizeof(gpr));
	cpu.rip = gpr[0];
	cpu.rflags = gpr[1];
	if (insn_decode(data, data[14] % 16, cpu.mode, &insn))
		return;
	if (!insn.length_bytes || insn.length_bytes > INSN_MAX_BYTES)
		abort();
	insn_address(&insn, &cpu);
	if (insn_is_string(&insn)) {
		insn_string_dest(&insn, &cpu);
		insn_string_advance(&insn, &cpu);
	} else {
		insn_execute(&insn, &cpu, gpr[2]);
		insn_retire(&insn, &cpu);
	}
}

/* Page tables of a few pages, which refer to each other. */
struct tables {
	const uint8_t *bytes;
	size_t size;
	unsigned int reads;
};

static int read_table(void *arg, uint64_t gpa, uint64_t *value)
{
	struct tables *t = arg;

	if (++t->reads > 8)
		abort(); /* no walk is that long */
	if (gpa & 7)
		abort();
	memcpy(value, t->bytes + gpa / 8 % (t->size / 8) * 8, sizeof(*value));
	return gpa % 11 == 10 ? -14 : 0;
}

static void fuzz_walk(const uint8_t *data, size_t size)
{
	struct tables tables = {data, size, 0};
	struct walk walk = {.read = read_table, .arg = &tables};
	uint64_t gva, gpa;

	if (size < 48)
		return;
	memcpy(&walk.cr0, data, 8);
	memcpy(&walk.cr3, data + 8, 8);
	memcpy(&walk.cr4, data + 16, 8);
	memcpy(&walk.efer, data + 24, 8);
	memcpy(&gva, data + 32, 8);
	walk_translate(&walk, gva, &gpa);
}

const struct fuzz_target targets_insn[] = {
	{.name = "insn", .run = fuzz_insn, .max_bytes = 160},
	{.name = "walk", .run = fuzz_walk, .max_bytes = 120},
	{0},
};
