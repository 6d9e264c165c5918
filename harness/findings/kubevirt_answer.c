// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/kubevirt_answer.h"

#include <gsl/gsl_cdf.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/core/runner.h"
#include "harness/findings/footprint.h"
#include "harness/findings/model.h"
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
	bool is_overridden;
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

struct bound {
	const char *shape;
	double expected, limit, granted; /* bytes */
	double most; /* bytes, of one boot; 0: none was read */
};

static double most_charged(const struct footprint *f, const char *shape)
{
	double most = 0;
	size_t i;

	for (i = 0; i < f->boot_count; i++)
		if (!strcmp(f->boots[i].name, shape))
			most = fmax(most, f->boots[i].costs[FOOTPRINT_CHARGED]);
	return most;
}

/* False: no limit is known of that shape. */
static bool bound_of(const struct footprint *f,
		     const struct footprint_margin *m, const struct inquiry *in,
		     struct bound *b)
{
	*b = (struct bound){.shape = m->name,
			    .expected = NAN,
			    .limit = NAN,
			    .granted = m->granted_bytes,
			    .most = most_charged(f, m->name)};
	return !isnan(b->granted) &&
	       footprint_tolerance(f, m->name, 1 - in->share, in->confidence,
				   &b->expected, &b->limit);
}

/* Of the shape whose limit or boot is nearest to its grant, or furthest beyond. */
static struct bound worst_bound(const struct footprint *f,
				const struct inquiry *in)
{
	struct bound worst = {.shape = NULL};
	size_t i;

	for (i = 0; i < f->margin_count; i++) {
		struct bound b;

		if (!bound_of(f, &f->margins[i], in, &b))
			continue;
		if (!worst.shape ||
		    fmax(b.limit, b.most) / b.granted >
			    fmax(worst.limit, worst.most) / worst.granted)
			worst = b;
	}
	return worst;
}

/* The corrected level at which one shape of COUNT fails for all (Bonferroni). */
static double level_of(const struct inquiry *in, size_t count)
{
	return 1 - (1 - in->confidence) / (double)(count ? count : 1);
}

/* The shape whose mean charge is beyond its grant for certain; NULL: none is. The
 * margin's interval is Student's, two-sided at MODEL_CONFIDENCE. */
static const struct footprint_margin *failing_margin(const struct footprint *f,
						     const struct inquiry *in)
{
	const struct footprint_margin *m;
	size_t judged = 0;

	for (m = f->margins; m < f->margins + f->margin_count; m++)
		judged += m->boot_count > 1;
	for (m = f->margins; m < f->margins + f->margin_count; m++) {
		double df = (double)m->boot_count - 1, error;

		if (m->boot_count < 2 || !(m->mean_bytes < 0))
			continue;
		error = (m->high_bytes - m->mean_bytes) /
			gsl_cdf_tdist_Pinv(1 - (1 - MODEL_CONFIDENCE) / 2, df);
		if (m->mean_bytes +
			    gsl_cdf_tdist_Pinv(level_of(in, judged), df) *
				    error <
		    0)
			return m;
	}
	return NULL;
}

static const struct footprint_margin *margin_of(const struct footprint *f,
						const char *shape)
{
	size_t i;

	for (i = 0; i < f->margin_count; i++)
		if (!strcmp(f->margins[i].name, shape))
			return &f->margins[i];
	return NULL;
}

/* A shape that no limit is known of; NULL: all have one. By boots, as there can be
 * more shapes than margins. */
static const char *shape_without_limit(const struct footprint *f,
				       const struct inquiry *in)
{
	struct bound ignored;
	size_t i;

	for (i = 0; i < f->boot_count; i++) {
		const struct footprint_margin *m =
			margin_of(f, f->boots[i].name);

		if (!m || !bound_of(f, m, in, &ignored))
			return f->boots[i].name;
	}
	return NULL;
}

static void fail_overhead(const struct footprint *f,
			  const struct footprint_margin *m,
			  const struct inquiry *in, struct kubevirt_answer *a)
{
	double mean_bytes = m->granted_bytes - m->mean_bytes;
	struct bound b;

	bound_of(f, m, in, &b);
	a->ratio = mean_bytes / m->granted_bytes;
	a->limit_ratio = b.limit / m->granted_bytes;
	answer_with(
		a, VERDICT_FAIL,
		"%s is charged %.1f MiB in the mean of %zu boots; KubeVirt %s grants %.1f MiB",
		m->name, mib(mean_bytes), m->boot_count,
		kubevirt_release_name(in->all->release), mib(m->granted_bytes));
}

