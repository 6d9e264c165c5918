// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/session/site.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "harness/session/guest_kernel.h"
#include "runners/machine/cpu_model.h"

/* A runner that works boots Linux in one second on hardware, in four in the
 * lab. */
#define TRIAL_NS (5 * NS_PER_S)
/* QEMU has firmware before it; libvirt starts its daemons, which probe QEMU. */
#define OTHER_TRIAL_NS (15 * NS_PER_S)
#define LIBVIRT_TRIAL_NS (60 * NS_PER_S)
#define EMULATED_TRIAL_NS (60 * NS_PER_S)

/* In the lab, or on a host that is one. */
static bool is_emulated(const struct site *site)
{
	const json_t *fingerprint = json_object_get(site->hello, "fingerprint");

	return grade_parse(json_string_value(json_object_get(
		       fingerprint, "grade"))) == GRADE_EMULATED;
}

static void add_refusal(struct site *site, const char *runner,
			const char *reason)
{
	struct site_refusal *r = &site->refusals[site->refusal_count++];

	r->runner = runner;
	snprintf(r->reason, sizeof(r->reason), "%s", reason);
}

static void refuse_runner(struct site *site, const char *runner, bool is_micro,
			  const char *reason)
{
	const char *what = is_micro ? "the micro guest" : "Linux";
	char text[400];

	snprintf(text, sizeof(text), "cannot boot %s here: %.360s", what,
		 reason);
	add_refusal(site, runner, text);
	fprintf(stderr, "%s cannot boot %s %s: %s\n", runner, what,
		site->worker.is_lab ? "in the lab" : "on this host", reason);
}

/* Which CPU a guest got is part of what the figures were made on. */
static void keep_cpu_model(struct site *site, const char *runner,
			   const struct result *res)
{
	json_t *fingerprint = json_object_get(site->hello, "fingerprint");
	const char *fact = "\n" CPU_MODEL_FACT "=";
	const char *p = res->identity ? strstr(res->identity, fact) : NULL;
	char key[64];

	if (!p)
		return;
	p += strlen(fact);
	snprintf(key, sizeof(key), "cpu_model.%s", runner);
	json_object_set_new(fingerprint, key,
			    json_stringn(p, strcspn(p, "\n")));
}

static uint64_t trial_ns(const struct site *site, const char *runner)
{
	if (is_emulated(site))
		return EMULATED_TRIAL_NS;
	if (runner_is_by(runner, RUNNER_LIBVIRT))
		return LIBVIRT_TRIAL_NS;
	return runner_is_by(runner, RUNNER_OWN_VMM) ? TRIAL_NS : OTHER_TRIAL_NS;
}

/* Boot, say hello, power off; of Linux no series is wanted. */
static int try_boot(struct site *site, const struct site_wants *wants,
		    const char *runner, bool *boots, struct err *err)
{
	bool is_micro = wants->is_micro;
	struct plan plan;
	struct bench_case bc = {0};
	struct result res;
	int ret;

	plan_init_quick(&plan);
	snprintf(bc.runner, sizeof(bc.runner), "%s", runner);
	snprintf(bc.paravirt, sizeof(bc.paravirt), "%s",
		 wants->paravirt ? wants->paravirt : plan.paravirt);
	if (guest_kernel_may_be_elf(wants->guest_kernel ? wants->guest_kernel
							: plan.guest_kernel,
				    runner))
		snprintf(bc.guest_kernel, sizeof(bc.guest_kernel), "elf");
	snprintf(bc.sandbox, sizeof(bc.sandbox), "%s",
		 wants->sandbox ? wants->sandbox : "");
	bc.vcpu_count = plan.vcpu_count;
	bc.ram_bytes = plan.ram_bytes;
	if (is_micro)
		bench_case_add(&bc, "micro_exit", "null,ring3");
	bc.timeout_ns = trial_ns(site, runner);
	result_init(&res);
	ret = worker_link_run(&site->worker, &bc, site->stop, NULL, NULL, &res,
			      err);
	*boots = !ret && res.status == RUN_OK;
	if (*boots)
		keep_cpu_model(site, runner, &res);
	if (!ret && !*boots)
		refuse_runner(site, runner, is_micro, res.reason);
	bench_case_release(&bc);
	result_release(&res);
	return ret;
}

/* The runner that replaces NAME here; NULL: none, and it was not requested. */
static const char *resolve(const struct site_wants *wants, bool in_lab,
			   const char *name)
{
	bool has_mshv = !in_lab && !access("/dev/mshv", F_OK);
	const char *device;

	if (!strcmp(name, "mshv") && !has_mshv &&
	    (in_lab || wants->wants_mshv_emu))
		name = "mshv-emu";
	device = runner_device(name);
	if (wants->is_default && !in_lab && device && access(device, F_OK))
		return NULL;
	/* A VMM that is not installed or does not work matters only if it was
	 * requested by name. */
	if (wants->is_default && runner_is_by(name, RUNNER_QEMU) &&
	    !file_in_path("qemu-system-x86_64"))
		return NULL;
	if (wants->is_default && wants->is_micro && !runner_boots_micro(name))
		return NULL;
	return name;
}

