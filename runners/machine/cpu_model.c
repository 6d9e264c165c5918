// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/cpu_model.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/result.h"

static const struct {
	const char *name, *qemu, *libvirt;
} models[] = {
	[CPU_MODEL_HOST] = {"host", "host", "<cpu mode='host-passthrough'/>"},
	[CPU_MODEL_HOST_MASKED] =
		{"host-vmx-sgx", "host,vmx=off,sgx=off",
		 "<cpu mode='host-passthrough'>"
		 "<feature policy='disable' name='vmx'/>"
		 "<feature policy='disable' name='sgx'/></cpu>"},
	[CPU_MODEL_NEHALEM] =
		{"Nehalem", "Nehalem",
		 "<cpu mode='custom' match='exact' check='none'>"
		 "<model fallback='forbid'>Nehalem</model></cpu>"},
};
_Static_assert(ARRAY_SIZE(models) == CPU_MODEL_COUNT, "every model has words");

const char *cpu_model_name(enum cpu_model model)
{
	return models[model].name;
}

const char *cpu_model_qemu(enum cpu_model model)
{
	return models[model].qemu;
}

const char *cpu_model_libvirt(enum cpu_model model)
{
	return models[model].libvirt;
}

/* The first failure stays, and says what became of the other models. */
static void add_failure(struct result *first, enum cpu_model model,
			const struct result *res)
{
	char *text = xasprintf("%s; with CPU model %s: %s", first->reason,
			       cpu_model_name(model), res->reason);
	enum run_status status = first->status;

	first->status = RUN_OK;
	result_fail(first, status, "%s", text);
	free(text);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct cpu_model_memory recall(const struct cpu_model_memory *memory)
{
	struct cpu_model_memory copy;

	pthread_mutex_lock(&lock);
	copy = *memory;
	pthread_mutex_unlock(&lock);
	return copy;
}

/* The first that booted stays. */
static void remember(struct cpu_model_memory *memory, enum cpu_model model)
{
	pthread_mutex_lock(&lock);
	if (!memory->is_known)
		*memory = (struct cpu_model_memory){model, true};
	pthread_mutex_unlock(&lock);
}

void cpu_model_search(struct cpu_model_memory *memory,
		      void (*boot)(void *arg, enum cpu_model model,
				   struct result *res),
		      void *arg, bool may_search, struct result *res)
{
	const struct cpu_model_memory known = recall(memory);
	enum cpu_model model = known.model;

	boot(arg, model, res);
	while (may_search && !known.is_known && !res->identity &&
	       res->status != RUN_SKIPPED && ++model < CPU_MODEL_COUNT) {
		struct result next;

		result_init(&next);
		next.grade = res->grade;
		boot(arg, model, &next);
		if (next.identity) {
			result_release(res);
			*res = next;
			break;
		}
		add_failure(res, model, &next);
		if (next.status == RUN_SKIPPED)
			model = CPU_MODEL_COUNT;
		result_release(&next);
	}
	if (!res->identity)
		return;
	remember(memory, model);
	result_add_fact(res, CPU_MODEL_FACT, cpu_model_name(model));
}
