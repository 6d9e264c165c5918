// SPDX-License-Identifier: GPL-3.0-or-later
/* An ELF kernel: where its parts go, how it is entered, and what is refused. */
#include "tests/unit/test.h"

#include <elf.h>
#include <errno.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/acpi.h"
#include "runners/vmm/boot_x86.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/vcpu_regs.h"
#include "tests/unit/fixture/scratch.h"

#define ENTRY 0x1000850u
#define KERNEL_GPA (16 * MIB)

/* Two segments, the second of which is mostly zeros that the file lacks; notes. */
struct kernel {
	Elf64_Ehdr elf;
	Elf64_Phdr phdrs[3];
	struct {
		Elf64_Nhdr other;
		char other_name[4];
		uint32_t other_desc;
		Elf64_Nhdr pvh;
		char pvh_name[4];
		uint32_t entry[2];
	} notes;
	uint8_t text[8192];
	uint8_t data[16];
};

static void kernel_make(struct kernel *k)
{
	memset(k, 0, sizeof(*k));
	memcpy(k->elf.e_ident, ELFMAG, SELFMAG);
	k->elf.e_ident[EI_CLASS] = ELFCLASS64;
	k->elf.e_ident[EI_DATA] = ELFDATA2LSB;
	k->elf.e_machine = EM_X86_64;
	k->elf.e_phoff = offsetof(struct kernel, phdrs);
	k->elf.e_phentsize = sizeof(Elf64_Phdr);
	k->elf.e_phnum = 3;
	k->phdrs[0] = (Elf64_Phdr){.p_type = PT_LOAD,
				   .p_offset = offsetof(struct kernel, text),
				   .p_paddr = KERNEL_GPA,
				   .p_filesz = sizeof(k->text),
				   .p_memsz = sizeof(k->text)};
	k->phdrs[1] = (Elf64_Phdr){.p_type = PT_LOAD,
				   .p_offset = offsetof(struct kernel, data),
				   .p_paddr = KERNEL_GPA + 4 * MIB,
				   .p_filesz = sizeof(k->data),
				   .p_memsz = MIB};
	k->phdrs[2] = (Elf64_Phdr){.p_type = PT_NOTE,
				   .p_offset = offsetof(struct kernel, notes),
				   .p_filesz = sizeof(k->notes)};
	k->notes.other = (Elf64_Nhdr){4, 4, 18};
	memcpy(k->notes.other_name, "GNU", 4);
	k->notes.other_desc = 0xbad;
	k->notes.pvh = (Elf64_Nhdr){4, 8, 18};
	memcpy(k->notes.pvh_name, "Xen", 4);
	k->notes.entry[0] = ENTRY;
	memset(k->text, 0xab, sizeof(k->text));
	memset(k->data, 0xcd, sizeof(k->data));
}

static int load(const void *bytes, size_t len, const char *cmdline,
		struct vcpu_regs *regs, struct mem *mem, struct err *err)
{
	const struct mem_config mc = {.bytes = 64 * MIB};
	char kernel[SCRATCH_SIZE], initrd[SCRATCH_SIZE];
	const struct boot_config cfg = {.kernel_path = kernel,
					.initrd_path = initrd,
					.cmdline = cmdline};
	int ret;

	scratch_file(kernel, bytes, len);
	scratch_file(initrd, "initramfs", 9);
	assert_int_equal(mem_init(mem, &mc, err), 0);
	ret = boot_load(mem, &cfg, regs, err);
	unlink(kernel);
	unlink(initrd);
	return ret;
}

static void entered_as_pvh_says(const struct vcpu_regs *regs)
{
	assert_int_equal(regs->cr0, 0x11); /* protected, not paged */
	assert_int_equal(regs->cr4, 0);
	assert_int_equal(regs->efer, 0);
	assert_int_equal(regs->rflags, 2);
	assert_int_equal(regs->cs.base, 0);
	assert_int_equal(regs->cs.limit, UINT32_MAX);
	assert_int_equal(regs->cs.attr, 0xc09b);
	assert_int_equal(regs->data.attr, 0xc093);
	assert_int_equal(regs->tr.attr, 0x8b);
}

static void an_elf_kernel_is_placed_and_entered(void **state)
{
	struct vcpu_regs regs;
	struct err err = {0};
	struct kernel k;
	struct mem mem;
	const uint32_t *info;
	const uint64_t *wide;
	const uint8_t *stub;

	(void)state;
	kernel_make(&k);
	assert_int_equal(load(&k, sizeof(k), "quiet", &regs, &mem, &err), 0);
	entered_as_pvh_says(&regs);
	/* mov $first instruction,%eax; mov $0x600,%dx; out; mov $entry,%eax; jmp */
	stub = mem_ptr(&mem, regs.rip, 17);
	assert_memory_equal(stub,
			    "\xb8\x01\x00\x00\x30\x66\xba\x00\x06\xef\xb8"
			    "\x50\x08\x00\x01\xff\xe0",
			    17);
	assert_memory_equal(mem_ptr(&mem, KERNEL_GPA, sizeof(k.text)), k.text,
			    sizeof(k.text));
	assert_memory_equal(mem_ptr(&mem, KERNEL_GPA + 4 * MIB, 16), k.data,
			    16);
	assert_int_equal(
		*(uint8_t *)mem_ptr(&mem, KERNEL_GPA + 4 * MIB + 16, 1), 0);
	info = mem_ptr(&mem, regs.gpr[VCPU_RBX], 128);
	wide = (const uint64_t *)info;
	assert_int_equal(info[0], 0x336ec578);
	assert_int_equal(info[1], 1);
	assert_int_equal(info[3], 1);
	assert_string_equal(mem_ptr(&mem, wide[3], 6), "quiet");
	assert_int_equal(wide[4], ACPI_RSDP_GPA);
	assert_int_equal(info[12], 3);
	wide = mem_ptr(&mem, wide[2], 32);
	assert_int_equal(wide[1], 9);
	assert_memory_equal(mem_ptr(&mem, wide[0], 9), "initramfs", 9);
	wide = mem_ptr(&mem, ((const uint64_t *)info)[5], 3 * 24);
	assert_int_equal(wide[6], MIB);
	assert_int_equal(wide[6] + wide[7], 64 * MIB);
	assert_int_equal(*(const uint8_t *)mem_ptr(&mem, 0xffff0, 1), 0xba);
	mem_release(&mem);
}

