// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/libvirt/libvirt_domain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "runners/libvirt/domain_xml.h"
#include "runners/machine/cpu_model.h"
#include "runners/machine/guest_boot.h"
#include "runners/machine/qemu_program.h"

static char *in_folder(const struct libvirt_domain *d, const char *name)
{
	return xasprintf("%s/%s", d->folder, name);
}

/* libvirt wants a path. */
static char *find_emulator(void)
{
	const char *name = qemu_path();

	return strchr(name, '/') ? xstrdup(name)
				 : xasprintf("/usr/bin/%s", name);
}

int libvirt_domain_open(struct libvirt_domain *d, struct err *err)
{
	static unsigned int count;

	snprintf(d->folder, sizeof(d->folder), "/tmp/l1vh-libvirt-XXXXXX");
	if (!mkdtemp(d->folder)) {
		d->folder[0] = '\0';
		return err_sys(err, -errno, "cannot make a folder in /tmp");
	}
	snprintf(d->name, sizeof(d->name), "l1vh-%d-%u", (int)getpid(),
		 __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED));
	d->xml = in_folder(d, "domain.xml");
	d->console = in_folder(d, "console");
	return 0;
}

void libvirt_domain_close(struct libvirt_domain *d)
{
	if (d->xml)
		unlink(d->xml);
	if (d->console)
		unlink(d->console);
	if (d->folder[0])
		rmdir(d->folder);
	free(d->xml);
	free(d->console);
	free(d->kernel);
	free(d->initrd);
	free(d->emulator);
	free(d->cmdline);
}

void libvirt_domain_find_guest(struct libvirt_domain *d,
			       const struct bench_case *bc, bool has_vsock)
{
	d->kernel = guest_boot_kernel(bc);
	d->initrd = file_beside_exe("guest/initramfs.cpio");
	d->emulator = find_emulator();
	d->cmdline = guest_cmdline_foreign(has_vsock ? GUEST_VSOCK : "");
}

/* Without a hypervisor QEMU has no CPU of the host's to show. */
static const char *host_cpu(const char *type)
{
	return strcmp(type, "qemu") ? cpu_model_libvirt(CPU_MODEL_HOST)
				    : "<cpu mode='maximum'/>";
}

static void fill_spec(const struct libvirt_domain *d, const char *type,
		      const struct bench_case *bc, const struct io_site *site,
		      uint32_t cid, struct domain_spec *spec)
{
	*spec = (struct domain_spec){
		.type = type,
		.name = d->name,
		.cpu = d->cpu ? d->cpu : host_cpu(type),
		.kernel = d->kernel,
		.initrd = d->initrd,
		.cmdline = d->cmdline,
		.emulator = d->emulator,
		.ram_bytes = bc->ram_bytes,
		.vcpu_count = bc->vcpu_count,
		.vsock_cid = cid,
		.console = d->console ? d->console : "/tmp/console",
		.site = site,
		.limits = &bc->limits,
	};
}

void libvirt_domain_xml(const char *type, const struct bench_case *bc,
			struct strbuf *out)
{
	struct libvirt_domain d = {.name = "l1vh"};
	struct domain_spec spec;

	libvirt_domain_find_guest(&d, bc, false);
	fill_spec(&d, type, bc, NULL, 0, &spec);
	domain_xml_write(&spec, out);
	libvirt_domain_close(&d);
}

int libvirt_domain_write_xml(const struct libvirt_domain *d, const char *type,
			     const struct bench_case *bc,
			     const struct io_site *site, uint32_t cid,
			     struct err *err)
{
	struct strbuf xml = {0};
	struct domain_spec spec;
	int ret;

	fill_spec(d, type, bc, site, cid, &spec);
	domain_xml_write(&spec, &xml);
	ret = file_write(d->xml, xml.str, xml.len, err);
	strbuf_release(&xml);
	return ret;
}
