// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/kubevirt_answer.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/core/runner.h"
#include "harness/findings/footprint.h"
#include "harness/findings/readings.h"
#include "harness/kubevirt/figures.h"
#include "harness/kubevirt/release.h"
#include "harness/store/run_data.h"
#include "harness/store/stored_json.h"

static const char *const metrics[QUESTION_COUNT] = {
	[QUESTION_OVERHEAD] = "kubevirt overhead",
	[QUESTION_PROCESSES] = "kubevirt processes",
	[QUESTION_MEMLOCK] = "kubevirt memlock",
	[QUESTION_VFIO] = "kubevirt vfio",
	[QUESTION_DEVICES] = "kubevirt devices",
};

enum kubevirt_question kubevirt_question_of(const char *metric)
{
	int q;

	for (q = 0; q < QUESTION_COUNT; q++)
		if (!strcmp(metrics[q], metric))
			break;
	return (enum kubevirt_question)q;
}

const char *kubevirt_question_metric(enum kubevirt_question q)
{
	return metrics[q];
}

struct inquiry {
	double share, confidence;
	const struct footprints *all;
};

__attribute__((format(printf, 3, 4))) static void answer_with(
	struct kubevirt_answer *a, enum verdict verdict, const char *fmt, ...)
{
	va_list args;

	a->verdict = verdict;
	va_start(args, fmt);
	vsnprintf(a->reason, sizeof(a->reason), fmt, args);
	va_end(args);
}

static double mib(double bytes)
{
	return bytes / (double)MIB;
}

/* --- the overhead, by the costs of all shapes --- */

static const struct footprint_margin *margin_of(const struct footprint *f,
						const char *shape)
{
	size_t i;

	for (i = 0; i < f->margin_count; i++)
		if (!strcmp(f->margins[i].name, shape))
			return &f->margins[i];
	return NULL;
}

/* NaN: none is known, as there can be more shapes than margins. */
static double granted_to(const struct footprint *f, const char *shape)
{
	const struct footprint_margin *m = margin_of(f, shape);

	return m ? m->granted_bytes : NAN;
}

/* Of a shape, by the regression over all of them. */
struct bound {
	const struct population *p; /* of charges, as parts of the grant */
	double expected, limit;     /* parts as well; NaN: not known */
	double granted_bytes;
};

static struct bound bound_of(const struct footprint *f,
			     const struct population *p,
			     const struct inquiry *in)
{
	struct bound b = {p, NAN, NAN, granted_to(f, p->name)};
	double expected, limit;

	if (isnan(b.granted_bytes) ||
	    !footprint_tolerance(f, p->name, 1 - in->share, in->confidence,
				 &expected, &limit))
		return b;
	b.expected = expected / b.granted_bytes;
	b.limit = limit / b.granted_bytes;
	return b;
}

/* By its limit, or by a boot beyond that. */
static double worst_part(const struct bound *b)
{
	return fmax(b->limit, b->p->most);
}

struct overhead_findings {
	struct bound worst;   /* nearest to its grant, or furthest beyond */
	struct bound failing; /* whose mean is beyond for certain */
	const char *missing;  /* a shape without a limit */
};

static struct overhead_findings judge_shapes(const struct footprint *f,
					     const struct populations *shapes,
					     const struct inquiry *in)
{
	struct overhead_findings found = {.missing = NULL};
	size_t i;

	for (i = 0; i < shapes->count; i++) {
		const struct population *p = &shapes->rows[i];
		struct bound b = bound_of(f, p, in);

		if (!found.failing.p &&
		    population_is_beyond(p, in->confidence,
					 shapes->judged_count))
			found.failing = b;
		if (isnan(b.limit)) {
			if (!found.missing)
				found.missing = p->name;
			continue;
		}
		if (!found.worst.p || worst_part(&b) > worst_part(&found.worst))
			found.worst = b;
	}
	return found;
}

