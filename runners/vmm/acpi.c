// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/acpi.h"

#include <errno.h>
#include <string.h>

#include "harness/base/err.h"
#include "runners/vmm/dev/ioapic.h"
#include "runners/vmm/dev/power.h"
#include "runners/vmm/mem.h"

#include "dsdt.hex"

#define LAPIC_GPA 0xfee00000u
#define FADT_BYTES 276
#define FADT_HW_REDUCED (1u << 20)
#define FADT_RESET_REG (1u << 10)
#define FADT_BOOT_NO_VGA (1u << 2)
#define FADT_BOOT_NO_CMOS_RTC (1u << 5)
#define GAS_SYSTEM_IO 1

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __attribute__((packed));

struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __attribute__((packed));

/* Where the next table goes; tables are 64-byte aligned. */
struct acpi_writer {
	uint8_t *base;
	uint64_t gpa;
	uint64_t used;
};

static uint8_t checksum(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint8_t sum = 0;

	while (len--)
		sum = (uint8_t)(sum + *p++);
	return (uint8_t)-sum;
}

static uint8_t *table_begin(struct acpi_writer *w, const char *signature,
			    uint8_t revision, uint32_t length)
{
	uint8_t *table = w->base + w->used;
	struct acpi_header head = {
		.length = length,
		.revision = revision,
		.oem_id = {'L', '1', 'V', 'H', ' ', ' '},
		.oem_table_id = {'L', '1', 'V', 'H', 'B', 'N', 'C', 'H'},
		.oem_revision = 1,
		.creator_id = {'L', '1', 'V', 'H'},
		.creator_revision = 1,
	};

	memcpy(head.signature, signature, sizeof(head.signature));
	memset(table, 0, length);
	memcpy(table, &head, sizeof(head));
	return table;
}

/* Seal the table begun last; gives its address. */
static uint64_t table_end(struct acpi_writer *w)
{
	struct acpi_header *head = (void *)(w->base + w->used);
	uint64_t gpa = w->gpa + w->used;

	head->checksum = 0;
	head->checksum = checksum(head, head->length);
	w->used += (head->length + 63u) & ~63u;
	return gpa;
}

static void put32(uint8_t *table, uint32_t off, uint32_t value)
{
	memcpy(table + off, &value, sizeof(value));
}

static void put64(uint8_t *table, uint32_t off, uint64_t value)
{
	memcpy(table + off, &value, sizeof(value));
}

/* Generic address structure, ACPI 6.5, 5.2.3.2: one byte of port space. */
static void put_gas(uint8_t *table, uint32_t off, uint16_t port)
{
	table[off] = GAS_SYSTEM_IO;
	table[off + 1] = 8;
	table[off + 3] = 1;
	put64(table, off + 4, port);
}

/* Offsets: ACPI 6.5, table 5.9. */
static uint64_t write_fadt(struct acpi_writer *w, uint64_t dsdt)
{
	uint8_t *t = table_begin(w, "FACP", 6, FADT_BYTES);

	t[109] = FADT_BOOT_NO_VGA | FADT_BOOT_NO_CMOS_RTC;
	put32(t, 112, FADT_HW_REDUCED | FADT_RESET_REG);
	put_gas(t, 116, POWER_PORT + POWER_RESET);
	t[128] = POWER_RESET_VALUE;
	t[131] = 5; /* minor version */
	put64(t, 140, dsdt);
	put_gas(t, 244, POWER_PORT + POWER_SLEEP_CONTROL);
	put_gas(t, 256, POWER_PORT + POWER_SLEEP_STATUS);
	memcpy(t + 268, "L1VHBNCH", 8);
	return table_end(w);
}

/* ACPI 6.5, 5.2.12: one LAPIC entry of 8 bytes a vCPU, one IOAPIC of 12. */
static uint64_t write_madt(struct acpi_writer *w, uint32_t vcpu_count)
{
	uint32_t length = 44 + 8 * vcpu_count + 12;
	uint8_t *t = table_begin(w, "APIC", 5, length);
	uint8_t *p = t + 44;
	uint32_t i;

	put32(t, 36, LAPIC_GPA);
	for (i = 0; i < vcpu_count; i++, p += 8) {
		p[0] = 0;
		p[1] = 8;
		p[2] = (uint8_t)i;
		p[3] = (uint8_t)i;
		put32(p, 4, 1);
	}
	p[0] = 1;
	p[1] = 12;
	put32(p, 4, (uint32_t)IOAPIC_GPA);
	return table_end(w);
}

static uint64_t write_dsdt(struct acpi_writer *w)
{
	memcpy(w->base + w->used, dsdt_aml_code, sizeof(dsdt_aml_code));
	return table_end(w);
}

static uint64_t write_xsdt(struct acpi_writer *w, uint64_t fadt, uint64_t madt)
{
	uint8_t *t = table_begin(w, "XSDT", 1, sizeof(struct acpi_header) + 16);

	put64(t, sizeof(struct acpi_header), fadt);
	put64(t, sizeof(struct acpi_header) + 8, madt);
	return table_end(w);
}

int acpi_build(const struct mem *mem, uint32_t vcpu_count, struct err *err)
{
	struct acpi_writer w = {.gpa = ACPI_RSDP_GPA, .used = 64};
	struct acpi_rsdp rsdp = {
		.signature = {'R', 'S', 'D', ' ', 'P', 'T', 'R', ' '},
		.oem_id = {'L', '1', 'V', 'H', ' ', ' '},
		.revision = 2,
		.length = sizeof(rsdp),
	};
	uint64_t fadt, madt;

	w.base = mem_ptr(mem, ACPI_RSDP_GPA, ACPI_AREA_BYTES);
	if (!w.base)
		return err_set(err, -EINVAL, "guest RAM is too small for ACPI");
	fadt = write_fadt(&w, write_dsdt(&w));
	madt = write_madt(&w, vcpu_count);
	rsdp.xsdt = write_xsdt(&w, fadt, madt);
	rsdp.checksum = checksum(&rsdp, 20);
	rsdp.extended_checksum = checksum(&rsdp, sizeof(rsdp));
	memcpy(w.base, &rsdp, sizeof(rsdp));
	return 0;
}
