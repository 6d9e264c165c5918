/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LIBVIRT_LIBVIRT_DOMAIN_H
#define RUNNERS_LIBVIRT_LIBVIRT_DOMAIN_H

/*
 * libvirt_domain - the files of one libvirt domain: a folder of its own in
 * /tmp with the XML and the console, and the guest that it boots.
 */
#include <stdbool.h>
#include <stdint.h>

struct bench_case;
struct err;
struct io_site;
struct strbuf;

struct libvirt_domain {
	char folder[64];
	char name[48];
	char *xml, *console;                        /* owned paths */
	char *kernel, *initrd, *emulator, *cmdline; /* owned */
	const char *cpu; /* the element <cpu>; NULL: the host's CPU */
};

/* D is zeroed. Makes the folder; 0 or a negative errno. */
int libvirt_domain_open(struct libvirt_domain *d, struct err *err);

/* Removes the files. Also after a failure, or on a zeroed D. */
void libvirt_domain_close(struct libvirt_domain *d);

/* What all guests of QEMU are told; a rate of the TSC where the lab knows
 * it. */
void libvirt_domain_find_guest(struct libvirt_domain *d,
			       const struct bench_case *bc, bool has_vsock);

/* Write the XML of a domain of TYPE ("kvm", "hyperv") for BC. SHAPE may be
 * NULL; CID 0: no vsock. 0 or a negative errno. */
int libvirt_domain_write_xml(const struct libvirt_domain *d, const char *type,
			     const struct bench_case *bc,
			     const struct io_site *site, uint32_t cid,
			     struct err *err);

/* The domain that a runner creates for BC, without disks and cards. */
void libvirt_domain_xml(const char *type, const struct bench_case *bc,
			struct strbuf *out);

#endif