static void say_overhead(const struct overhead_findings *found,
			 const struct inquiry *in, struct kubevirt_answer *a)
{
	const char *release = kubevirt_release_name(in->all->release);
	const struct bound *b = &found->failing;

	if (b->p) {
		a->ratio = b->p->mean;
		a->limit_ratio = b->limit;
		answer_with(
			a, VERDICT_FAIL,
			"%s is charged %.1f MiB in the mean of %zu boots; KubeVirt %s grants %.1f MiB",
			b->p->name, mib(b->p->mean * b->granted_bytes),
			b->p->count, release, mib(b->granted_bytes));
		return;
	}
	b = &found->worst;
	if (b->p) {
		a->ratio = b->expected;
		a->limit_ratio = b->limit;
	}
	if (found->missing || !b->p)
		answer_with(a, VERDICT_NOT_EVALUABLE,
			    "too few boots or shapes have a known charge: %s",
			    found->missing ? found->missing : "none has one");
	else
		answer_with(
			a,
			worst_part(b) <= 1 ? VERDICT_PASS : VERDICT_UNDECIDED,
			"%s needs %.1f MiB, at most %.1f MiB for %.4g %% of guests; KubeVirt %s grants %.1f MiB; the most was %.1f MiB",
			b->p->name, mib(b->expected * b->granted_bytes),
			mib(b->limit * b->granted_bytes), 100 * (1 - in->share),
			release, mib(b->granted_bytes),
			mib(b->p->most * b->granted_bytes));
}

static void answer_overhead(const struct footprint *f, const struct inquiry *in,
			    struct kubevirt_answer *a)
{
	struct readings charges = {.count = 0};
	struct populations shapes;
	struct overhead_findings found;
	size_t i;

	for (i = 0; i < f->boot_count; i++)
		readings_add(&charges, f->boots[i].name,
			     f->boots[i].costs[FOOTPRINT_CHARGED] /
				     granted_to(f, f->boots[i].name));
	populations_init(&shapes, &charges);
	found = judge_shapes(f, &shapes, in);
	say_overhead(&found, in, a);
	populations_release(&shapes);
	readings_release(&charges);
}

/* --- other limits, by the boots of each shape --- */

struct limit_findings {
	struct population worst; /* by its limit, or by a boot beyond that */
	double limit;
	struct population scarce; /* has too few boots; no name: none has */
	bool has_failed;
};

static struct limit_findings judge_all(const struct populations *all,
				       const struct inquiry *in)
{
	struct limit_findings found = {.limit = NAN};
	size_t i;

	for (i = 0; i < all->count; i++) {
		const struct population *p = &all->rows[i];
		double limit =
			population_limit(p, 1 - in->share, in->confidence);
		bool fails = population_is_beyond(p, in->confidence,
						  all->judged_count);

		if (p->count < 2) {
			found.scarce = *p;
			continue;
		}
		if (found.worst.name &&
		    (fails < found.has_failed ||
		     (fails == found.has_failed &&
		      fmax(limit, p->most) <=
			      fmax(found.limit, found.worst.most))))
			continue;
		found.has_failed = fails;
		found.worst = *p;
		found.limit = limit;
	}
	return found;
}

/* The name that is nearest to its limit decides, or furthest beyond. No PASS where
 * a boot was beyond: whatever the distribution says, it happens. BOOT_COUNT boots
 * have a reading; ROLES are said behind the numbers. */
static void answer_readings(const struct readings *readings, size_t boot_count,
			    const struct inquiry *in, const char *what,
			    const char *roles, struct kubevirt_answer *a)
{
	struct populations all;
	struct limit_findings found;
	const struct population *worst = &found.worst;

	populations_init(&all, readings);
	found = judge_all(&all, in);
	a->boot_count = boot_count;
	if (worst->name) {
		a->ratio = worst->mean;
		a->limit_ratio = found.limit;
	}
	if (!boot_count)
		answer_with(a, VERDICT_NOT_EVALUABLE,
			    "no boot has a reading of it");
	else if (found.scarce.name && !found.has_failed)
		answer_with(
			a, VERDICT_NOT_EVALUABLE,
			"%s has a reading in %zu of the two boots that are needed",
			found.scarce.name, found.scarce.count);
	else
		answer_with(
			a,
			found.has_failed ? VERDICT_FAIL
			: fmax(found.limit, worst->most) <= 1
				? VERDICT_PASS
				: VERDICT_UNDECIDED,
			"%s: %.3f of %s, at most %.3f for %.4g %% of guests, by %zu boots; the most was %.3f%s",
			worst->name, a->ratio, what, a->limit_ratio,
			100 * (1 - in->share), worst->count, worst->most,
			roles);
	populations_release(&all);
}