static void answer_overhead(const struct footprint *f, const struct inquiry *in,
			    struct kubevirt_answer *a)
{
	const struct footprint_margin *failing = failing_margin(f, in);
	const char *missing = shape_without_limit(f, in);
	struct bound b = worst_bound(f, in);

	if (failing) {
		fail_overhead(f, failing, in, a);
		return;
	}
	if (b.shape) {
		a->ratio = b.expected / b.granted;
		a->limit_ratio = b.limit / b.granted;
	}
	if (missing || !b.shape)
		answer_with(a, VERDICT_NOT_EVALUABLE,
			    "too few boots or shapes have a known charge: %s",
			    missing ? missing : "none has one");
	else
		answer_with(
			a,
			fmax(b.limit, b.most) <= b.granted ? VERDICT_PASS
							   : VERDICT_UNDECIDED,
			"%s needs %.1f MiB, at most %.1f MiB for %.4g %% of guests; KubeVirt %s grants %.1f MiB; the most was %.1f MiB",
			b.shape, mib(b.expected), mib(b.limit),
			100 * (1 - in->share),
			kubevirt_release_name(in->all->release), mib(b.granted),
			mib(b.most));
}

/* --- ratios that should all be at most 1 --- */

/* One boot's. Those of another NAME (a shape, or a process of one) are of another
 * population. */
struct reading {
	char name[96];
	double ratio; /* NaN: it should have been read */
};

struct readings {
	struct reading *rows; /* owned */
	size_t count;
	size_t boot_count; /* that have any */
	const struct footprint_boot *last;
	char roles[64]; /* that were read, for the reason */
};

static void name_role(struct readings *all, const char *role)
{
	size_t len = strlen(all->roles);

	if (*role && !strstr(all->roles, role))
		snprintf(all->roles + len, sizeof(all->roles) - len, "%s%s",
			 len ? ", " : "; judged: ", role);
}

/* Of one boot after the other. */
static void add_reading(struct readings *all, double ratio,
			const struct footprint_boot *b, const char *role)
{
	struct reading *r;

	if (!isnan(ratio) && all->last != b) {
		all->last = b;
		all->boot_count++;
	}
	name_role(all, role);
	all->rows = xrealloc(all->rows, all->count + 1, sizeof(*all->rows));
	r = &all->rows[all->count++];
	r->ratio = ratio;
	snprintf(r->name, sizeof(r->name), "%s%s%.20s", b->name,
		 *role ? " " : "", role);
}

/* Of one name. */
struct population {
	const char *name;
	size_t count;
	double mean, sd, most;
};

static bool is_of(const struct reading *r, const char *name)
{
	return !isnan(r->ratio) && !strcmp(r->name, name);
}

static struct population population_of(const struct readings *all,
				       const char *name)
{
	struct population p = {.name = name};
	double squares = 0;
	size_t i;

	for (i = 0; i < all->count; i++) {
		if (!is_of(&all->rows[i], name))
			continue;
		p.mean += all->rows[i].ratio;
		p.most = fmax(p.most, all->rows[i].ratio);
		p.count++;
	}
	p.mean /= (double)p.count;
	for (i = 0; i < all->count; i++)
		if (is_of(&all->rows[i], name))
			squares += (all->rows[i].ratio - p.mean) *
				   (all->rows[i].ratio - p.mean);
	p.sd = p.count > 1 ? sqrt(squares / (double)(p.count - 1)) : NAN;
	return p;
}

static bool is_first_of_name(const struct readings *all, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (!strcmp(all->rows[i].name, all->rows[at].name))
			return false;
	return true;
}

static double limit_of(const struct population *p, const struct inquiry *in)
{
	return p->mean + p->sd * tolerance_factor(1 - in->share, in->confidence,
						  (double)p->count,
						  (double)p->count - 1);
}

/* Whether even the mean is beyond, for certain. */
static bool is_beyond(const struct population *p, const struct inquiry *in,
		      size_t name_count)
{
	double df = (double)p->count - 1;

	return p->mean - gsl_cdf_tdist_Pinv(level_of(in, name_count), df) *
				 p->sd / sqrt((double)p->count) >
	       1;
}

struct findings_of_all {
	struct population worst; /* by its limit, or by a boot beyond that */
	double limit;
	struct population scarce; /* has too few boots; no name: none has */
	bool has_failed;
};

