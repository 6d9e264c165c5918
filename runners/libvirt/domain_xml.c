// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/libvirt/domain_xml.h"

#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/core/bench_case.h"
#include "runners/site/io_site.h"
#include "runners/site/shape_site.h"
#include "workloads/workload.h"

static void escape(struct strbuf *out, const char *text)
{
	static const char special[] = "<>&'\"";
	static const char *const names[] = {"&lt;", "&gt;", "&amp;", "&apos;",
					    "&quot;"};

	for (; *text; text++) {
		const char *p = strchr(special, *text);

		if (p)
			strbuf_puts(out, names[p - special]);
		else
			strbuf_add(out, text, 1);
	}
}

/* OPEN and CLOSE as they are, TEXT escaped between them. */
static void element(struct strbuf *out, const char *open, const char *text,
		    const char *close)
{
	strbuf_puts(out, open);
	escape(out, text);
	strbuf_puts(out, close);
}

/* A guest that locks its RAM needs to be let: QEMU locks itself as well. */
static void add_limits(const struct domain_spec *s, struct strbuf *out)
{
	const struct mem_limits *l = s->limits;

	if (!l || !l->locks_ram)
		return;
	strbuf_puts(out, "  <memoryBacking><locked/></memoryBacking>\n");
	if (l->has_memlock)
		strbuf_printf(
			out,
			"  <memtune><hard_limit unit='KiB'>%llu</hard_limit></memtune>\n",
			l->memlock_bytes / KIB);
}

static void add_boot(const struct domain_spec *s, struct strbuf *out)
{
	strbuf_puts(
		out,
		"  <os>\n    <type arch='x86_64' machine='q35'>hvm</type>\n");
	element(out, "    <kernel>", s->kernel, "</kernel>\n");
	element(out, "    <initrd>", s->initrd, "</initrd>\n");
	element(out, "    <cmdline>", s->cmdline, "</cmdline>\n  </os>\n");
	strbuf_printf(out,
		      "  <features><acpi/></features>\n"
		      "  %s\n"
		      "  <on_reboot>destroy</on_reboot>\n"
		      "  <on_crash>destroy</on_crash>\n",
		      s->cpu);
}

/* Its driver is ours to change, not libvirt's. */
static void add_hostdev(const char *address, struct strbuf *out)
{
	unsigned int domain, bus, slot, function;

	if (sscanf(address, "%x:%x:%x.%x", &domain, &bus, &slot, &function) !=
	    4)
		return;
	strbuf_printf(
		out,
		"    <hostdev mode='subsystem' type='pci' managed='no'>\n"
		"      <source><address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/></source>\n"
		"    </hostdev>\n",
		domain, bus, slot, function);
}

static void add_shape(const struct shape_site *shape, struct strbuf *out)
{
	uint32_t i;

	for (i = 0; shape && i < shape->disk_count; i++) {
		element(out,
			"    <disk type='file' device='disk'>\n"
			"      <driver name='qemu' type='raw' cache='none' io='native'/>\n"
			"      <source file='",
			shape->disks[i], "'/>\n");
		strbuf_printf(out,
			      "      <target dev='vd%c' bus='virtio'/>\n"
			      "    </disk>\n",
			      'a' + (int)i);
	}
	for (i = 0; shape && i < shape->tap_count; i++)
		element(out,
			"    <interface type='ethernet'>\n"
			"      <target dev='",
			shape->taps[i],
			"' managed='no'/>\n"
			"      <model type='virtio-non-transitional'/>\n"
			"      <rom enabled='no'/>\n"
			"    </interface>\n");
	for (i = 0; shape && i < shape->device_count; i++)
		add_hostdev(shape->devices[i].fn.address, out);
}

static void add_disk(const char *open, const char *path, const char *close,
		     struct strbuf *out)
{
	element(out, open, path, "'/>\n");
	strbuf_puts(out, close);
	strbuf_puts(out, "    </disk>\n");
}

#define DATA_DISK(cache)                                     \
	"    <disk type='block' device='disk'>\n"            \
	"      <driver name='qemu' type='raw' cache='" cache \
	"' io='io_uring'/>\n"                                \
	"      <source dev='"

/* What a device is measured with: itself, or its disk; and the programs. */
static void add_site(const struct io_site *site, struct strbuf *out)
{
	if (site->has_device)
		add_hostdev(site->bc->io.devices[0], out);
	if (site->has_disk)
		add_disk(io_plan_caches(&site->bc->io) ? DATA_DISK("writeback")
						       : DATA_DISK("none"),
			 site->disk,
			 "      <target dev='vda' bus='virtio'/>\n"
			 "      <serial>" WL_DATA_SERIAL "</serial>\n",
			 out);
	if (site->needs_tools)
		add_disk("    <disk type='file' device='disk'>\n"
			 "      <driver name='qemu' type='raw'/>\n"
			 "      <source file='",
			 site->tools,
			 "      <target dev='vdb' bus='virtio'/>\n"
			 "      <readonly/>\n"
			 "      <serial>" WL_TOOLS_SERIAL "</serial>\n",
			 out);
}

static void add_devices(const struct domain_spec *s, struct strbuf *out)
{
	strbuf_puts(out, "  <devices>\n");
	element(out, "    <emulator>", s->emulator, "</emulator>\n");
	strbuf_puts(out, "    <controller type='usb' model='none'/>\n"
			 "    <memballoon model='none'/>\n");
	element(out, "    <serial type='file'>\n      <source path='",
		s->console,
		"'/>\n      <target type='isa-serial' port='0'/>\n    </serial>\n");
	strbuf_puts(
		out,
		"    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>\n");
	if (s->vsock_cid)
		strbuf_printf(
			out,
			"    <vsock model='virtio'><cid auto='no' address='%u'/></vsock>\n",
			s->vsock_cid);
	if (s->site) {
		add_shape(s->site->shape, out);
		add_site(s->site, out);
	}
	strbuf_puts(out, "  </devices>\n");
}

void domain_xml_write(const struct domain_spec *s, struct strbuf *out)
{
	element(out, "<domain type='", s->type, "'>\n");
	element(out, "  <name>", s->name, "</name>\n");
	strbuf_printf(out,
		      "  <memory unit='KiB'>%llu</memory>\n  <vcpu>%u</vcpu>\n",
		      s->ram_bytes / KIB, s->vcpu_count);
	add_limits(s, out);
	add_boot(s, out);
	add_devices(s, out);
	strbuf_puts(out, "</domain>\n");
}
