/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_SNAPSHOT_SNAP_FORMAT_H
#define RUNNERS_VMM_SNAPSHOT_SNAP_FORMAT_H

/*
 * snap_format - a snapshot's file.
 *
 *   0                  struct snap_header
 *   SNAP_RAM_OFFSET    guest RAM as it was; pages of zeros are holes
 *   behind it          the state: records, one after the other
 *
 * RAM comes where huge pages of a page cache can hold it, so that a restored guest
 * maps it and clones share it. All numbers are little-endian, as in memory. Any
 * change of a record or of the header is another SNAP_VERSION: no version but its
 * own is read.
 *
 * The sums find damage, and files that do not belong together. They are no
 * signature: who can write the file can make them fit, so everything in it is
 * checked as a hostile guest's words are.
 */
#include <stdint.h>

#define SNAP_MAGIC "L1VHSNAP"
#define SNAP_VERSION 2u
#define SNAP_RAM_OFFSET (2ULL << 20)
#define SNAP_PAGE_BYTES 4096u
/* 64 vCPUs and a bit for each page of the largest guest take 18 MiB. */
#define SNAP_STATE_MAX_BYTES (32ULL << 20)
/* Each vCPU has one, each slot of the bus two. */
#define SNAP_MAX_RECORDS 256u

struct snap_header {
	char magic[8];
	uint32_t version;
	uint32_t header_bytes;
	uint64_t file_bytes;
	uint64_t ram_bytes;
	uint64_t state_bytes;
	uint64_t ram_sum; /* of the pages that are there, in their order */
	uint64_t state_sum;
	uint64_t image_sum; /* of the files that the guest was booted from */
	uint64_t saved_unix_ns;
	/* The file itself, as it was left. While it is the same, and its time of
	 * modification too, nothing has written to it. */
	uint64_t device, inode, modified_unix_ns;
	uint32_t vcpu_count;
	uint32_t tsc_khz;
	uint32_t paravirt; /* enum hv_paravirt */
	uint32_t is_micro;
	char hv[16];    /* ended by a zero byte, as the next */
	char build[64]; /* the program's */
	uint64_t sum;   /* of all above */
};

_Static_assert(sizeof(struct snap_header) == 200, "no padding");

/* By type and index: one of each. */
enum snap_type {
	SNAP_PAGES = 1, /* a bit for each page of RAM: whether it is there */
	SNAP_CPUID,     /* struct cpuid_entry, of vCPU 0 */
	SNAP_VCPU,      /* struct vcpu_state; index: the vCPU */
	SNAP_CLOCK,     /* uint64_t, see hv_clock_get() */
	SNAP_UART,
	SNAP_IOAPIC,
	SNAP_RTC,
	SNAP_PCI_BUS,
	SNAP_FUNCTION, /* index: the slot, as below */
	SNAP_VIRTIO,
	SNAP_CONSOLE,
};

struct snap_record {
	uint32_t type;
	uint32_t index;
	uint64_t bytes; /* that follow; the next record is at a multiple of 8 */
};

#endif
