// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * An ELF kernel, entered by PVH: 32-bit protected mode without paging, EBX points to
 * a structure that names command line, modules, memory and ACPI's tables (Xen's
 * docs/misc/pvh.pandoc and xen/include/public/arch-x86/hvm/start_info.h; in Linux
 * arch/x86/platform/pvh/). The entry stands in a note of the file.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/acpi.h"
#include "runners/vmm/boot_priv.h"
#include "runners/vmm/boot_x86.h"
#include "runners/vmm/image.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/stamp.h"
#include "runners/vmm/vcpu_regs.h"

#define GPA_START_INFO 0x7000ULL
#define CMDLINE_MAX_BYTES 2048u
/* Where Linux takes a bzImage's initramfs from at most (initrd_addr_max). */
#define INITRD_LIMIT 0x80000000ULL

#define START_MAGIC 0x336ec578u
#define NOTE_PHYS32_ENTRY 18u
#define NOTE_OWNER "Xen"
#define NOTES_MAX_BYTES 4096u
#define MAX_PHDRS 64u

#define CR0_PE_ET 0x11ULL

struct start_info {
	uint32_t magic, version, flags, module_count;
	uint64_t modules_gpa, cmdline_gpa, rsdp_gpa, map_gpa;
	uint32_t map_count, reserved;
};

struct start_module {
	uint64_t gpa, bytes, cmdline_gpa, reserved;
};

struct start_range {
	uint64_t gpa, bytes;
	uint32_t type, reserved;
};

/* All that EBX leads to, in one piece. */
struct start_page {
	struct start_info info;
	struct start_module module;
	struct start_range ranges[BOOT_MAX_RANGES];
};

struct kernel {
	uint64_t end_gpa; /* behind its last byte */
	uint32_t entry;   /* 0: there was no note */
};

bool boot_pvh_is_for(const struct image *img)
{
	char magic[SELFMAG];
	struct err err;

	return !image_read(img, 0, magic, SELFMAG, &err) &&
	       !memcmp(magic, ELFMAG, SELFMAG);
}

static int read_elf_header(const struct image *img, Elf64_Ehdr *elf,
			   struct err *err)
{
	int ret = image_read(img, 0, elf, sizeof(*elf), err);

	if (ret)
		return ret;
	if (elf->e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf->e_ident[EI_DATA] != ELFDATA2LSB ||
	    elf->e_machine != EM_X86_64 ||
	    elf->e_phentsize != sizeof(Elf64_Phdr) || !elf->e_phnum ||
	    elf->e_phnum > MAX_PHDRS)
		return err_set(err, -EINVAL,
			       "'%s' is no kernel for x86-64: its ELF header",
			       img->path);
	return 0;
}

static int load_segment(const struct mem *mem, const struct image *img,
			const Elf64_Phdr *p, struct kernel *k, struct err *err)
{
	void *to;

	if (!p->p_memsz)
		return 0;
	/* Below stands what this file and boot_x86.c write. */
	to = p->p_paddr < GPA_HIGH ? NULL
				   : mem_ptr(mem, p->p_paddr, p->p_memsz);
	if (!to || p->p_paddr >= MEM_HOLE_START)
		return err_set(
			err, -ENOSPC,
			"the kernel needs 0x%llx bytes at 0x%llx, where guest RAM has no room for them; give the guest more",
			(unsigned long long)p->p_memsz,
			(unsigned long long)p->p_paddr);
	if (p->p_filesz > p->p_memsz)
		return err_set(
			err, -EINVAL,
			"'%s' is corrupt: a segment is larger in the file than in memory",
			img->path);
	if (p->p_paddr + p->p_memsz > k->end_gpa)
		k->end_gpa = p->p_paddr + p->p_memsz;
	return image_read_sparse(img, p->p_offset, to, p->p_filesz, err);
}

static size_t padded(uint32_t bytes)
{
	return ((size_t)bytes + 3) & ~(size_t)3;
}

/* The entry that NOTES name; 0: none, or they are cut short. */
static uint32_t find_entry(const uint8_t *notes, size_t len)
{
	Elf64_Nhdr n;

	while (len >= sizeof(n)) {
		const uint8_t *name = notes + sizeof(n);
		size_t all;

		memcpy(&n, notes, sizeof(n));
		all = sizeof(n) + padded(n.n_namesz) + padded(n.n_descsz);
		if (all > len)
			return 0;
		if (n.n_type == NOTE_PHYS32_ENTRY &&
		    n.n_namesz == sizeof(NOTE_OWNER) &&
		    !memcmp(name, NOTE_OWNER, sizeof(NOTE_OWNER)) &&
		    n.n_descsz >= sizeof(uint32_t)) {
			uint32_t entry;

			memcpy(&entry, name + padded(n.n_namesz),
			       sizeof(entry));
			return entry;
		}
		notes += all;
		len -= all;
	}
	return 0;
}

