// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/overhead.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/kubevirt/cluster.h"
#include "harness/kubevirt/vmi.h"

#define MI ((int64_t)MIB)
/* A single amount is less than this, so that some can be added, and multiplied
 * by the devices of a guest. */
#define MAX_AMOUNT (INT64_MAX / 4096)

#define MONITOR_MI 25
#define LAUNCHER_MI 100

struct sum {
	const struct kubevirt_release *release;
	struct overhead *out;
};

static void add_term(struct sum *s, const char *name, int64_t bytes)
{
	struct overhead *o = s->out;

	if (!bytes)
		return;
	o->terms[o->term_count++] = (struct overhead_term){name, bytes, NULL};
	o->total_bytes += bytes;
}

/* COUNT times a constant that depends on the release. */
static void add_trait(struct sum *s, const char *name,
		      enum kubevirt_trait trait, int64_t count)
{
	const struct kubevirt_fact *f = kubevirt_fact(s->release, trait);

	if (!f || !f->value || !count)
		return;
	add_term(s, name, f->value * MI * count);
	s->out->terms[s->out->term_count - 1].fact = f;
}

static void add_fixed(struct sum *s, const struct vmi *v, const char *arch)
{
	int64_t vcpus = vmi_vcpu_count(v);

	add_term(s, "virt-launcher-monitor", MONITOR_MI * MI);
	add_term(s, "virt-launcher", LAUNCHER_MI * MI);
	add_trait(s, "virtlogd", TRAIT_VIRTLOGD_MIB, 1);
	add_trait(s, "virtqemud", TRAIT_VIRTQEMUD_MIB, 1);
	add_trait(s, "qemu", TRAIT_QEMU_MIB, 1);
	add_term(s, "vCPUs, 8 MiB each", 8 * MI * (vcpus ? vcpus : 1));
	add_term(s, "I/O thread", 8 * MI);
	add_trait(s, "graphics", TRAIT_GRAPHICS_MIB, v->graphics != FLAG_FALSE);
	if (!strcmp(arch, "arm64"))
		add_term(s, "arm64 firmware", 128 * MI);
	if (vmi_vfio_count(v))
		add_term(s, "VFIO, once", 1024 * MI);
}

static bool has_downward_metrics(const struct vmi *v)
{
	size_t i;

	for (i = 0; i < v->volume_count; i++)
		if (v->volumes[i].is_downward_metrics)
			return true;
	return false;
}

static bool is_sev(const struct vmi *v, const struct kubevirt_release *r)
{
	return v->has_sev ||
	       (v->has_snp && kubevirt_trait(r, TRAIT_SNP_IS_SEV));
}

static bool has_tpm(const struct vmi *v, const struct kubevirt_release *r)
{
	return v->has_tpm && !(v->tpm_enabled == FLAG_FALSE &&
			       kubevirt_trait(r, TRAIT_TPM_HAS_ENABLED));
}

static int64_t open_passt_count(const struct vmi *v)
{
	int64_t count = 0;
	size_t i;

	for (i = 0; i < v->interface_count; i++)
		count += v->interfaces[i].has_passt &&
			 !v->interfaces[i].has_ports;
	return count;
}

static void add_optional(struct sum *s, const struct vmi *v)
{
	const struct kubevirt_release *r = s->release;
	int64_t probes = v->has_liveness_exec + v->has_readiness_exec;

	if (has_downward_metrics(v))
		add_term(s, "downward metrics", MI);
	add_term(s, "exec probes", probes ? probes * 10 * MI + 100 * MI : 0);
	if (is_sev(v, r))
		add_term(s, "SEV", 256 * MI);
	if (has_tpm(v, r))
		add_term(s, "TPM", 53 * MI);
	add_trait(s, "passt", TRAIT_PASST_MIB, open_passt_count(v));
	if (!kubevirt_trait(r, TRAIT_DEDICATED_IS_AFTER_RATIO))
		add_trait(s, "dedicated CPUs or Guaranteed",
			  TRAIT_DEDICATED_MIB,
			  v->has_dedicated_cpus || vmi_is_guaranteed(v, r));
}

/* strconv.ParseFloat(): all of the text, or none. */
static bool parse_ratio(const char *text, double *ratio)
{
	char *end;

	*ratio = strtod(text, &end);
	return end != text && !*end && isfinite(*ratio) && *text != ' ';
}

/* What is behind it is not multiplied, and is left out with a ratio that is no
 * number. In doubles, as in Go. */
static int add_ratio(struct sum *s, const struct vmi *v, const char *text,
		     struct err *err)
{
	struct quantity total = quantity_of(s->out->total_bytes);
	double ratio, thousands;

	if (*text && !parse_ratio(text, &ratio))
		return 0;
	if (*text) {
		thousands = trunc((double)quantity_kilo(total) * (ratio - 1.0));
		if (fabs(thousands) >= (double)(MAX_AMOUNT / 1000))
			return err_set(err, -ERANGE,
				       "a ratio of %s overflows the overhead",
				       text);
		add_term(s, "additionalGuestMemoryOverheadRatio",
			 (int64_t)thousands * 1000);
	}
	if (kubevirt_trait(s->release, TRAIT_DEDICATED_IS_AFTER_RATIO))
		add_trait(s, "dedicated CPUs or Guaranteed",
			  TRAIT_DEDICATED_MIB,
			  v->has_dedicated_cpus ||
				  vmi_is_guaranteed(v, s->release));
	return 0;
}

