// SPDX-License-Identifier: GPL-3.0-or-later
/* build_id: of this program, and of files that are no program. */
#include "tests/unit/test.h"

#include <elf.h>
#include <unistd.h>

#include "harness/core/build_id.h"
#include "tests/unit/fixture/scratch.h"

/* A file of one note, and the word of whoever made it. */
struct made {
	Elf64_Ehdr e;
	Elf64_Phdr p;
	Elf64_Nhdr n;
	char name[4];
	unsigned char id[20];
};

static struct made good(void)
{
	struct made m = {
		.e = {.e_ident = ELFMAG "\2\1\1",
		      .e_phentsize = sizeof(Elf64_Phdr),
		      .e_phoff = offsetof(struct made, p),
		      .e_phnum = 1},
		.p = {.p_type = PT_NOTE,
		      .p_offset = offsetof(struct made, n),
		      .p_filesz = sizeof(m) - offsetof(struct made, n)},
		.n = {4, 20, NT_GNU_BUILD_ID},
		.name = "GNU",
		.id = {0xab, 1, [19] = 0xff},
	};

	return m;
}

static const char *id_of(const void *bytes, size_t len, char buf[BUILD_ID_SIZE])
{
	char path[SCRATCH_SIZE];

	scratch_file(path, bytes, len);
	build_id_of(path, buf);
	unlink(path);
	return buf;
}

static void a_note_is_found(void **state)
{
	char own[BUILD_ID_SIZE], id[BUILD_ID_SIZE];
	struct made m = good();

	(void)state;
	assert_string_equal(id_of(&m, sizeof(m), id),
			    "ab010000000000000000000000000000000000ff");
	build_id_own(own);
	assert_string_equal(build_id_of("/proc/self/exe", id), own);
	if (!own[0])
		print_message("skipped: this linker writes no build id\n");
	assert_true(!own[0] || strlen(own) >= 16);
}

static void other_files_have_none(void **state)
{
	char id[BUILD_ID_SIZE];
	struct made m = good();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(m); i++)
		assert_string_equal(id_of(&m, i, id), "");
	m.n.n_type = 1;
	assert_string_equal(id_of(&m, sizeof(m), id), "");
	m = good();
	m.n.n_descsz = 0xffffffff;
	assert_string_equal(id_of(&m, sizeof(m), id), "");
	m.n.n_descsz = 0;
	assert_string_equal(id_of(&m, sizeof(m), id), "");
	m = good();
	m.n.n_namesz = 0xfffffffd;
	assert_string_equal(id_of(&m, sizeof(m), id), "");
	m = good();
	m.p.p_offset = UINT64_MAX;
	assert_string_equal(id_of(&m, sizeof(m), id), "");
	m = good();
	m.p.p_filesz = 1 << 20;
	assert_string_equal(id_of(&m, sizeof(m), id), "");
	m = good();
	m.e.e_ident[EI_CLASS] = ELFCLASS32;
	assert_string_equal(id_of(&m, sizeof(m), id), "");
	assert_string_equal(build_id_of("/none", id), "");
	assert_string_equal(build_id_of("/proc", id), "");
	assert_string_equal(build_id_beside("no-such-program", id), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_note_is_found),
		cmocka_unit_test(other_files_have_none),
	};

	return RUN_TESTS(tests);
}
