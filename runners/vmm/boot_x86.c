// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/boot_x86.h"

#include <asm/bootparam.h>
#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/acpi.h"
#include "runners/vmm/boot_priv.h"
#include "runners/vmm/dev/power.h"
#include "runners/vmm/image.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/stamp.h"
#include "runners/vmm/vcpu_regs.h"

#define GPA_GDT 0x500ULL
#define GPA_ZERO_PAGE 0x7000ULL
#define GPA_PML4 0x9000ULL
#define GPA_PDPT 0xa000ULL
#define GPA_PD 0xb000ULL /* four of them */
#define GPA_RESET_VECTOR 0xffff0ULL

#define HEADER_OFFSET 0x1f1
#define HEADER_MAGIC 0x53726448 /* "HdrS" */
#define MIN_PROTOCOL 0x020c
#define SECTOR_BYTES 512
#define ENTRY_64 0x200

#define PTE_OPEN 0x7ULL /* present, writable, ring 3 */
#define PDE_HUGE 0x80ULL

#define CR0_PE_ET_NE_PG 0x80000031ULL
#define CR4_PAE 0x20ULL
#define EFER_LME_LMA 0x500ULL

static int read_header(const struct image *img, struct setup_header *hdr,
		       struct err *err)
{
	int ret = image_read(img, HEADER_OFFSET, hdr, sizeof(*hdr), err);

	if (ret)
		return err_wrap(err, "not a bzImage");
	if (hdr->boot_flag != 0xaa55 || hdr->header != HEADER_MAGIC)
		return err_set(
			err, -EINVAL,
			"'%s' is not a bzImage: no boot header; rebuild it with 'l1vh-bench guest build'",
			img->path);
	if (hdr->version < MIN_PROTOCOL || !(hdr->xloadflags & XLF_KERNEL_64))
		return err_set(
			err, -EINVAL,
			"'%s' has no 64-bit entry (boot protocol 0x%04x)",
			img->path, hdr->version);
	return 0;
}

static int load_kernel(const struct mem *mem, const struct image *img,
		       const struct setup_header *hdr, struct err *err)
{
	uint64_t setup = (hdr->setup_sects ? hdr->setup_sects : 4) + 1u;
	uint64_t offset = setup * SECTOR_BYTES;
	uint64_t bytes = (uint64_t)hdr->syssize * 16;
	uint64_t room = hdr->init_size > bytes ? hdr->init_size : bytes;
	void *to = mem_ptr(mem, hdr->pref_address, room);

	if (offset + bytes > img->bytes)
		return err_set(
			err, -EINVAL,
			"'%s' is a corrupt bzImage: its header asks for %llu bytes, the file has %llu",
			img->path, (unsigned long long)(offset + bytes),
			(unsigned long long)img->bytes);
	if (!to)
		return err_set(
			err, -ENOSPC,
			"the kernel needs %llu MiB and does not fit into guest RAM; give the guest more",
			(unsigned long long)((hdr->pref_address + room) >> 20));
	return image_read(img, offset, to, bytes, err);
}

int boot_initrd_load(const struct mem *mem, const char *path,
		     uint64_t kernel_end, uint64_t limit,
		     struct boot_initrd *out, struct err *err)
{
	uint64_t top = mem->low_bytes < limit ? mem->low_bytes : limit;
	struct image img;
	uint64_t gpa;
	int ret;

	ret = image_open(&img, path, "initramfs", err);
	if (ret)
		goto out;
	gpa = (top - (img.bytes < top ? img.bytes : top)) & ~0xfffULL;
	if (img.bytes > top || gpa < kernel_end) {
		ret = err_set(
			err, -ENOSPC,
			"the initramfs '%s' (%llu MiB) does not fit into %llu MiB of guest RAM beside the kernel; give the guest more",
			path, (unsigned long long)(img.bytes >> 20),
			(unsigned long long)(mem->bytes >> 20));
		goto out;
	}
	*out = (struct boot_initrd){gpa, img.bytes};
	ret = image_read(&img, 0, mem_ptr(mem, gpa, img.bytes), img.bytes, err);
out:
	image_close(&img);
	return ret;
}