static int check_amounts(const struct vmi *v, struct err *err)
{
	const struct amount amounts[] = {
		resources_get(&v->requests, RESOURCE_MEMORY),
		resources_get(&v->limits, RESOURCE_MEMORY),
		v->guest,
		v->max_guest,
		v->added_overhead,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(amounts); i++)
		if (amounts[i].is_set &&
		    quantity_value(amounts[i].q) > MAX_AMOUNT)
			return err_set(err, -ERANGE,
				       "an amount is too large to be added to");
	if (vmi_vfio_count(v) > 1024)
		return err_set(err, -ERANGE, "it has more than 1024 devices");
	return 0;
}

static int sum_terms(const struct vmi *v, const char *arch,
		     const struct kubevirt_release *r, const char *ratio,
		     struct overhead *out, struct err *err)
{
	struct sum s = {r, out};
	struct amount request = resources_get(&v->requests, RESOURCE_MEMORY);
	int ret = check_amounts(v, err);

	*out = (struct overhead){.term_count = 0};
	if (ret)
		return ret;
	add_term(&s, "page tables, request / 512",
		 quantity_kilo(request.q) * 1000 / 512);
	add_fixed(&s, v, arch);
	add_optional(&s, v);
	if (kubevirt_trait(r, TRAIT_RESERVED_OVERHEAD))
		add_term(&s, "reservedOverhead.addedOverhead",
			 quantity_value(v->added_overhead.q));
	return add_ratio(&s, v, ratio, err);
}

int overhead_of(const struct vmi *v, const char *arch,
		const struct kubevirt_release *r,
		const struct kubevirt_cluster *c, struct overhead *out,
		struct err *err)
{
	struct sum s = {r, out};
	int ret = sum_terms(v, arch, r, c->ratio, out, err);

	if (ret)
		return ret;
	add_trait(&s, "passt binding", TRAIT_PASST_BINDING_MIB,
		  vmi_has_passt_binding(v));
	/* Of all amounts only this one can be no whole number. */
	out->total = quantity_of(out->total_bytes);
	if (kubevirt_trait(r, TRAIT_RESERVED_OVERHEAD) &&
	    v->added_overhead.is_set)
		out->total.nano +=
			v->added_overhead.q.nano -
			quantity_of(quantity_value(v->added_overhead.q)).nano;
	return 0;
}

/* --- locked memory --- */

static bool wants_memlock(const struct vmi *v, const struct kubevirt_release *r,
			  bool is_kvm)
{
	bool heeds_required =
		kubevirt_trait(r, is_kvm ? TRAIT_MEMLOCK_REQUIRED_KVM
					 : TRAIT_MEMLOCK_REQUIRED_MSHV);

	return vmi_vfio_count(v) || v->is_realtime || is_sev(v, r) ||
	       (heeds_required && v->requires_memlock);
}

/* getVMIBaseMemory() */
static struct quantity locked_guest(const struct vmi *v,
				    enum kubevirt_memlock rule)
{
	struct amount request = resources_get(&v->requests, RESOURCE_MEMORY);

	if (rule != MEMLOCK_REQUEST && v->max_guest.is_set)
		return v->max_guest.q;
	if (rule == MEMLOCK_MAX_REQUEST_GUEST && amount_is_zero(request))
		return v->guest.q;
	return request.q;
}

int overhead_memlock(const struct vmi *v, const struct kubevirt_release *r,
		     const struct kubevirt_cluster *c, int64_t *memlock_bytes,
		     struct err *err)
{
	enum kubevirt_memlock rule =
		(enum kubevirt_memlock)kubevirt_trait(r, TRAIT_MEMLOCK);
	bool is_kvm = !kubevirt_trait(r, TRAIT_HYPERVISOR_GATE) ||
		      c->hypervisor == HYPERVISOR_KVM;
	size_t devices = vmi_vfio_count(v);
	struct overhead o;
	struct quantity guest;
	int ret;

	*memlock_bytes = MEMLOCK_NONE;
	if (!wants_memlock(v, r, is_kvm))
		return 0;
	*memlock_bytes = MEMLOCK_UNLIMITED;
	if (rule == MEMLOCK_IS_UNLIMITED)
		return 0;
	ret = sum_terms(v, v->arch, r, c->ratio, &o, err);
	if (ret)
		return ret;
	guest = locked_guest(v, rule);
	*memlock_bytes = o.total_bytes + quantity_kilo(guest) * 1000;
	/* With a virtual IOMMU each device maps all of the guest. */
	if (is_kvm && kubevirt_trait(r, TRAIT_MEMLOCK_PER_DEVICE) &&
	    devices > 1)
		*memlock_bytes +=
			(int64_t)(devices - 1) * quantity_value(guest);
	return 0;
}

int64_t overhead_of_guest(const struct overhead *o, bool with_libvirt)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < o->term_count; i++) {
		const char *name = o->terms[i].name;
		bool is_kubevirts = !strncmp(name, "virt-launcher", 13);
		bool is_libvirts =
			!strcmp(name, "virtlogd") || !strcmp(name, "virtqemud");

		if (!is_kubevirts && (with_libvirt || !is_libvirts))
			sum += o->terms[i].bytes;
	}
	return sum;
}

int64_t overhead_term(const struct overhead *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->term_count; i++)
		if (!strcmp(o->terms[i].name, name))
			return o->terms[i].bytes;
	return 0;
}
