// SPDX-License-Identifier: GPL-3.0-or-later
/* A guest's instructions. */
#include <stdlib.h>
#include <string.h>

#include "mshv/insn.h"
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

const struct fuzz_target targets_insn[] = {
	{.name = "insn", .run = fuzz_insn, .max_bytes = 160},
	{0},
};