static int take_notes(const struct image *img, const Elf64_Phdr *p,
		      struct kernel *k, struct err *err)
{
	uint8_t notes[NOTES_MAX_BYTES];
	size_t len = p->p_filesz < sizeof(notes) ? p->p_filesz : sizeof(notes);
	int ret = image_read(img, p->p_offset, notes, len, err);

	if (!ret && !k->entry)
		k->entry = find_entry(notes, len);
	return ret;
}

static int load_kernel(const struct mem *mem, const struct image *img,
		       struct kernel *k, struct err *err)
{
	Elf64_Ehdr elf;
	Elf64_Phdr p;
	uint32_t i;
	int ret = read_elf_header(img, &elf, err);

	*k = (struct kernel){.entry = 0};
	for (i = 0; !ret && i < elf.e_phnum; i++) {
		ret = image_read(img, elf.e_phoff + i * sizeof(p), &p,
				 sizeof(p), err);
		if (!ret && p.p_type == PT_LOAD)
			ret = load_segment(mem, img, &p, k, err);
		if (!ret && p.p_type == PT_NOTE)
			ret = take_notes(img, &p, k, err);
	}
	if (!ret && !k->entry)
		ret = err_set(
			err, -EINVAL,
			"'%s' has no PVH entry: a kernel built with CONFIG_PVH has; give its bzImage",
			img->path);
	return ret;
}

static int write_start_info(const struct mem *mem, const char *cmdline,
			    const struct boot_initrd *initrd, struct err *err)
{
	struct start_page *page =
		mem_ptr(mem, GPA_START_INFO, sizeof(struct start_page));
	struct boot_range ranges[BOOT_MAX_RANGES];
	size_t len = strlen(cmdline);
	uint32_t i, count = boot_memory_map(mem, ranges);

	if (len >= CMDLINE_MAX_BYTES)
		return err_set(
			err, -E2BIG,
			"the kernel command line has %zu bytes, %u are allowed",
			len, CMDLINE_MAX_BYTES - 1);
	memcpy(mem_ptr(mem, GPA_CMDLINE, len + 1), cmdline, len + 1);
	*page = (struct start_page){
		.info = {.magic = START_MAGIC,
			 .version = 1,
			 .module_count = initrd->bytes != 0,
			 .modules_gpa = GPA_START_INFO +
					offsetof(struct start_page, module),
			 .cmdline_gpa = GPA_CMDLINE,
			 .rsdp_gpa = ACPI_RSDP_GPA,
			 .map_gpa = GPA_START_INFO +
				    offsetof(struct start_page, ranges),
			 .map_count = count},
		.module = {.gpa = initrd->gpa, .bytes = initrd->bytes}};
	for (i = 0; i < count; i++)
		page->ranges[i] = (struct start_range){
			ranges[i].gpa, ranges[i].bytes, ranges[i].type, 0};
	return 0;
}

/* mov $stamp,%eax; mov $port,%dx; out %eax,(%dx); mov $entry,%eax; jmp *%eax */
static void write_stub(const struct mem *mem, uint32_t entry)
{
	uint8_t code[] = {0xb8, 0,    0, 0, 0, 0x66, 0xba, 0,   0,
			  0xef, 0xb8, 0, 0, 0, 0,    0xff, 0xe0};
	uint32_t stamp = STAMP_PHASE | STAMP_PHASE_FIRST_INSTRUCTION;
	uint16_t port = STAMP_PORT;

	memcpy(code + 1, &stamp, sizeof(stamp));
	memcpy(code + 7, &port, sizeof(port));
	memcpy(code + 11, &entry, sizeof(entry));
	memcpy(mem_ptr(mem, GPA_STUB, sizeof(code)), code, sizeof(code));
}

int boot_pvh_load(const struct mem *mem, const struct image *img,
		  const struct boot_config *cfg, struct vcpu_regs *regs,
		  struct err *err)
{
	struct boot_initrd initrd = {0, 0};
	struct kernel k;
	int ret = load_kernel(mem, img, &k, err);

	if (!ret && cfg->initrd_path)
		ret = boot_initrd_load(mem, cfg->initrd_path, k.end_gpa,
				       INITRD_LIMIT, &initrd, err);
	if (!ret)
		ret = write_start_info(mem, cfg->cmdline, &initrd, err);
	if (ret)
		return ret;
	write_stub(mem, k.entry);
	*regs = (struct vcpu_regs){
		.rip = GPA_STUB,
		.rflags = 2,
		.cr0 = CR0_PE_ET,
		.cs = {.selector = 0x10, .limit = UINT32_MAX, .attr = 0xc09b},
		.data = {.selector = 0x18, .limit = UINT32_MAX, .attr = 0xc093},
		.tr = {.selector = 0x20, .limit = 0x67, .attr = 0x008b},
	};
	regs->gpr[VCPU_RBX] = GPA_START_INFO;
	return 0;
}
