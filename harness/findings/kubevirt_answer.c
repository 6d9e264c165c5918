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
#include "harness/kubevirt/figures.h"
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
};

/* Of the shape whose limit is nearest to its grant, or furthest beyond. */
static struct bound worst_bound(const struct footprint *f,
				const struct inquiry *in)
{
	struct bound worst = {.shape = NULL};
	size_t i;

	for (i = 0; i < f->margin_count; i++) {
		const struct footprint_margin *m = &f->margins[i];
		struct bound b = {.shape = m->name,
				  .granted = m->granted_bytes};

		if (!footprint_tolerance(f, m->name, 1 - in->share,
					 in->confidence, &b.expected, &b.limit))
			continue;
		if (!worst.shape ||
		    b.limit / b.granted > worst.limit / worst.granted)
			worst = b;
	}
	return worst;
}

static bool is_one_beyond(const struct footprint *f)
{
	size_t i;

	for (i = 0; i < f->margin_count; i++)
		if (f->margins[i].answer == FOOTPRINT_NOT_COVERED)
			return true;
	return false;
}

static void answer_overhead(const struct footprint *f, const struct inquiry *in,
			    struct kubevirt_answer *a)
{
	struct bound b = worst_bound(f, in);
	enum verdict verdict;

	if (!b.shape) {
		answer_with(a, VERDICT_NOT_EVALUABLE,
			    "too few boots or shapes have a known charge");
		return;
	}
	a->ratio = b.expected / b.granted;
	a->limit_ratio = b.limit / b.granted;
	verdict = b.limit <= b.granted ? VERDICT_PASS
		  : is_one_beyond(f)   ? VERDICT_FAIL
				       : VERDICT_UNDECIDED;
	answer_with(
		a, verdict,
		"%s needs %.1f MiB, at most %.1f MiB for %.4g %% of guests; KubeVirt %s grants %.1f MiB",
		b.shape, mib(b.expected), mib(b.limit), 100 * (1 - in->share),
		kubevirt_release_name(in->all->release), mib(b.granted));
}

/* --- one ratio per boot --- */

/* The tolerance limit of ratios that should all be at most 1. */
static void answer_ratios(const double *ratios, size_t count,
			  const struct inquiry *in, const char *what,
			  struct kubevirt_answer *a)
{
	double mean = 0, squares = 0, sd, factor, low;
	size_t i;

	a->boot_count = count;
	if (count < 2) {
		answer_with(
			a, VERDICT_NOT_EVALUABLE,
			"%zu boots have a reading of it, and two are needed",
			count);
		return;
	}
	for (i = 0; i < count; i++)
		mean += ratios[i] / (double)count;
	for (i = 0; i < count; i++)
		squares += (ratios[i] - mean) * (ratios[i] - mean);
	sd = sqrt(squares / (double)(count - 1));
	/* Beyond doubt not covered: even the mean is not. */
	low = mean - gsl_cdf_tdist_Pinv(in->confidence, (double)count - 1) *
			     sd / sqrt((double)count);
	factor = tolerance_factor(1 - in->share, in->confidence, (double)count,
				  (double)count - 1);
	a->ratio = mean;
	a->limit_ratio = mean + factor * sd;
	answer_with(
		a,
		a->limit_ratio <= 1 ? VERDICT_PASS
		: low > 1           ? VERDICT_FAIL
				    : VERDICT_UNDECIDED,
		"%s is %.3f of it, at most %.3f for %.4g %% of guests, by %zu boots",
		what, a->ratio, a->limit_ratio, 100 * (1 - in->share), count);
}

/* KubeVirt's limit for that shape with one device. */
static double memlock_of(const struct shape *s,
			 const struct kubevirt_release *r)
{
	const struct overhead_shape shape = {
		.ram_bytes = (int64_t)s->ram_bytes,
		.vcpu_count = s->vcpu_count,
		.vfio_count = 1,
	};
	struct overhead o;
	int64_t bytes;
	struct err ignored;

	if (overhead_of_shape(&shape, r, &o, &bytes, &ignored))
		return NAN;
	return bytes == MEMLOCK_UNLIMITED ? INFINITY : (double)bytes;
}

static void answer_memlock(const struct footprint *f, const struct inquiry *in,
			   struct kubevirt_answer *a)
{
	double *ratios = xcalloc(f->boot_count + 1, sizeof(*ratios));
	size_t i, count = 0;

	for (i = 0; i < f->boot_count; i++) {
		double ratio = f->boots[i].locked_bytes /
			       memlock_of(&f->boots[i].shape, in->all->release);

		if (!isnan(ratio))
			ratios[count++] = ratio;
	}
	answer_ratios(
		ratios, count, in,
		"what a guest locks and pins, of the limit with one device,",
		a);
	free(ratios);
}

static void answer_processes(const struct footprint *f,
			     const struct inquiry *in,
			     struct kubevirt_answer *a)
{
	const struct footprint_role *r, *worst = NULL;
	double ratio = 0;

	(void)in;
	for (r = f->roles; r < f->roles + f->role_count; r++)
		if (!isnan(r->constant_bytes) &&
		    r->rss_bytes / r->constant_bytes > ratio) {
			ratio = r->rss_bytes / r->constant_bytes;
			worst = r;
		}
	if (!worst) {
		answer_with(
			a, VERDICT_NOT_EVALUABLE,
			"no process was read that KubeVirt has a constant for");
		return;
	}
	a->ratio = a->limit_ratio = ratio;
	answer_with(
		a, ratio <= 1 ? VERDICT_PASS : VERDICT_FAIL,
		"'%s' has %.1f MiB resident at most in %zu boots; its constant and the guest are %.1f MiB",
		worst->name, mib(worst->rss_bytes), f->boot_count,
		mib(worst->constant_bytes));
}

/* --- what the node offers --- */

/* The plugin offers a resource while its file is there. */
static bool has_device(const json_t *page, const char *path)
{
	const json_t *part = json_object_get(page, "devices");

	return json_is_true(
		json_object_get(json_object_get(part, path), "present"));
}

/* A property of the node and no measurement: it has no grade. */
static void answer_devices(const char *runner, const struct run_data *run,
			   struct kubevirt_answer *a)
{
	json_t *probe = stored_json(run->probe);
	const json_t *page = json_object_get(probe, "kubevirt");
	const char *hypervisor = strcmp(runner, "mshv") ? "kvm" : "mshv";
	bool has_own = has_device(page, strcmp(runner, "mshv") ? "/dev/kvm"
							       : "/dev/mshv");
	bool has_net = has_device(page, "/dev/vhost-net");

	if (!page)
		answer_with(a, VERDICT_NOT_EVALUABLE,
			    "this run has no page of its node");
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