static size_t judged_count(const struct readings *all)
{
	size_t i, count = 0;

	for (i = 0; i < all->count; i++)
		count += is_first_of_name(all, i) &&
			 population_of(all, all->rows[i].name).count > 1;
	return count;
}

static struct findings_of_all judge_all(const struct readings *all,
					const struct inquiry *in)
{
	struct findings_of_all found = {.limit = NAN};
	size_t i, name_count = judged_count(all);

	for (i = 0; i < all->count; i++) {
		struct population p;
		double limit;
		bool fails;

		if (!is_first_of_name(all, i))
			continue;
		p = population_of(all, all->rows[i].name);
		if (p.count < 2) {
			found.scarce = p;
			continue;
		}
		limit = limit_of(&p, in);
		fails = is_beyond(&p, in, name_count);
		if (found.worst.name &&
		    (fails < found.has_failed ||
		     (fails == found.has_failed &&
		      fmax(limit, p.most) <=
			      fmax(found.limit, found.worst.most))))
			continue;
		found.has_failed = fails;
		found.worst = p;
		found.limit = limit;
	}
	return found;
}

/* The name that is nearest to its limit decides, or furthest beyond. No PASS where
 * a boot was beyond: whatever the distribution says, it happens. */
static void answer_readings(const struct readings *all,
			    const struct inquiry *in, const char *what,
			    struct kubevirt_answer *a)
{
	struct findings_of_all found = judge_all(all, in);
	const struct population *worst = &found.worst;
	enum verdict verdict = found.has_failed ? VERDICT_FAIL
			       : fmax(found.limit, worst->most) <= 1
				       ? VERDICT_PASS
				       : VERDICT_UNDECIDED;

	a->boot_count = all->boot_count;
	if (worst->name) {
		a->ratio = worst->mean;
		a->limit_ratio = found.limit;
	}
	if (!all->boot_count)
		answer_with(a, VERDICT_NOT_EVALUABLE,
			    "no boot has a reading of it");
	else if (found.scarce.name && !found.has_failed)
		answer_with(
			a, VERDICT_NOT_EVALUABLE,
			"%s has a reading in %zu of the two boots that are needed",
			found.scarce.name, found.scarce.count);
	else
		answer_with(
			a, verdict,
			"%s: %.3f of %s, at most %.3f for %.4g %% of guests, by %zu boots; the most was %.3f%s",
			worst->name, a->ratio, what, a->limit_ratio,
			100 * (1 - in->share), worst->count, worst->most,
			all->roles);
}

/* KubeVirt's limit for that shape with one device. */
static double memlock_of(const struct shape *s, enum hypervisor_kind hypervisor,
			 const struct kubevirt_release *r)
{
	const struct overhead_shape shape = {
		.ram_bytes = (int64_t)s->ram_bytes,
		.vcpu_count = s->vcpu_count,
		.vfio_count = 1,
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
	size_t i;

	for (i = 0; i < f->boot_count; i++)
		add_reading(&all,
			    f->boots[i].locked_bytes /
				    memlock_of(&f->boots[i].shape,
					       hypervisor_of(f, r), r),
			    &f->boots[i], "");
	answer_readings(&all, in, "the limit of locked memory with one device",
			a);
	free(all.rows);
}

/* By resident memory, as in KubeVirt's own test. */
static void answer_processes(const struct footprint *f,
			     const struct inquiry *in,
			     struct kubevirt_answer *a)
{
	struct readings all = {.count = 0};
	size_t i, k;

	for (i = 0; i < f->boot_count; i++)
		for (k = 0; k < f->boots[i].role_count; k++) {
			const struct footprint_role *role =
				&f->boots[i].roles[k];
			double constant = footprint_role_constant(
				&f->boots[i], role->name, in->all->release);

			if (constant > 0)
				add_reading(&all, role->rss_bytes / constant,
					    &f->boots[i], role->name);
		}
	answer_readings(&all, in, "KubeVirt's constant", a);
	free(all.rows);
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
	const struct inquiry in = {share, confidence, fs, is_overridden};
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
	else if (q == QUESTION_VFIO)
		answer_with(&a, VERDICT_NOT_EVALUABLE,
			    "no guest of this run has a device passed through");
	else if (!f)
		answer_with(&a, VERDICT_NOT_EVALUABLE,
			    "%s has no footprint in this run", runner);
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