/* As high as the kernel allows, and never on top of it. */
static int load_initrd(const struct mem *mem, const char *path,
		       struct setup_header *hdr, struct err *err)
{
	struct boot_initrd initrd;
	int ret = boot_initrd_load(
		mem, path, hdr->pref_address + hdr->init_size,
		(uint64_t)hdr->initrd_addr_max + 1, &initrd, err);

	if (ret)
		return ret;
	hdr->ramdisk_image = (uint32_t)initrd.gpa;
	hdr->ramdisk_size = (uint32_t)initrd.bytes;
	return 0;
}

uint32_t boot_memory_map(const struct mem *mem, struct boot_range *ranges)
{
	const struct boot_range all[BOOT_MAX_RANGES] = {
		{0, GPA_EBDA, 1},
		{GPA_EBDA, GPA_HIGH - GPA_EBDA, 2},
		{GPA_HIGH, mem->low_bytes - GPA_HIGH, 1},
		{MEM_HOLE_END, mem->bytes - mem->low_bytes, 1},
	};
	uint32_t i, count = 0;

	for (i = 0; i < BOOT_MAX_RANGES; i++)
		if (all[i].bytes)
			ranges[count++] = all[i];
	return count;
}

static void describe_memory(const struct mem *mem, struct boot_params *bp)
{
	struct boot_range ranges[BOOT_MAX_RANGES];
	uint32_t i;

	bp->e820_entries = (uint8_t)boot_memory_map(mem, ranges);
	for (i = 0; i < bp->e820_entries; i++) {
		bp->e820_table[i].addr = ranges[i].gpa;
		bp->e820_table[i].size = ranges[i].bytes;
		bp->e820_table[i].type = ranges[i].type;
	}
}

static int write_zero_page(const struct mem *mem, const char *cmdline,
			   const struct setup_header *hdr, struct err *err)
{
	struct boot_params *bp = mem_ptr(mem, GPA_ZERO_PAGE, sizeof(*bp));
	size_t len = strlen(cmdline);

	if (len > hdr->cmdline_size)
		return err_set(
			err, -E2BIG,
			"the kernel command line has %zu bytes, %u are allowed",
			len, hdr->cmdline_size);
	memcpy(mem_ptr(mem, GPA_CMDLINE, len + 1), cmdline, len + 1);
	memset(bp, 0, sizeof(*bp));
	bp->hdr = *hdr;
	bp->hdr.type_of_loader = 0xff;
	bp->hdr.loadflags |= LOADED_HIGH;
	bp->hdr.cmd_line_ptr = (uint32_t)GPA_CMDLINE;
	bp->acpi_rsdp_addr = ACPI_RSDP_GPA;
	describe_memory(mem, bp);
	return 0;
}

static void write_page_tables(const struct mem *mem)
{
	uint64_t *pml4 = mem_ptr(mem, GPA_PML4, 4096);
	uint64_t *pdpt = mem_ptr(mem, GPA_PDPT, 4096);
	uint64_t *pd = mem_ptr(mem, GPA_PD, 4 * 4096);
	uint64_t i;

	memset(pml4, 0, 4096);
	memset(pdpt, 0, 4096);
	pml4[0] = GPA_PDPT | PTE_OPEN;
	for (i = 0; i < 4; i++)
		pdpt[i] = (GPA_PD + i * 4096) | PTE_OPEN;
	for (i = 0; i < 4 * 512; i++)
		pd[i] = i << 21 | PDE_HUGE | PTE_OPEN;
}

