// SPDX-License-Identifier: GPL-3.0-or-later
/* placement: which cores a machine gets, on hosts of several shapes; and that its
 * threads are there. */
#include "tests/unit/test.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/stat_line.h"
#include "harness/base/thread.h"
#include "runners/measure/placement.h"

/* "0,2-3" of SET. */
static const char *list(const cpu_set_t *set, char *buf, size_t size)
{
	size_t len = 0;
	int cpu;

	buf[0] = '\0';
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, set) && len < size)
			len += (size_t)snprintf(buf + len, size - len, "%s%d",
						len ? "," : "", cpu);
	return buf;
}

/* hwloc's description of a host, for one choice. */
static int choose(const char *host, uint32_t vcpu_count, struct placement *p,
		  struct err *err)
{
	int ret;

	setenv("HWLOC_SYNTHETIC", host, 1);
	ret = placement_choose(vcpu_count, p, err);
	unsetenv("HWLOC_SYNTHETIC");
	return ret;
}

struct choice {
	const char *host;
	uint32_t vcpu_count;
	const char *vcpus, *others;
	unsigned int smt;
	size_t node_count;
	unsigned long nodes;
};

static void each_vcpu_has_a_core(void **state)
{
	static const struct choice choices[] = {
		{"numa:1 core:2 pu:1", 1, "1", "0", 1, 1, 1},
		{"numa:1 core:4 pu:1", 2, "2,3", "0,1", 1, 1, 1},
		{"numa:1 core:4 pu:1", 3, "1,2,3", "0", 1, 1, 1},
		/* What shares a core with a vCPU stays idle. */
		{"numa:1 core:4 pu:2", 2, "4,6", "0,1,2,3", 2, 1, 1},
		/* One memory node where it suffices, all where it does not. */
		{"numa:2 core:4 pu:1", 3, "1,2,3", "0", 1, 2, 1},
		{"numa:2 core:4 pu:1", 5, "3,4,5,6,7", "0,1,2", 1, 2, 3},
	};
	char vcpus[256], others[256];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(choices); i++) {
		const struct choice *c = &choices[i];
		struct placement p;
		struct err err;

		assert_int_equal(choose(c->host, c->vcpu_count, &p, &err), 0);
		assert_string_equal(list(&p.vcpus, vcpus, sizeof(vcpus)),
				    c->vcpus);
		assert_string_equal(list(&p.others, others, sizeof(others)),
				    c->others);
		assert_int_equal(p.smt, c->smt);
		assert_int_equal(p.node_count, c->node_count);
		assert_int_equal(p.nodes[0], c->nodes);
		assert_int_equal(p.vcpu_cpus[0], strtol(c->vcpus, NULL, 10));
		placement_release(&p);
	}
}

static void too_few_cores_are_refused(void **state)
{
	struct placement p;
	struct err err;

	(void)state;
	assert_int_equal(choose("numa:1 core:2 pu:2", 2, &p, &err), -ENOSPC);
	assert_string_equal(
		err.msg,
		"pinning needs 3 cores (2 for vCPUs, one for the VMM), and of this host's 2 may be used");
	assert_null(p.vcpu_cpus);
}

