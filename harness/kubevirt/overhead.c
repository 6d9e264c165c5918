// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/overhead.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"

#define MI ((int64_t)MIB)
/* A single amount is less than this, so that some can be added, and multiplied
 * by the devices of a guest. */
#define MAX_AMOUNT (INT64_MAX / 4096)

enum memlock_rule {
	MEMLOCK_RULE_UNKNOWN,
	MEMLOCK_RULE_REQUEST,   /* overhead and the request */
	MEMLOCK_RULE_GUEST,     /* overhead and the guest, else the request */
	MEMLOCK_RULE_MAX_GUEST, /* the most that the guest may become, else the
				 * request, else the guest; under KVM once for
				 * each device */
	MEMLOCK_RULE_UNLIMITED, /* whatever it takes */
};

const char *hypervisor_name(enum hypervisor_kind kind)
{
	return kind == HYPERVISOR_KVM ? "kvm" : "hyperv-direct";
}

struct kubevirt_release {
	const char *name;
	/* Of the formula, in MiB. */
	int virtlogd, virtqemud, qemu, graphics;
	/* A request that is not there was written into the VM by the webhook
	 * (pkg/defaults) until v1.7 moved that into the renderer. */
	bool fills_request;
	bool counts_snp;
	bool has_reserved_overhead;
	bool has_hypervisor_gate;
	enum memlock_rule memlock;
	bool mshv_heeds_memlock_required;
};

static const struct kubevirt_release releases[] = {
	{"v1.0", 20, 35, 30, 16, true, false, false, false,
	 MEMLOCK_RULE_UNKNOWN, false},
	{"v1.1", 20, 35, 30, 16, true, false, false, false,
	 MEMLOCK_RULE_UNKNOWN, false},
	{"v1.2", 20, 35, 30, 16, true, false, false, false,
	 MEMLOCK_RULE_UNKNOWN, false},
	{"v1.3", 20, 35, 30, 16, true, false, false, false,
	 MEMLOCK_RULE_UNKNOWN, false},
	{"v1.4", 20, 35, 30, 16, true, false, false, false,
	 MEMLOCK_RULE_UNKNOWN, false},
	{"v1.5", 25, 40, 30, 16, true, false, false, false,
	 MEMLOCK_RULE_UNKNOWN, false},
	{"v1.6", 25, 40, 30, 32, true, false, false, false,
	 MEMLOCK_RULE_REQUEST, false},
	{"v1.7", 25, 40, 30, 32, false, true, false, false, MEMLOCK_RULE_GUEST,
	 false},
	{"v1.8", 25, 40, 30, 32, false, true, true, true,
	 MEMLOCK_RULE_MAX_GUEST, false},
	{"v1.9", 25, 40, 30, 32, false, true, true, true,
	 MEMLOCK_RULE_MAX_GUEST, false},
	{"main", 25, 40, 50, 32, false, true, true, true,
	 MEMLOCK_RULE_UNLIMITED, true},
};

#define MONITOR_MI 25
#define LAUNCHER_MI 100

const struct kubevirt_release *kubevirt_release_find(const char *name)
{
	const char *wanted = *name == 'v' ? name + 1 : name;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(releases); i++) {
		bool has_minor = *releases[i].name == 'v';
		const char *known = releases[i].name + has_minor;
		size_t len = strlen(known);

		if (strncmp(wanted, known, len))
			continue;
		/* A patch release is as its minor one. */
		if (!wanted[len] || (has_minor && wanted[len] == '.'))
			return &releases[i];
	}
	return NULL;
}

const char *kubevirt_release_name(const struct kubevirt_release *release)
{
	return release->name;
}

bool kubevirt_release_has_hypervisor_gate(
	const struct kubevirt_release *release)
{
	return release->has_hypervisor_gate;
}

const char *kubevirt_release_names(void)
{
	static char text[ARRAY_SIZE(releases) * 8];
	size_t i, used = 0;

	for (i = 0; i < ARRAY_SIZE(releases); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s%s", i ? " " : "",
					 releases[i].name);
	return text;
}

/* Quantity.ScaledValue(resource.Kilo): thousands, up. */
static int64_t kilo(int64_t bytes)
{
	return bytes / 1000 + (bytes % 1000 > 0);
}

static void add_term(struct overhead *o, const char *name, int64_t bytes)
{
	if (!bytes)
		return;
	o->terms[o->term_count++] = (struct overhead_term){name, bytes};
	o->total_bytes += bytes;
}