/* KubeVirt's limit for that shape, with one device at least. */
static double memlock_of(const struct shape *s, enum hypervisor_kind hypervisor,
			 const struct kubevirt_release *r)
{
	const struct overhead_shape shape = {
		.ram_bytes = (int64_t)s->ram_bytes,
		.vcpu_count = s->vcpu_count,
		.vfio_count = s->device_count ? s->device_count : 1,
		.hypervisor = hypervisor,
	};
	struct overhead o;
	int64_t bytes;
	struct err ignored;

	if (overhead_of_shape(&shape, r, &o, &bytes, &ignored))
		return NAN;
	return bytes == MEMLOCK_UNLIMITED ? INFINITY : (double)bytes;
}

/* By mshv, or what emulates it: libvirt's has no such name, the emulator has
 * another's device. */
static bool is_of_mshv(const char *runner)
{
	const char *device = runner_device(runner);

	return strstr(runner, "mshv") ||
	       (device && !strcmp(device, "/dev/mshv"));
}

static enum hypervisor_kind hypervisor_of(const struct footprint *f,
					  const struct kubevirt_release *r)
{
	return is_of_mshv(f->runner) && kubevirt_release_has_hypervisor_gate(r)
		       ? HYPERVISOR_HYPERV_DIRECT
		       : HYPERVISOR_KVM;
}

static void answer_memlock(const struct footprint *f, const struct inquiry *in,
			   struct kubevirt_answer *a)
{
	const struct kubevirt_release *r = in->all->release;
	struct readings all = {.count = 0};
	size_t i, boot_count = 0;

	for (i = 0; i < f->boot_count; i++) {
		const struct footprint_boot *b = &f->boots[i];
		double ratio = b->locked_bytes /
			       memlock_of(&b->shape, hypervisor_of(f, r), r);

		readings_add(&all, b->name, ratio);
		boot_count += !isnan(ratio);
	}
	answer_readings(&all, boot_count, in,
			"the limit of locked memory with such devices", "", a);
	readings_release(&all);
}

/* What guests of that shape are charged without any device; NaN: not measured. */
static double charge_without(const struct footprint *f, const struct shape *s)
{
	double sum = 0;
	size_t i, count = 0;

	for (i = 0; i < f->boot_count; i++) {
		const struct footprint_boot *b = &f->boots[i];
		struct shape plain = *s;

		plain.device_count = 0;
		if (shape_compare(&plain, &b->shape) ||
		    isnan(b->costs[FOOTPRINT_CHARGED]))
			continue;
		sum += b->costs[FOOTPRINT_CHARGED];
		count++;
	}
	return count ? sum / (double)count : NAN;
}

/* KubeVirt grants it once, so it is for all devices of a guest. */
static void answer_vfio(const struct footprint *f, const struct inquiry *in,
			struct kubevirt_answer *a)
{
	struct readings all = {.count = 0};
	size_t i, boot_count = 0, device_boots = 0;

	for (i = 0; i < f->boot_count; i++) {
		const struct footprint_boot *b = &f->boots[i];
		double ratio;

		if (!b->shape.device_count)
			continue;
		device_boots++;
		ratio = (b->costs[FOOTPRINT_CHARGED] -
			 charge_without(f, &b->shape)) /
			(double)GIB;
		readings_add(&all, b->name, ratio);
		boot_count += !isnan(ratio);
	}
	if (!device_boots)
		answer_with(a, VERDICT_NOT_EVALUABLE,
			    "no guest of this run has a device passed through");
	else
		answer_readings(&all, boot_count, in,
				"KubeVirt's 1 Gi for VFIO devices", "", a);
	readings_release(&all);
}

static void name_role(char *roles, size_t size, const char *role)
{
	size_t len = strlen(roles);

	if (!strstr(roles, role))
		snprintf(roles + len, size - len, "%s%s",
			 len ? ", " : "; judged: ", role);
}

/* By resident memory, as in KubeVirt's own test. */
static void answer_processes(const struct footprint *f,
			     const struct inquiry *in,
			     struct kubevirt_answer *a)
{
	struct readings all = {.count = 0};
	char name[96], roles[64] = "";
	size_t i, k, boot_count = 0;

	for (i = 0; i < f->boot_count; i++) {
		const struct footprint_boot *b = &f->boots[i];
		bool has_any = false;

		for (k = 0; k < b->role_count; k++) {
			const struct footprint_role *role = &b->roles[k];
			double constant = footprint_role_constant(
				b, role->name, in->all->release);

			if (!(constant > 0))
				continue;
			snprintf(name, sizeof(name), "%s %.20s", b->name,
				 role->name);
			readings_add(&all, name, role->rss_bytes / constant);
			name_role(roles, sizeof(roles), role->name);
			has_any |= !isnan(role->rss_bytes);
		}
		boot_count += has_any;
	}
	answer_readings(&all, boot_count, in, "KubeVirt's constant", roles, a);
	readings_release(&all);
}