static void vcpus_are_known_by_their_threads(void **state)
{
	static const struct {
		const char *thread;
		int vcpu;
	} names[] = {
		{"vcpu0", 0},         {"vcpu12", 12},       {"CPU 0/KVM", 0},
		{"CPU 31/MSHV", 31},  {"fc_vcpu 1", 1},     {"crosvm_vcpu2", 2},
		{"kvm-vcpu-3", 3},    {"l1vh-vmm", -1},     {"vcpu", -1},
		{"CPU 0", -1},        {"worker", -1},       {"", -1},
		{"IO iothread0", -1}, {"vcpu99999999", -1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(placement_vcpu_of(names[i].thread),
				 names[i].vcpu);
}

/* A process that looks like a VMM: this one. */
struct fake_vcpu {
	unsigned int number;
	pid_t tid;
	sem_t is_named, may_go, has_run;
	bool is_ending;
	const char *name; /* to have from the next go on; NULL: as before */
};

static void *vcpu_main(void *arg)
{
	struct fake_vcpu *v = arg;

	v->tid = gettid();
	thread_set_name("vcpu%u", v->number);
	sem_post(&v->is_named);
	for (;;) {
		sem_wait(&v->may_go);
		if (v->is_ending)
			return NULL;
		if (v->name)
			thread_set_name("%s", v->name);
		sem_post(&v->has_run);
	}
}

struct fake_vmm {
	struct fake_vcpu vcpus[2];
	pthread_t threads[2];
	uint32_t count;
};

static void vmm_start(struct fake_vmm *f, uint32_t count)
{
	for (f->count = 0; f->count < count; f->count++) {
		struct fake_vcpu *v = &f->vcpus[f->count];

		v->number = f->count;
		sem_init(&v->is_named, 0, 0);
		sem_init(&v->may_go, 0, 0);
		sem_init(&v->has_run, 0, 0);
		assert_int_equal(thread_start(&f->threads[f->count], 128 * KIB,
					      vcpu_main, v),
				 0);
		sem_wait(&v->is_named);
	}
}

static void vmm_end(struct fake_vmm *f)
{
	while (f->count--) {
		f->vcpus[f->count].is_ending = true;
		sem_post(&f->vcpus[f->count].may_go);
		pthread_join(f->threads[f->count], NULL);
	}
}

/* The two CPUs that this process may use first; false: it has one. */
static bool two_cpus(int cpus[2])
{
	cpu_set_t set;
	int cpu, count = 0;

	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = 0; cpu < CPU_SETSIZE && count < 2; cpu++)
		if (CPU_ISSET((size_t)cpu, &set))
			cpus[count++] = cpu;
	return count == 2;
}

/* One vCPU on the second CPU, the others on the first. */
static void place_on(const int cpus[2], struct placement *p, int *vcpu_cpu)
{
	*vcpu_cpu = cpus[1];
	*p = (struct placement){.vcpu_count = 1,
				.vcpu_cpus = vcpu_cpu,
				.smt = 1,
				.node_count = 1};
	CPU_SET((size_t)cpus[1], &p->vcpus);
	CPU_SET((size_t)cpus[0], &p->others);
}

static const char *text_of(const json_t *json, const char *object,
			   const char *key)
{
	return json_string_value(
		json_object_get(json_object_get(json, object), key));
}

static const char *seen_of_vcpu(const json_t *json)
{
	return json_string_value(json_object_get(
		json_array_get(json_object_get(json, "vcpus"), 0), "seen_on"));
}

struct fixture {
	struct fake_vmm vmm;
	struct placement p;
	struct placement_seen seen;
	cpu_set_t before;
	int cpus[2], vcpu_cpu;
};

static void fixture_open(struct fixture *f)
{
	*f = (struct fixture){0};
	if (!two_cpus(f->cpus)) {
		print_message(
			"# skipped: this process may use one CPU alone\n");
		skip();
	}
	sched_getaffinity(0, sizeof(f->before), &f->before);
	place_on(f->cpus, &f->p, &f->vcpu_cpu);
	vmm_start(&f->vmm, 1);
}

static void fixture_close(struct fixture *f)
{
	vmm_end(&f->vmm);
	sched_setaffinity(0, sizeof(f->before), &f->before);
	placement_seen_release(&f->seen);
}

/* The vCPU's thread runs for a moment. */
static void let_run(struct fake_vcpu *v)
{
	sem_post(&v->may_go);
	sem_wait(&v->has_run);
}

/* Until it waits for its next go. */
static void await_sleep(const struct fake_vcpu *v)
{
	char path[64], line[512];
	const char *state;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)v->tid);
	do {
		usleep(1000);
		state = stat_line_field(
			file_first_line(path, line, sizeof(line)), 3);
		assert_non_null(state);
	} while (*state != 'S');
}

static void threads_are_put_and_seen(void **state)
{
	struct fixture f;
	char text[16];
	json_t *json;

	(void)state;
	fixture_open(&f);
	placement_apply(&f.p, getpid(), &f.seen);
	let_run(&f.vmm.vcpus[0]);
	placement_look(&f.p, getpid(), false, &f.seen);
	assert_string_equal(f.seen.error, "");
	assert_int_equal(f.seen.vcpu_count, 1);
	json = placement_to_json(&f.p, &f.seen, NULL);
	snprintf(text, sizeof(text), "%d", f.cpus[0]);
	assert_string_equal(text_of(json, "vmm", "cpus"), text);
	assert_string_equal(text_of(json, "vmm", "seen_on"), text);
	snprintf(text, sizeof(text), "%d", f.cpus[1]);
	assert_string_equal(seen_of_vcpu(json), text);
	assert_string_equal(json_string_value(json_object_get(json, "binding")),
			    "kept");
	json_decref(json);
	json = placement_to_json(&f.p, &f.seen, "core scheduler");
	assert_string_equal(json_string_value(json_object_get(json, "binding")),
			    "advisory");
	json_decref(json);
	fixture_close(&f);
}