static void add_fixed(struct overhead *o, const struct kubevirt_release *r,
		      const struct vm_spec *s)
{
	add_term(o, "virt-launcher-monitor", MONITOR_MI * MI);
	add_term(o, "virt-launcher", LAUNCHER_MI * MI);
	add_term(o, "virtlogd", r->virtlogd * MI);
	add_term(o, "virtqemud", r->virtqemud * MI);
	add_term(o, "qemu", r->qemu * MI);
	add_term(o, "vCPUs, 8 MiB each",
		 8 * MI * (s->vcpu_count > 0 ? s->vcpu_count : 1));
	add_term(o, "I/O thread", 8 * MI);
	if (!s->has_no_graphics)
		add_term(o, "graphics", r->graphics * MI);
	if (s->is_arm64)
		add_term(o, "arm64 firmware", 128 * MI);
	if (s->vfio_count > 0)
		add_term(o, "VFIO, once", 1024 * MI);
}

static void add_optional(struct overhead *o, const struct kubevirt_release *r,
			 const struct vm_spec *s)
{
	int64_t probes = s->has_liveness_exec + s->has_readiness_exec;

	if (s->has_downward_metrics)
		add_term(o, "downward metrics", MI);
	add_term(o, "exec probes", probes ? probes * 10 * MI + 100 * MI : 0);
	if (s->has_sev || (s->has_snp && r->counts_snp))
		add_term(o, "SEV", 256 * MI);
	if (s->has_tpm)
		add_term(o, "TPM", 53 * MI);
	if (s->has_dedicated_cpus)
		add_term(o, "dedicated CPUs or Guaranteed", 100 * MI);
	if (r->has_reserved_overhead)
		add_term(o, "reservedOverhead.addedOverhead",
			 s->added_overhead);
}

/* strconv.ParseFloat(): all of the text, or none. */
static bool parse_ratio(const char *text, double *ratio)
{
	char *end;

	*ratio = strtod(text, &end);
	return end != text && !*end && isfinite(*ratio) && *text != ' ';
}

/* Last, of everything above, in doubles as in Go. */
static int add_ratio(struct overhead *o, const char *text, struct err *err)
{
	double ratio, thousands;

	if (!*text || !parse_ratio(text, &ratio))
		return 0;
	thousands = trunc((double)kilo(o->total_bytes) * (ratio - 1.0));
	if (fabs(thousands) >= (double)(MAX_AMOUNT / 1000))
		return err_set(err, -ERANGE,
			       "a ratio of %s overflows the overhead", text);
	add_term(o, "additionalGuestMemoryOverheadRatio",
		 (int64_t)thousands * 1000);
	return 0;
}

static int calculate(const struct vm_spec *s, const struct kubevirt_release *r,
		     int64_t request, struct overhead *o, struct err *err)
{
	o->term_count = 0;
	o->total_bytes = 0;
	add_term(o, "page tables, request / 512", kilo(request) * 1000 / 512);
	add_fixed(o, r, s);
	add_optional(o, r, s);
	return add_ratio(o, s->ratio, err);
}

/* What the pod asks for beside the overhead: R' of renderresources.go. */
static int64_t request_of(const struct vm_spec *s)
{
	int64_t percent =
		s->overcommit_percent > 0 ? s->overcommit_percent : 100;

	if (s->memory_request)
		return s->memory_request;
	if (s->memory_limit)
		return s->memory_limit;
	if (s->guest_memory)
		return s->guest_memory / percent * 100 +
		       s->guest_memory % percent * 100 / percent;
	return s->hugepage_bytes;
}

static void set_pod(const struct vm_spec *s, struct overhead *o)
{
	int64_t request = request_of(s);
	int64_t guest = s->guest_memory ? s->guest_memory : request;

	o->pod_request_bytes = request;
	o->pod_limit_bytes = s->memory_limit;
	/* Huge pages are a separate resource; the remaining request is
	 * small. */
	if (s->hugepage_bytes) {
		o->pod_request_bytes = request > guest ? request - guest : 0;
		o->pod_limit_bytes = o->pod_request_bytes;
	}
	if (!s->overcommits_guest_overhead)
		o->pod_request_bytes += o->total_bytes;
	if (o->pod_limit_bytes || s->hugepage_bytes)
		o->pod_limit_bytes += o->total_bytes;
	if (s->has_dedicated_cpus)
		o->pod_limit_bytes = o->pod_request_bytes;
}

static bool wants_memlock(const struct vm_spec *s,
			  const struct kubevirt_release *r)
{
	bool heeds_required =
		r->has_reserved_overhead && (s->hypervisor == HYPERVISOR_KVM ||
					     r->mshv_heeds_memlock_required);

	return s->vfio_count > 0 || s->is_realtime || s->has_sev ||
	       s->has_snp || (heeds_required && s->is_memlock_required);
}

