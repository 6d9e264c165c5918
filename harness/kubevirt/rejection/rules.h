/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_REJECTION_RULES_H
#define HARNESS_KUBEVIRT_REJECTION_RULES_H

/*
 * rules - what the files of this folder share: the guest in question, and the
 * rules by subject, which rejection.c asks in KubeVirt's order.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/yaml_stream.h"
#include "harness/kubevirt/quantity.h"

struct kubevirt_cluster;
struct kubevirt_release;
struct rejections;
struct vmi;

/* A disk, with the webhook's defaults. */
struct disk {
	const struct yaml_value *yaml;   /* NULL: the webhook adds it */
	const struct yaml_value *volume; /* the last of its name, or NULL */
	const char *name;
	const char *default_bus;
};

/* The guest in question. */
struct asked {
	const struct vmi *v;
	const struct yaml_value *spec, *domain, *devices;
	const struct kubevirt_release *release;
	const struct kubevirt_cluster *cluster;
	int minor, patch; /* of the release's tag */
	struct disk *disks;
	size_t disk_count;
	struct rejections *out;
	bool is_over; /* KubeVirt asks no further */
};

#define DOMAIN "spec.domain."
#define DEVICES "spec.domain.devices."
#define RESOURCES "spec.domain.resources."

/* --- causes --- */

void refuse(struct asked *g, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The message begins with the field. */
void refuse_field(struct asked *g, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A cause from another function of KubeVirt's. */
void refuse_beyond_spec(struct asked *g, const char *field, const char *fmt,
			...) __attribute__((format(printf, 3, 4)));
/* KubeVirt fails in a rule and refuses the guest without a cause. */
void refuse_by_panic(struct asked *g, const char *field, const char *why);

struct path {
	char text[128];
};

struct path path_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Until the end of the statement. */
#define AT(...) (path_of(__VA_ARGS__).text)

/* --- the release and the cluster --- */

bool is_since(const struct asked *g, int minor, int patch);
bool has_gate(const struct asked *g, const char *gate);
bool is_arch(const struct asked *g, const char *arch);

/* --- values --- */

bool is_there(const struct yaml_value *map, const char *path);
bool has_items(const struct yaml_value *map, const char *path);
bool is_true_at(const struct yaml_value *map, const char *path);
/* A Go *bool, or a FeatureState's enabled: absent is not false. */
bool is_false_at(const struct yaml_value *map, const char *path);
int64_t number_at(const struct yaml_value *map, const char *path); /* or 0 */
bool is_one_of(const char *text, const char *const *list); /* NULL ends it */

/* The first item at PATH, and the one behind ITEM; NULL: there is none. */
const struct yaml_value *first_item(const struct yaml_value *map,
				    const char *path);
const struct yaml_value *next_item(const struct yaml_value *item);

/* The last item of that name; NULL: there is none. */
const struct yaml_value *item_of_name(const struct yaml_value *map,
				      const char *path, const char *name);
const struct yaml_value *volume_of(const struct asked *g, const char *name);

/* --- texts --- */

struct quantity_text {
	char text[48];
};

/* An amount in the canonical form of resource.Quantity; WRITTEN has its form
 * (binary, decimal, exponent), and NULL lets the value choose. */
struct quantity_text quantity_text(struct quantity q, const char *written);

bool is_made_of(const char *text, const char *others); /* letters, digits */
bool is_dns_label(const char *name);                   /* of any length */
bool is_port_name(const char *name);
bool is_pci_address(const char *text);
size_t mac_length(const char *text); /* in bytes; 0: it is none */
bool is_ipv4(const char *text);
/* The length of what is encoded; false: it is no base64. */
bool base64_length(const char *text, size_t *len);
bool is_clean_path(const char *path);

struct words {
	char text[320];
};

/* What Kubernetes has against a name, with commas between; "". */
struct words label_mistakes(const char *name);
struct words subdomain_mistakes(const char *name);
extern const char dns_label_message[], dns_label_too_long[];

/* --- disks --- */

void read_disks(struct asked *g);
bool disk_has(const struct disk *d, const char *target);
const char *disk_bus(const struct disk *d, const char *target);

void ask_path(struct asked *g, const char *field, const char *path);

/* --- rules, by file --- */

typedef void rule_fn(struct asked *g);

rule_fn ask_memory, ask_guest_limit, ask_cpu_amounts, ask_pinning, ask_numa,
	ask_cpu, ask_realtime, ask_request_missing;        /* memory.c */
rule_fn ask_networks, ask_boot_orders;                     /* network.c */
rule_fn ask_disk_boot_orders, ask_disks;                   /* disks.c */
rule_fn ask_volumes, ask_container_paths, ask_credentials; /* volumes.c */
rule_fn ask_serial, ask_acpi, ask_kernel_boot, ask_bootloader,
	ask_launch_security; /* firmware.c */
rule_fn ask_gpus, ask_host_devices, ask_vsock, ask_machine, ask_start,
	ask_probes, ask_inputs, ask_io_threads, ask_ramfb, ask_filesystems,
	ask_sound, ask_reservation, ask_state, ask_virtiofs, ask_video,
	ask_panic_devices, ask_service_account; /* devices.c */
rule_fn ask_claims;                             /* claims.c */

/* An interface's own fields, interface.c. */
struct interface {
	const struct yaml_value *yaml, *network; /* NULL: it has none */
	const char *name;
	size_t i;
};

void ask_interface_name(struct asked *g, const struct interface *n);
void ask_interface_model(struct asked *g, const struct interface *n);
void ask_interface_mac(struct asked *g, const struct interface *n);
void ask_interface_pci(struct asked *g, const struct interface *n);
void ask_interface_ports(struct asked *g, const struct interface *n);
void ask_interface_dhcp(struct asked *g, const struct interface *n);
void ask_interface_boot_order(struct asked *g, const struct interface *n);

#define INTERFACES "domain.devices.interfaces"

#endif