/* --- what the node offers --- */

/* The plugin offers a resource while its file is there. */
static bool has_device(const json_t *page, const char *path)
{
	const json_t *part = json_object_get(page, "devices");

	return json_is_true(
		json_object_get(json_object_get(part, path), "present"));
}

static bool has_runner(const struct run_data *run, const char *runner)
{
	size_t i;

	for (i = 0; i < run->boot_count; i++)
		if (!strcmp(run->boots[i].bc.runner, runner))
			return true;
	return false;
}

/* A property of the node and no measurement: it has no grade. */
static void answer_devices(const char *runner, const struct run_data *run,
			   struct kubevirt_answer *a)
{
	json_t *probe = stored_json(run->probe);
	const json_t *page = json_object_get(probe, "kubevirt");
	const char *hypervisor = is_of_mshv(runner) ? "mshv" : "kvm";
	bool has_own =
		has_device(page, is_of_mshv(runner) ? "/dev/mshv" : "/dev/kvm");
	bool has_net = has_device(page, "/dev/vhost-net");

	if (!page)
		answer_with(a, VERDICT_NOT_EVALUABLE,
			    "this run has no page of its node");
	else if (!has_runner(run, runner))
		answer_with(a, VERDICT_NOT_EVALUABLE,
			    "%s was not in this run; /dev/%s is %s", runner,
			    hypervisor, has_own ? "there" : "not there");
	else
		answer_with(
			a, has_own && has_net ? VERDICT_PASS : VERDICT_FAIL,
			"/dev/%s is %s, /dev/vhost-net is %s: KubeVirt's plugin offers devices.kubevirt.io/%s and vhost-net from them",
			hypervisor, has_own ? "there" : "not there",
			has_net ? "there" : "not there", hypervisor);
	json_decref(probe);
}

/* --- all of them --- */

static const struct footprint *footprint_of(const struct footprints *fs,
					    const char *runner)
{
	const struct footprint *f, *other = NULL;

	for (f = fs->rows; f < fs->rows + fs->count; f++) {
		if (!strcmp(f->runner, runner))
			return f;
		if (runner_stands_in_for(f->runner, runner))
			other = f;
	}
	return other;
}

/* Numbers stay; only the verdict goes. */
static void judge_grade(struct kubevirt_answer *a, bool is_overridden)
{
	char numbers[sizeof(a->reason)];

	if (a->grade == GRADE_HARDWARE || is_overridden ||
	    a->verdict == VERDICT_NOT_EVALUABLE)
		return;
	snprintf(numbers, sizeof(numbers), "%s", a->reason);
	answer_with(a, VERDICT_NOT_EVALUABLE, "%s: %.180s",
		    grade_name(a->grade), numbers);
}

struct kubevirt_answer kubevirt_answer(enum kubevirt_question q,
				       const char *runner, double share,
				       double confidence,
				       const struct footprints *fs,
				       const struct run_data *run,
				       bool is_overridden)
{
	const struct inquiry in = {share, confidence, fs};
	const struct footprint *f = footprint_of(fs, runner);
	struct kubevirt_answer a = {
		.verdict = VERDICT_NOT_EVALUABLE,
		.ratio = NAN,
		.limit_ratio = NAN,
		.runner = f ? f->runner : NULL,
		.boot_count = f ? f->boot_count : 0,
		.grade = f ? f->grade : GRADE_HARDWARE,
	};

	if (q == QUESTION_DEVICES && (!f || !strcmp(f->runner, runner)))
		answer_devices(runner, run, &a);
	else if (q == QUESTION_DEVICES)
		answer_with(
			&a, VERDICT_NOT_EVALUABLE,
			"%s stands in for %s, whose devices it does not need",
			f->runner, runner);
	else if (!f)
		answer_with(&a, VERDICT_NOT_EVALUABLE,
			    "%s has no footprint in this run", runner);
	else if (q == QUESTION_VFIO)
		answer_vfio(f, &in, &a);
	else if (q == QUESTION_OVERHEAD)
		answer_overhead(f, &in, &a);
	else if (q == QUESTION_MEMLOCK)
		answer_memlock(f, &in, &a);
	else
		answer_processes(f, &in, &a);
	if (q != QUESTION_DEVICES)
		judge_grade(&a, is_overridden);
	return a;
}