static int64_t memlock_of(const struct vm_spec *s,
			  const struct kubevirt_release *r, int64_t overhead)
{
	int64_t base = request_of(s), more = 0;

	if (r->memlock == MEMLOCK_RULE_UNKNOWN)
		return MEMLOCK_UNKNOWN;
	if (!wants_memlock(s, r))
		return 0;
	if (r->memlock == MEMLOCK_RULE_UNLIMITED)
		return MEMLOCK_UNLIMITED;
	if (r->memlock == MEMLOCK_RULE_GUEST)
		base = s->guest_memory ? s->guest_memory : s->memory_request;
	if (r->memlock == MEMLOCK_RULE_MAX_GUEST) {
		base = s->max_guest        ? s->max_guest
		       : s->memory_request ? s->memory_request
					   : s->guest_memory;
		/* With a virtual IOMMU each device maps all of the guest. */
		if (s->hypervisor == HYPERVISOR_KVM && s->vfio_count > 1)
			more = (s->vfio_count - 1) * base;
	}
	return overhead + kilo(base) * 1000 + more;
}

static int check_spec(const struct vm_spec *s, struct err *err)
{
	const int64_t amounts[] = {s->memory_request, s->memory_limit,
				   s->guest_memory,   s->max_guest,
				   s->hugepage_bytes, s->added_overhead};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(amounts); i++)
		if (amounts[i] < 0 || amounts[i] > MAX_AMOUNT)
			return err_set(err, -ERANGE,
				       "an amount is too large to be added to");
	if (s->vcpu_count > 1000000 || s->vfio_count > 1024 ||
	    s->overcommit_percent > 1000000)
		return err_set(err, -ERANGE, "a number is too large");
	if (!request_of(s))
		return err_set(
			err, -EINVAL,
			"it has no memory: neither request, limit, guest nor huge pages");
	return 0;
}

int overhead_of(const struct vm_spec *s, const struct kubevirt_release *r,
		struct overhead *out, struct err *err)
{
	int64_t seen = s->memory_request;
	int ret = check_spec(s, err);

	*out = (struct overhead){.term_count = 0};
	if (ret)
		return ret;
	/* First by the other formula, for users of the other release. */
	ret = calculate(s, r, request_of(s), out, err);
	out->total_by_guest_bytes = out->total_bytes;
	if (!seen && r->fills_request)
		seen = request_of(s);
	if (!ret)
		ret = calculate(s, r, seen, out, err);
	if (ret)
		return ret;
	set_pod(s, out);
	out->memlock_bytes = memlock_of(s, r, out->total_bytes);
	return 0;
}

static void write_bytes(const char *name, int64_t bytes, FILE *out)
{
	fprintf(out, "%-36s %14lld  %10.2f MiB\n", name, (long long)bytes,
		(double)bytes / (double)MIB);
}

void overhead_write(const struct overhead *o, FILE *out)
{
	size_t i;

	for (i = 0; i < o->term_count; i++)
		write_bytes(o->terms[i].name, o->terms[i].bytes, out);
	write_bytes("overhead", o->total_bytes, out);
	if (o->total_by_guest_bytes != o->total_bytes)
		write_bytes("  were the guest's memory requested",
			    o->total_by_guest_bytes, out);
	write_bytes("pod requests", o->pod_request_bytes, out);
	if (o->pod_limit_bytes)
		write_bytes("pod limit", o->pod_limit_bytes, out);
	else
		fprintf(out, "%-36s %14s\n", "pod limit", "none");
	if (o->memlock_bytes == MEMLOCK_UNLIMITED)
		fprintf(out, "%-36s %14s\n", "memlock limit", "unlimited");
	else if (o->memlock_bytes == MEMLOCK_UNKNOWN)
		fprintf(out, "%-36s %14s\n", "memlock limit", "not known");
	else if (!o->memlock_bytes)
		fprintf(out, "%-36s %14s\n", "memlock limit", "left alone");
	else
		write_bytes("memlock limit", o->memlock_bytes, out);
}

/* A limit that is not set, or not known, is null; without end it is a word. */
static json_t *limit_to_json(int64_t bytes)
{
	if (bytes == MEMLOCK_UNLIMITED)
		return json_string("unlimited");
	return bytes > 0 ? json_integer(bytes) : json_null();
}

json_t *overhead_to_json(const struct overhead *o)
{
	json_t *terms = json_array();
	size_t i;

	for (i = 0; i < o->term_count; i++)
		json_array_append_new(terms,
				      json_pack("{s:s, s:I}", "name",
						o->terms[i].name, "bytes",
						(json_int_t)o->terms[i].bytes));
	return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "overhead_bytes",
			 (json_int_t)o->total_bytes, "overhead_by_guest_bytes",
			 (json_int_t)o->total_by_guest_bytes,
			 "pod_request_bytes", (json_int_t)o->pod_request_bytes,
			 "pod_limit_bytes", limit_to_json(o->pod_limit_bytes),
			 "memlock_bytes", limit_to_json(o->memlock_bytes),
			 "terms", terms);
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
