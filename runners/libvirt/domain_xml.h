/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LIBVIRT_DOMAIN_XML_H
#define RUNNERS_LIBVIRT_DOMAIN_XML_H

/*
 * domain_xml - a guest's domain XML for libvirt (libvirt.org,
 * formatdomain.html): the machine that the qemu-* runners describe by QEMU
 * options, in the form that KubeVirt's converter writes.
 */
#include <stdint.h>

struct io_site;
struct mem_limits;
struct strbuf;

struct domain_spec {
	const char *type; /* "kvm", "hyperv" or "qemu" */
	const char *name;
	const char *cpu; /* the element <cpu>, written as it is */
	const char *kernel, *initrd, *cmdline;
	const char *emulator;
	uint64_t ram_bytes;
	uint32_t vcpu_count;
	uint32_t vsock_cid;              /* 0: none */
	const char *console;             /* a file for the guest's COM1 */
	const struct io_site *site;      /* NULL: no disks, no cards */
	const struct mem_limits *limits; /* NULL: none */
};

/* Text in it is escaped. */
void domain_xml_write(const struct domain_spec *spec, struct strbuf *out);

#endif