/* The lab is ours: these runners boot in it, and a failure would show as a
 * failed boot. Leaving out the trial saves seconds per runner. libvirt and the VMMs
 * of others may not be in it. */
static bool lab_boots(const struct site *site, const char *runner)
{
	return is_emulated(site) && !runner_is_by(runner, RUNNER_LIBVIRT) &&
	       !runner_is_by(runner, RUNNER_PEER) &&
	       runner_attempts(runner) == 1 && runner_device(runner) &&
	       !strcmp(runner_device(runner), "/dev/kvm");
}

static bool has_runner(const struct site *site, const char *name)
{
	size_t i;

	for (i = 0; i < site->runner_count; i++)
		if (!strcmp(site->runners[i], name))
			return true;
	return false;
}

static int start_worker(struct site *site, bool in_lab, struct err *err)
{
	int ret =
		worker_link_open(&site->worker, in_lab, site->needs_iommu, err);

	json_decref(site->hello);
	site->hello = NULL;
	if (!ret)
		ret = worker_link_hello(&site->worker, site->stop, &site->hello,
					err);
	return ret;
}

/* Why RUNNER is bound to fail: an emulation is our VMM on KVM as kvm is, with
 * more between them. NULL: nothing is known. */
static const char *known_failure(const struct site *site, const char *runner)
{
	size_t i;

	if (!runner_stands_in_for(runner, "mshv"))
		return NULL;
	for (i = 0; i < site->refusal_count; i++)
		if (!strcmp(site->refusals[i].runner, "kvm"))
			return site->refusals[i].reason;
	return NULL;
}

/* Whether a guest boots, by trying where it is not known. */
static int try_guest(struct site *site, const struct site_wants *wants,
		     const char *runner, bool *boots, struct err *err)
{
	const char *failure = known_failure(site, runner);

	*boots = lab_boots(site, runner);
	if (*boots)
		return 0;
	if (!failure)
		return try_boot(site, wants, runner, boots, err);
	add_refusal(site, runner, failure);
	return 0;
}

static int open_at(struct site *site, bool in_lab,
		   const struct site_wants *wants, size_t *guest_count,
		   struct err *err)
{
	size_t i;
	int ret;

	*site = (struct site){.stop = wants->stop,
			      .needs_iommu = wants->needs_iommu};
	*guest_count = 0;
	ret = start_worker(site, in_lab, err);
	for (i = 0; i < wants->runner_count && !ret; i++) {
		const char *name = resolve(wants, in_lab, wants->runners[i]);
		bool works = true;

		if (!name || has_runner(site, name))
			continue;
		if (wants->is_micro && !runner_boots_micro(name)) {
			works = false;
			refuse_runner(
				site, name, true,
				"no VMM but ours has a device that serves it");
		} else if (runner_is_guest(name)) {
			ret = try_guest(site, wants, name, &works, err);
			*guest_count += works;
		}
		if (works)
			site->runners[site->runner_count++] = name;
	}
	return ret;
}

static void lab_banner(void)
{
	fputs("=====================================================================\n"
	      " THE LAB: everything is measured in a host emulated in software.\n"
	      " All figures are of grade 'emulated'; none says how fast anything is.\n"
	      "=====================================================================\n",
	      stderr);
}

static bool wants_guests(const struct site_wants *wants)
{
	size_t i;

	for (i = 0; i < wants->runner_count; i++)
		if (runner_is_guest(wants->runners[i]))
			return true;
	return false;
}

int site_open(struct site *site, const struct site_wants *wants,
	      struct err *err)
{
	size_t guest_count = 0;
	int ret = 0;

	if (wants->choice != SITE_LAB) {
		ret = open_at(site, false, wants, &guest_count, err);
		if (ret || guest_count || wants->choice == SITE_HOST ||
		    !wants_guests(wants) || !worker_link_has_lab())
			return ret;
		site_close(site);
	}
	lab_banner();
	return open_at(site, true, wants, &guest_count, err);
}

void site_close(struct site *site)
{
	if (site->stop && *site->stop)
		worker_link_abort(&site->worker);
	else
		worker_link_close(&site->worker);
	json_decref(site->hello);
	site->hello = NULL;
}

int site_replace_worker(struct site *site, struct err *err)
{
	bool in_lab = site->worker.is_lab;

	worker_link_abort(&site->worker);
	return start_worker(site, in_lab, err);
}
