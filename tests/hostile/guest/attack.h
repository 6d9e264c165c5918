/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_HOSTILE_GUEST_ATTACK_H
#define TESTS_HOSTILE_GUEST_ATTACK_H

/*
 * attack - one thing that a hostile guest tries. The table is in table.c; each
 * runs in a machine of its own, by its name.
 */
#include <stdint.h>

#include "tests/hostile/guest/driver.h"

#define MAX_DEVS 8u
#define MAX_QUEUES 4u

struct world {
	struct pci_dev devs[MAX_DEVS];
	uint32_t dev_count;
	struct queue queues[MAX_QUEUES]; /* of the device that is at work */
	uint64_t seed;
};

enum attack_flag {
	RING0 = 1,   /* needs instructions of ring 0, which some hypervisors
		      emulate one by one */
	ENDS = 2,    /* the machine may be over afterwards, and say nothing */
	CHEAP = 4,   /* in `make check` too */
	STAYS = 8,   /* the machine never ends by itself */
	KERNEL = 16, /* booted as Linux is, see kernel.S */
	LINK = 32,   /* booted by the harness, in the micro guest's place */
};

struct attack {
	const char *name;
	void (*run)(struct world *w);
	uint32_t flags;
};

extern const struct attack attacks[];
extern const uint32_t attack_count;

struct pci_dev *world_dev(struct world *w, uint32_t id); /* NULL: none */

/* The device's queues started, with all features or with WANTED of them. */
uint32_t world_start(struct world *w, struct pci_dev *dev, uint64_t wanted);

/* attack_chain.c: descriptors, tables and rings. */
void attack_range(struct world *w);
void attack_length(struct world *w);
void attack_loop(struct world *w);
void attack_order(struct world *w);
void attack_indirect(struct world *w);
void attack_heads(struct world *w);
void attack_avail_jump(struct world *w);
void attack_overlap(struct world *w);
void attack_all_ram(struct world *w);
void attack_two_cpus(struct world *w);

/* attack_setup.c: how a driver sets a device up. */
void attack_features(struct world *w);
void attack_status(struct world *w);
void attack_queue_size(struct world *w);
void attack_ring_address(struct world *w);
void attack_ring_moved(struct world *w);
void attack_reset_in_flight(struct world *w);
void attack_reset_storm(struct world *w);
void attack_widths(struct world *w);

/* attack_pci.c: configuration space, BARs, MSI-X. */
void attack_bar_over_ram(struct world *w);
void attack_bar_over_bar(struct world *w);
void attack_bar_over_apics(struct world *w);
void attack_bar_storm(struct world *w);
void attack_decode_off(struct world *w);
void attack_config_space(struct world *w);
void attack_msix_addresses(struct world *w);
void attack_msix_flips(struct world *w);
void attack_msix_vectors(struct world *w);
void attack_msix_table(struct world *w);

/* attack_blk.c */
void attack_blk_flush(struct world *w);
void attack_blk_sectors(struct world *w);
void attack_blk_ranges(struct world *w);
void attack_blk_requests(struct world *w);
void attack_blk_bounce(struct world *w);
void attack_blk_readonly(struct world *w);
void attack_doorbells(struct world *w);

/* attack_stream.c: consoles, the channel, the network, vsock, randomness. */
void attack_uart_flood(struct world *w);
void attack_uart_registers(struct world *w);
void attack_escapes(struct world *w);
void attack_console_flood(struct world *w);
void attack_console_control(struct world *w);
void attack_console_broken(struct world *w);
void attack_rng_flood(struct world *w);
void attack_net_flood(struct world *w);
void attack_net_receive(struct world *w);
void attack_vsock(struct world *w);
void attack_channel(struct world *w);
void attack_channel_silent(struct world *w);

/* attack_cpu.c: what is no PCI device. */
void attack_ioapic(struct world *w);
void attack_lapic(struct world *w);
void attack_ports(struct world *w);
void attack_stamps(struct world *w);
void attack_stamps_twice(struct world *w);
void attack_counts(struct world *w);
void attack_mmio_holes(struct world *w);
void attack_mmio_crossing(struct world *w);
void attack_mmio_forms(struct world *w);
void attack_mmio_push(struct world *w);
void attack_mmio_string(struct world *w);
void attack_mmio_vector(struct world *w);
void attack_cpuid(struct world *w);
void attack_msrs(struct world *w);
void attack_hypercalls(struct world *w);
void attack_power(struct world *w);
void attack_reset_port(struct world *w);
void attack_keyboard_reset(struct world *w);
void attack_triple_fault(struct world *w);
void attack_halt(struct world *w);
void attack_spin(struct world *w);
void attack_page_tables(struct world *w);
void attack_code_in_mmio(struct world *w);

/* attack_link.c: the harness itself. */
void attack_link_garbage(struct world *w);
void attack_link_length(struct world *w);
void attack_link_checksum(struct world *w);
void attack_link_sequence(struct world *w);
void attack_link_types(struct world *w);
void attack_link_hello(struct world *w);
void attack_link_unasked(struct world *w);
void attack_link_refusal(struct world *w);
void attack_link_deaf(struct world *w);
void attack_link_silent(struct world *w);
void attack_link_output(struct world *w);
void attack_link_objects(struct world *w);
void attack_link_depth(struct world *w);
void attack_link_numbers(struct world *w);
void attack_link_values(struct world *w);

/* attack_chance.c */
void attack_chance(struct world *w);
void attack_chance_chains(struct world *w);

#endif
