/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_ACPI_H
#define RUNNERS_VMM_ACPI_H

/*
 * acpi - the tables of a hardware-reduced machine (ACPI 6.5, 4.1): RSDP,
 * XSDT, FADT, MADT and a compiled DSDT.
 */
#include <stdint.h>

struct err;
struct mem;

#define ACPI_RSDP_GPA 0xe0000ULL
#define ACPI_AREA_BYTES 0x10000ULL

int acpi_build(const struct mem *mem, uint32_t vcpu_count, struct err *err);

#endif