void boot_long_mode(const struct mem *mem, uint64_t rip, struct vcpu_regs *regs)
{
	/* Null, unused, code, data, and a TSS of two slots, at the selectors
	 * that the 64-bit protocol names: 0x10 and 0x18. */
	static const uint64_t gdt[] = {0,
				       0,
				       0x00af9b000000ffffULL,
				       0x00cf93000000ffffULL,
				       0x00008b000000ffffULL,
				       0};

	memcpy(mem_ptr(mem, GPA_GDT, sizeof(gdt)), gdt, sizeof(gdt));
	write_page_tables(mem);
	*regs = (struct vcpu_regs){
		.rip = rip,
		.rflags = 2,
		.cr0 = CR0_PE_ET_NE_PG,
		.cr3 = GPA_PML4,
		.cr4 = CR4_PAE,
		.efer = EFER_LME_LMA,
		.cs = {.selector = 0x10, .limit = UINT32_MAX, .attr = 0xa09b},
		.data = {.selector = 0x18, .limit = UINT32_MAX, .attr = 0xc093},
		.tr = {.selector = 0x20, .limit = 0xffff, .attr = 0x008b},
		.gdt_base = GPA_GDT,
		.gdt_limit = sizeof(gdt) - 1,
	};
}

/* mov $stamp,%eax; mov $port,%dx; out %eax,(%dx); movabs $entry,%rax; jmp */
static void write_stub(const struct mem *mem, uint64_t entry)
{
	uint8_t code[] = {0xb8, 0, 0, 0, 0, 0x66, 0xba, 0, 0, 0xef, 0x48,
			  0xb8, 0, 0, 0, 0, 0,    0,    0, 0, 0xff, 0xe0};
	uint32_t stamp = STAMP_PHASE | STAMP_PHASE_FIRST_INSTRUCTION;
	uint16_t port = STAMP_PORT;

	memcpy(code + 1, &stamp, sizeof(stamp));
	memcpy(code + 7, &port, sizeof(port));
	memcpy(code + 12, &entry, sizeof(entry));
	memcpy(mem_ptr(mem, GPA_STUB, sizeof(code)), code, sizeof(code));
}

/*
 * Linux ends a hardware-reduced machine without EFI by a jump to the BIOS's
 * reset vector (arch/x86/kernel/reboot.c). What stands there is real-mode
 * code: mov $port,%dx; mov $1,%al; out %al,(%dx); hlt; jmp back to hlt.
 */
static void write_reset_vector(const struct mem *mem)
{
	uint8_t code[] = {0xba, 0,    0,    0xb0, POWER_RESET_VALUE,
			  0xee, 0xf4, 0xeb, 0xfd};
	uint16_t port = POWER_PORT + POWER_RESET;

	memcpy(code + 1, &port, sizeof(port));
	memcpy(mem_ptr(mem, GPA_RESET_VECTOR, sizeof(code)), code,
	       sizeof(code));
}

void boot_start_at(const struct mem *mem, uint64_t entry,
		   struct vcpu_regs *regs)
{
	write_stub(mem, entry);
	boot_long_mode(mem, GPA_STUB, regs);
}

static int load_bzimage(const struct mem *mem, const struct image *img,
			const struct boot_config *cfg, struct vcpu_regs *regs,
			struct err *err)
{
	struct setup_header hdr;
	int ret = read_header(img, &hdr, err);

	if (!ret)
		ret = load_kernel(mem, img, &hdr, err);
	if (!ret && cfg->initrd_path)
		ret = load_initrd(mem, cfg->initrd_path, &hdr, err);
	if (!ret)
		ret = write_zero_page(mem, cfg->cmdline, &hdr, err);
	if (ret)
		return ret;
	boot_start_at(mem, hdr.pref_address + ENTRY_64, regs);
	regs->gpr[VCPU_RSI] = GPA_ZERO_PAGE;
	return 0;
}

int boot_load(const struct mem *mem, const struct boot_config *cfg,
	      struct vcpu_regs *regs, struct err *err)
{
	struct image img;
	int ret;

	ret = image_open(&img, cfg->kernel_path, "kernel", err);
	if (!ret)
		ret = boot_pvh_is_for(&img)
			      ? boot_pvh_load(mem, &img, cfg, regs, err)
			      : load_bzimage(mem, &img, cfg, regs, err);
	image_close(&img);
	if (!ret)
		write_reset_vector(mem);
	return ret;
}