/* Before it has run it is nowhere, and no blame is on its old CPU. */
static void a_thread_that_sleeps_is_not_judged(void **state)
{
	struct fixture f;
	cpu_set_t first;
	json_t *json;

	(void)state;
	fixture_open(&f);
	/* Its last CPU is the one that it is not to have. */
	CPU_ZERO(&first);
	CPU_SET((size_t)f.cpus[0], &first);
	assert_int_equal(
		sched_setaffinity(f.vmm.vcpus[0].tid, sizeof(first), &first),
		0);
	let_run(&f.vmm.vcpus[0]);
	await_sleep(&f.vmm.vcpus[0]);
	placement_apply(&f.p, getpid(), &f.seen);
	placement_look(&f.p, getpid(), false, &f.seen);
	assert_string_equal(f.seen.error, "");
	json = placement_to_json(&f.p, &f.seen, NULL);
	assert_string_equal(seen_of_vcpu(json), "");
	json_decref(json);
	fixture_close(&f);
}

static void what_somebody_moves_is_blamed(void **state)
{
	struct fixture f;
	json_t *json;

	(void)state;
	fixture_open(&f);
	placement_apply(&f.p, getpid(), &f.seen);
	sched_setaffinity(f.vmm.vcpus[0].tid, sizeof(f.before), &f.before);
	placement_look(&f.p, getpid(), false, &f.seen);
	assert_string_equal(
		f.seen.error,
		"the thread of vCPU 0 was given other CPUs by somebody else");
	json = placement_to_json(&f.p, &f.seen, NULL);
	assert_string_equal(json_string_value(json_object_get(json, "binding")),
			    "broken");
	json_decref(json);
	fixture_close(&f);
}

/* A VMM whose threads have no such names cannot be pinned. */
/* Whom the kernel makes for io_uring nobody may move, on some kernels. */
static void workers_of_the_kernel_are_not_judged(void **state)
{
	struct fixture f;
	json_t *json;

	(void)state;
	fixture_open(&f);
	placement_apply(&f.p, getpid(), &f.seen);
	f.vmm.vcpus[0].name = "iou-wrk-1";
	let_run(&f.vmm.vcpus[0]);
	sched_setaffinity(f.vmm.vcpus[0].tid, sizeof(f.before), &f.before);
	f.p.vcpu_count = 0;
	placement_look(&f.p, getpid(), false, &f.seen);
	assert_string_equal(f.seen.error, "");
	json = placement_to_json(&f.p, &f.seen, NULL);
	assert_int_equal(
		json_integer_value(json_object_get(
			json_object_get(json, "io_uring_workers"), "threads")),
		1);
	json_decref(json);
	f.p.vcpu_count = 1;
	fixture_close(&f);
}

static void a_vcpu_without_a_thread_is_blamed(void **state)
{
	struct fixture f;
	int two[2];

	(void)state;
	fixture_open(&f);
	two[0] = two[1] = f.vcpu_cpu;
	f.p.vcpu_cpus = two;
	f.p.vcpu_count = 2;
	placement_apply(&f.p, getpid(), &f.seen);
	let_run(&f.vmm.vcpus[0]);
	placement_look(&f.p, getpid(), false, &f.seen);
	assert_string_equal(f.seen.error,
			    "1 threads have a vCPU's name, of 2 vCPUs");
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_vcpu_has_a_core),
		cmocka_unit_test(too_few_cores_are_refused),
		cmocka_unit_test(vcpus_are_known_by_their_threads),
		cmocka_unit_test(threads_are_put_and_seen),
		cmocka_unit_test(a_thread_that_sleeps_is_not_judged),
		cmocka_unit_test(what_somebody_moves_is_blamed),
		cmocka_unit_test(workers_of_the_kernel_are_not_judged),
		cmocka_unit_test(a_vcpu_without_a_thread_is_blamed),
	};

	return RUN_TESTS(tests);
}