static void expect_refusal(const struct kernel *k, size_t len, int code,
			   const char *words)
{
	struct vcpu_regs regs;
	struct err err = {0};
	struct mem mem;

	assert_int_equal(load(k, len, "", &regs, &mem, &err), code);
	assert_non_null(strstr(err.msg, words));
	mem_release(&mem);
}

static void bad_headers_are_refused(void **state)
{
	struct kernel k;

	(void)state;
	kernel_make(&k);
	expect_refusal(&k, 40, -EINVAL, "cut short");
	expect_refusal(&k, 100, -EINVAL, "cut short");
	k.elf.e_machine = EM_386;
	expect_refusal(&k, sizeof(k), -EINVAL, "no kernel for x86-64");
	kernel_make(&k);
	k.elf.e_ident[EI_CLASS] = ELFCLASS32;
	expect_refusal(&k, sizeof(k), -EINVAL, "no kernel for x86-64");
	kernel_make(&k);
	k.elf.e_phnum = 65;
	expect_refusal(&k, sizeof(k), -EINVAL, "no kernel for x86-64");
	kernel_make(&k);
	k.elf.e_phoff = UINT64_MAX - 8;
	expect_refusal(&k, sizeof(k), -EINVAL, "");
}

static void segments_must_fit(void **state)
{
	struct kernel k;

	(void)state;
	kernel_make(&k);
	k.phdrs[0].p_paddr = 0x7000;
	expect_refusal(&k, sizeof(k), -ENOSPC, "no room");
	kernel_make(&k);
	k.phdrs[1].p_memsz = 60 * MIB;
	expect_refusal(&k, sizeof(k), -ENOSPC, "give the guest more");
	kernel_make(&k);
	k.phdrs[1].p_paddr = UINT64_MAX - 4;
	expect_refusal(&k, sizeof(k), -ENOSPC, "no room");
	kernel_make(&k);
	k.phdrs[1].p_filesz = 2 * MIB;
	expect_refusal(&k, sizeof(k), -EINVAL, "larger in the file");
	kernel_make(&k);
	k.phdrs[0].p_offset = UINT64_MAX - 4096;
	expect_refusal(&k, sizeof(k), -EINVAL, "cut short");
	kernel_make(&k);
	expect_refusal(&k, offsetof(struct kernel, data) + 15, -EINVAL,
		       "cut short");
	/* The initramfs has no room beside it. */
	k.phdrs[1].p_memsz = 64 * MIB - k.phdrs[1].p_paddr;
	expect_refusal(&k, sizeof(k), -ENOSPC, "initramfs");
}

static void a_kernel_without_the_note_is_refused(void **state)
{
	struct kernel k;

	(void)state;
	kernel_make(&k);
	k.notes.pvh.n_type = 17;
	expect_refusal(&k, sizeof(k), -EINVAL, "has no PVH entry");
	kernel_make(&k);
	k.notes.pvh_name[0] = 'x';
	expect_refusal(&k, sizeof(k), -EINVAL, "has no PVH entry");
	kernel_make(&k);
	k.notes.pvh.n_descsz = UINT32_MAX;
	expect_refusal(&k, sizeof(k), -EINVAL, "has no PVH entry");
	kernel_make(&k);
	k.notes.other.n_namesz = UINT32_MAX - 2;
	expect_refusal(&k, sizeof(k), -EINVAL, "has no PVH entry");
	kernel_make(&k);
	k.phdrs[2].p_type = PT_NULL;
	expect_refusal(&k, sizeof(k), -EINVAL, "has no PVH entry");
}

static void a_command_line_has_a_limit(void **state)
{
	struct vcpu_regs regs;
	struct err err = {0};
	struct kernel k;
	struct mem mem;
	char line[2049];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	kernel_make(&k);
	assert_int_equal(load(&k, sizeof(k), line, &regs, &mem, &err), -E2BIG);
	assert_non_null(strstr(err.msg, "command line"));
	mem_release(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_elf_kernel_is_placed_and_entered),
		cmocka_unit_test(bad_headers_are_refused),
		cmocka_unit_test(segments_must_fit),
		cmocka_unit_test(a_kernel_without_the_note_is_refused),
		cmocka_unit_test(a_command_line_has_a_limit),
	};

	return RUN_TESTS(tests);
}
