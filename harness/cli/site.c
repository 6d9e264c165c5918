// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/site.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/cli/command.h"
#include "harness/core/result.h"

/* What boots Linux does so in one second on hardware, in four in the lab. */
#define TRIAL_NS (5 * NS_PER_S)
#define EMULATED_TRIAL_NS (60 * NS_PER_S)

static bool is_guest_runner(const char *name)
{
	return strcmp(name, "native") != 0;
}

/* In the lab, or on a host that is one. */
static bool is_emulated(const struct site *site)
{
	const json_t *fingerprint = json_object_get(site->hello, "fingerprint");

	return grade_parse(json_string_value(json_object_get(
		       fingerprint, "grade"))) == GRADE_EMULATED;
}

/* Boot, say hello, power off; no series. */
static int try_boot(struct site *site, const char *runner, bool *boots,
		    struct err *err)
{
	struct plan plan;
	struct bench_case bc = {0};
	struct result res;
	int ret;

	plan_init_quick(&plan);
	snprintf(bc.runner, sizeof(bc.runner), "%s", runner);
	snprintf(bc.paravirt, sizeof(bc.paravirt), "%s", plan.paravirt);
	bc.vcpu_count = plan.vcpu_count;
	bc.ram_bytes = plan.ram_bytes;
	bc.timeout_ns = is_emulated(site) ? EMULATED_TRIAL_NS : TRIAL_NS;
	result_init(&res);
	ret = worker_link_run(&site->worker, &bc, &stop_wanted, NULL, NULL,
			      &res, err);
	*boots = !ret && res.status == RUN_OK;
	if (!ret && !*boots) {
		struct site_refusal *r = &site->refusals[site->refusal_count++];

		r->runner = runner;
		snprintf(r->reason, sizeof(r->reason), "%s", res.reason);
	}
	if (!ret && !*boots)
		fprintf(stderr, "%s cannot boot Linux %s: %s\n", runner,
			site->worker.is_lab ? "in the lab" : "on this host",
			res.reason);
	result_release(&res);
	return ret;
}

static int open_at(struct site *site, bool in_lab, const char *const *wanted,
		   size_t wanted_count, size_t *guest_count, struct err *err)
{
	size_t i;
	int ret;

	memset(site, 0, sizeof(*site));
	*guest_count = 0;
	ret = worker_link_open(&site->worker, in_lab, err);
	if (!ret)
		ret = worker_link_hello(&site->worker, &stop_wanted,
					&site->hello, err);
	for (i = 0; i < wanted_count && !ret; i++) {
		bool works = true;

		if (is_guest_runner(wanted[i])) {
			ret = try_boot(site, wanted[i], &works, err);
			*guest_count += works;
		}
		if (works)
			site->runners[site->runner_count++] = wanted[i];
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

static bool wants_guests(const char *const *wanted, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (is_guest_runner(wanted[i]))
			return true;
	return false;
}

int site_open(struct site *site, enum site_choice choice,
	      const char *const *wanted, size_t wanted_count, struct err *err)
{
	size_t guest_count = 0;
	int ret = 0;

	if (choice != SITE_LAB) {
		ret = open_at(site, false, wanted, wanted_count, &guest_count,
			      err);
		if (ret || guest_count || choice == SITE_HOST ||
		    !wants_guests(wanted, wanted_count))
			return ret;
		site_close(site);
	}
	lab_banner();
	return open_at(site, true, wanted, wanted_count, &guest_count, err);
}

void site_close(struct site *site)
{
	if (stop_wanted)
		worker_link_abort(&site->worker);
	else
		worker_link_close(&site->worker);
	json_decref(site->hello);
	site->hello = NULL;
}
