// SPDX-License-Identifier: GPL-3.0-or-later
/* Zydis as the VMM has it: loaded on request, not linked. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/base/err.h"
#include "mshv/decoder.h"
#include "mshv/insn.h"

/* mov %ebx,(%rax): through each function that insn.c calls. */
static void a_loaded_library_decodes(void **state)
{
	static const uint8_t code[] = {0x89, 0x18};
	struct err err = {0};
	struct insn insn;

	(void)state;
	assert_int_equal(decoder_load(&err), 0);
	assert_int_equal(decoder_load(&err), 0);
	assert_int_equal(insn_decode(code, sizeof(code), INSN_MODE_64, &insn),
			 0);
	assert_int_equal(insn.length_bytes, sizeof(code));
	assert_int_equal(insn.base, 0);
	assert_int_equal(insn.reg, 3);
	assert_int_equal(insn_decode(code, 1, INSN_MODE_64, &insn), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loaded_library_decodes),
	};

	return RUN_TESTS(tests);
}
