// SPDX-License-Identifier: GPL-3.0-or-later
/* The micro guest, as far as it goes without a hypervisor: its points, its
 * loops, the device that serves it, and how its answers are read. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/core/io_doc.h"
#include "harness/core/metric.h"
#include "harness/core/plan.h"
#include "runners/vmm/dev/micro.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/vm.h"
#include "tests/unit/fixture/hv_fake.h"
#include "workloads/guest/micro/abi.h"
#include "workloads/guest/micro_native.h"
#include "workloads/micro/micro_loops.h"
#include "workloads/micro/micro_points.h"
#include "workloads/workload.h"

static int reset(void **state)
{
	(void)state;
	hv_fake_reset();
	return 0;
}

/* The device and the guest name the same things, each on its own. */
static void both_sides_agree_on_the_abi(void **state)
{
	(void)state;
	assert_int_equal(MICRO_IMAGE_GPA, MICRO_DEV_IMAGE_GPA);
	assert_int_equal(MICRO_IMAGE_MAX_BYTES, MICRO_DEV_IMAGE_MAX_BYTES);
	assert_int_equal(MICRO_INFO_GPA, MICRO_DEV_INFO_GPA);
	assert_int_equal(MICRO_FRAME_GPA, MICRO_DEV_FRAME_GPA);
	assert_int_equal(MICRO_FRAME_MAX_BYTES, MICRO_DEV_FRAME_MAX_BYTES);
	assert_int_equal(MICRO_FREE_GPA, MICRO_DEV_FREE_GPA);
	assert_int_equal(MICRO_GIANT_GPA, MICRO_DEV_GIANT_GPA);
	assert_int_equal(MICRO_GIANT_BYTES, MICRO_DEV_GIANT_BYTES);
	assert_int_equal(MICRO_PORT, MICRO_DEV_PORT);
	assert_int_equal(MICRO_PORT_FRAME, MICRO_DEV_PORT_FRAME);
	assert_int_equal(MICRO_PORT_NOP, MICRO_DEV_PORT_NOP);
	assert_int_equal(MICRO_PORT_COUNT, MICRO_DEV_PORT_COUNT);
	assert_int_equal(MICRO_MMIO_GPA, MICRO_DEV_MMIO_GPA);
	assert_int_equal(MICRO_MMIO_BYTES, MICRO_DEV_MMIO_BYTES);
	assert_int_equal(MICRO_MMIO_NOP, MICRO_DEV_MMIO_NOP);
	assert_int_equal(MICRO_MMIO_BELL, MICRO_DEV_MMIO_BELL);
	assert_int_equal(MICRO_MMIO_ECHO, MICRO_DEV_MMIO_ECHO);
	assert_int_equal(MICRO_ECHO_VECTOR, MICRO_DEV_ECHO_VECTOR);
	assert_int_equal(MICRO_PORT_CLOCK, MICRO_DEV_PORT_CLOCK);
	assert_int_equal(MICRO_MSR, MICRO_DEV_MSR);
	assert_int_equal(sizeof(struct micro_info),
			 sizeof(struct micro_dev_info));
	assert_int_equal(offsetof(struct micro_info, vcpu_count),
			 offsetof(struct micro_dev_info, vcpu_count));
	assert_int_equal(offsetof(struct micro_info, tsc_khz),
			 offsetof(struct micro_dev_info, tsc_khz));
	assert_int_equal(offsetof(struct micro_info, small),
			 offsetof(struct micro_dev_info, small));
	assert_int_equal(offsetof(struct micro_info, huge),
			 offsetof(struct micro_dev_info, huge));
	assert_int_equal(offsetof(struct micro_info, giant),
			 offsetof(struct micro_dev_info, giant));
	assert_int_equal(offsetof(struct micro_region, gpa),
			 offsetof(struct micro_dev_region, gpa));
	assert_int_equal(offsetof(struct micro_region, bytes),
			 offsetof(struct micro_dev_region, bytes));
}

/* "POINT/METRIC" must fit into a series' name and lead back to its point. */
static void names_fit_and_are_unique(void **state)
{
	const struct workload *const *wl;
	uint32_t i, k;

	(void)state;
	for (wl = workloads; *wl; wl++) {
		if (!((*wl)->flags & WL_NEEDS_MICRO))
			continue;
		for (i = 0; i < (*wl)->point_count; i++) {
			const char *name = (*wl)->points[i].name;

			assert_true(strlen(name) + strlen("/vmm_exits") < 32);
			assert_null(strchr(name, ' '));
			assert_null(strchr(name, '/'));
			for (k = 0; k < i; k++)
				assert_string_not_equal(name,
							(*wl)->points[k].name);
		}
	}
}

static void chase(uint64_t count)
{
	struct micro_run run = {.param = count * MICRO_LINE_BYTES};
	uint64_t visited = 0, in_place = 0;
	char *line, *next;

	run.area = aligned_alloc(MICRO_LINE_BYTES, run.param);
	micro_chase_link(&run);
	assert_null(run.failure);
	line = run.area;
	do {
		next = *(char **)line;
		in_place += next - line == MICRO_LINE_BYTES;
		line = next;
		visited++;
	} while (line != run.area);
	assert_int_equal(visited, count);
	/* By chance one line has the next one behind it. */
	assert_true(count < 64 || in_place < 8);
	free(run.area);
}

static void a_chase_visits_every_line(void **state)
{
	uint64_t count;

	(void)state;
	for (count = 2; count <= 1u << 16; count *= 2)
		chase(count);
}

static void loops_fill_every_sample(void **state)
{
	static micro_loop *const loops[] = {micro_null,  micro_delay,
					    micro_cpuid, micro_integer,
					    micro_float, micro_branch};
	uint64_t cycles[8];
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(loops); i++) {
		struct micro_run run = {.cycles = cycles,
					.sample_count = ARRAY_SIZE(cycles),
					.repeat = 3,
					.param = 1000};

		memset(cycles, 0xff, sizeof(cycles));
		loops[i](&run);
		for (k = 0; k < ARRAY_SIZE(cycles); k++)
			assert_int_not_equal(cycles[k], UINT64_MAX);
		/* A wait of known length is never shorter. */
		if (loops[i] == micro_delay)
			assert_true(cycles[0] >= 3000);
	}
}

static struct micro_run limited_run(uint64_t *cycles, uint64_t limit)
{
	struct micro_run run = {
		.cycles = cycles, .sample_count = 100, .repeat = 1};

	micro_limit_set(&run, limit, limit);
	return run;
}

static void a_series_ends_with_its_time(void **state)
{
	uint64_t cycles[100];
	struct micro_run run = limited_run(cycles, UINT64_MAX / 2);

	(void)state;
	micro_null(&run);
	assert_int_equal(run.sample_count, 100);
	assert_false(run.is_cut);
	/* Its time is over, as after a stall of the host; what is that fast has
	 * enough samples all the same. */
	run = limited_run(cycles, 1ull << 40);
	run.begin -= 2ull << 40;
	micro_null(&run);
	assert_int_equal(run.sample_count, MICRO_MIN_SAMPLES);
	assert_true(run.is_cut);
	assert_false(micro_is_too_slow(&run));
}

static void what_will_never_fit_is_too_slow(void **state)
{
	static micro_loop *const loops[] = {micro_null, micro_integer,
					    micro_float};
	uint64_t cycles[100];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(loops); i++) {
		struct micro_run run = limited_run(cycles, 1);

		loops[i](&run);
		assert_int_equal(run.sample_count, 3);
		assert_true(micro_is_too_slow(&run));
		assert_true(run.fastest_cycles < UINT64_MAX);
	}
}

static void a_line_that_is_mapped_twice_is_found(void **state)
{
	struct micro_run run = {.param = 2 * MICRO_2M};
	int fd = memfd_create("lines", MFD_CLOEXEC);
	char *half;

	(void)state;
	assert_int_equal(ftruncate(fd, MICRO_2M), 0);
	run.area = mmap(NULL, run.param, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	half = (char *)run.area + MICRO_2M;
	assert_ptr_not_equal(run.area, MAP_FAILED);
	assert_ptr_equal(mmap(run.area, MICRO_2M, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, fd, 0),
			 run.area);
	assert_ptr_equal(mmap(half, MICRO_2M, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, fd, 0),
			 half);
	micro_chase_link(&run);
	assert_non_null(run.failure);
	munmap(run.area, run.param);
	close(fd);
}

static void a_process_says_what_it_cannot(void **state)
{
	(void)state;
	assert_null(micro_native_refusal("micro_exit", "cpuid,ring3"));
	assert_null(micro_native_refusal("micro_walk", "2MiB-on-4KiB,1MiB"));
	assert_non_null(strstr(
		micro_native_refusal("micro_exit", "cpuid,ring0"), "ring 0"));
	assert_non_null(
		strstr(micro_native_refusal("micro_walk", "1GiB-on-4KiB,1MiB"),
		       "hugepages"));
}

static int read_text(const char *text, struct io_doc *doc)
{
	json_t *o = json_loads(text, 0, NULL);
	struct err err = {0};
	int ret;

	assert_non_null(o);
	ret = io_doc_read("micro_exit", o, doc, &err);
	json_decref(o);
	return ret;
}

static void cycles_become_ns_of_one_operation(void **state)
{
	struct io_doc doc;

	(void)state;
	assert_int_equal(
		read_text("{\"micro\":{\"ring\":3,\"repeat\":2,"
			  "\"tsc_khz\":2000000,\"cycles\":[4000,8000,400]}}",
			  &doc),
		0);
	assert_true(io_doc_quantile(&doc, 0.5) == 1000);
	assert_true(io_doc_quantile(&doc, 1) == 2000);
	assert_true(doc.op_count == 6);
	io_doc_release(&doc);
}

static double slowdown_of(const char *text)
{
	struct io_doc doc;

	assert_int_equal(read_text(text, &doc), 0);
	io_doc_release(&doc);
	return doc.ring0_slowdown;
}

/* Only a series of ring 0 is slowed down by it. */
static void ring_0_is_held_against_ring_3(void **state)
{
	(void)state;
	assert_true(slowdown_of("{\"micro\":{\"ring\":0,\"repeat\":1,"
				"\"tsc_khz\":1,\"ring0_cycles\":5000,"
				"\"ring3_cycles\":50,\"cycles\":[1]}}") == 100);
	assert_true(isnan(slowdown_of("{\"micro\":{\"ring\":3,\"repeat\":1,"
				      "\"tsc_khz\":1,\"ring0_cycles\":5000,"
				      "\"ring3_cycles\":50,\"cycles\":[1]}}")));
	/* An older guest did not compare them. */
	assert_true(isnan(slowdown_of("{\"micro\":{\"ring\":0,\"repeat\":1,"
				      "\"tsc_khz\":1,\"cycles\":[1]}}")));
}

static void what_is_no_sample_is_refused(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{\"micro\":{\"repeat\":1,\"tsc_khz\":1,\"cycles\":[]}}",
		"{\"micro\":{\"repeat\":0,\"tsc_khz\":1,\"cycles\":[1]}}",
		"{\"micro\":{\"repeat\":1,\"tsc_khz\":0,\"cycles\":[1]}}",
		"{\"micro\":{\"repeat\":1,\"tsc_khz\":1,\"cycles\":[-1]}}",
		"{\"micro\":{\"repeat\":1,\"tsc_khz\":1,\"cycles\":[1,\"2\"]}}",
	};
	struct io_doc doc;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(read_text(bad[i], &doc), -EPROTO);
}

struct device {
	struct hv_vm *hv;
	struct mem mem;
	struct micro micro;
	_Atomic(int) end;
	int far_fd;
};

static void device_open(struct device *d)
{
	const struct mem_config cfg = {.bytes = 64 * MIB};
	const struct hv_vm_config hv_cfg = {.vcpu_count = 1};
	struct err err = {0};
	int fds[2];

	memset(d, 0, sizeof(*d));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	d->far_fd = fds[0];
	assert_int_equal(hv_vm_create(&hv_fake, &hv_cfg, &d->hv, &err), 0);
	assert_int_equal(mem_init(&d->mem, &cfg, &err), 0);
	assert_int_equal(
		micro_create(&d->micro, d->hv, &d->mem, fds[1], &d->end, &err),
		0);
	assert_int_equal(micro_listen(&d->micro, &err), 0);
}

static void device_close(struct device *d)
{
	close(d->micro.channel_fd);
	close(d->far_fd);
	micro_destroy(&d->micro);
	mem_release(&d->mem);
	hv_vm_destroy(d->hv);
	micro_release(&d->micro);
}

static void the_clock_is_the_host_s(void **state)
{
	struct hv_access access = {.addr = MICRO_PORT_CLOCK - MICRO_PORT,
				   .len_bytes = 4};
	struct timespec before, after;
	struct device d;
	uint64_t first_ns;

	(void)state;
	device_open(&d);
	clock_gettime(CLOCK_MONOTONIC_RAW, &before);
	micro_port_access(&d.micro, &access);
	clock_gettime(CLOCK_MONOTONIC_RAW, &after);
	first_ns =
		(uint64_t)before.tv_sec * NS_PER_S + (uint64_t)before.tv_nsec;
	/* It wraps. */
	assert_true((uint32_t)(access.data - first_ns) <=
		    (uint64_t)after.tv_sec * NS_PER_S +
			    (uint64_t)after.tv_nsec - first_ns);
	device_close(&d);
}

static uint64_t port(struct device *d, bool is_write, uint64_t data)
{
	struct hv_access access = {.addr = MICRO_PORT_FRAME - MICRO_PORT,
				   .data = data,
				   .len_bytes = 4,
				   .is_write = is_write};

	micro_port_access(&d->micro, &access);
	return access.data;
}

static void frames_go_both_ways(void **state)
{
	struct device d;
	char *frame, got[8];

	(void)state;
	device_open(&d);
	frame = mem_ptr(&d.mem, MICRO_FRAME_GPA, 8);
	memcpy(frame, "to host", 8);
	port(&d, true, 8);
	assert_int_equal(read(d.far_fd, got, sizeof(got)), 8);
	assert_string_equal(got, "to host");
	assert_int_equal(write(d.far_fd, "a guest", 8), 8);
	assert_int_equal(port(&d, false, 0), 8);
	assert_string_equal(frame, "a guest");
	/* A length that the guest made up moves nothing. */
	port(&d, true, MICRO_FRAME_MAX_BYTES + 1);
	port(&d, true, UINT64_MAX);
	assert_int_equal(recv(d.far_fd, got, sizeof(got), MSG_DONTWAIT), -1);
	/* Nor is a machine waited for that has ended. */
	atomic_store(&d.end, 1);
	assert_int_equal(port(&d, false, 0), 0);
	device_close(&d);
}

static void an_echo_is_answered(void **state)
{
	struct device d;
	uint64_t count = 1;

	(void)state;
	device_open(&d);
	assert_int_equal(write(d.micro.echo_fd, &count, sizeof(count)), 8);
	assert_int_equal(read(d.micro.answer_fd, &count, sizeof(count)), 8);
	assert_int_equal(count, 1);
	device_close(&d);
}

static struct vm_config micro_config(const char *path)
{
	return (struct vm_config){.micro_path = path,
				  .mem = {.bytes = 64 * MIB},
				  .vcpu_count = 1,
				  .serial_fd = -1,
				  .channel_fd = -1,
				  .input_fd = -1};
}

static void create_undoes_every_prefix(void **state)
{
	struct vm_config cfg = micro_config("/proc/self/stat");
	struct vm *vm = NULL;
	int ret = -1;
	int n;

	(void)state;
	for (n = 1; ret; n++) {
		struct err err = {0};

		hv_fake_reset();
		hv_fake_state.fail_at = n;
		ret = vm_create(&hv_fake, &cfg, &vm, &err);
		if (ret) {
			assert_non_null(err.msg[0] ? err.msg : NULL);
			assert_int_equal(hv_fake_state.live_objects, 0);
		}
		assert_true(n < 20);
	}
	/* Two doorbells and an irqfd are more than a machine without it has. */
	assert_true(n > 5);
	vm_destroy(vm);
	assert_int_equal(hv_fake_state.live_objects, 0);
}

static void what_is_no_image_is_refused(void **state)
{
	struct vm_config cfg = micro_config("/does/not/exist");
	struct err err = {0};
	struct vm *vm = NULL;

	(void)state;
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/does/not/exist"));
	cfg = micro_config("/dev/null");
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), -EINVAL);
	cfg = micro_config("/dev/zero");
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), -EINVAL);
	assert_int_equal(hv_fake_state.live_objects, 0);
}

static void micro_boots_are_apart(void **state)
{
	struct schedule sched;
	struct plan plan;
	struct err err = {0};
	size_t micro_count = 0;
	size_t i, k;

	(void)state;
	plan_init_quick(&plan);
	assert_int_equal(plan_add_workloads(&plan, "cpu,storage,micro", &err),
			 0);
	plan.block_count = 2;
	plan.runners[0] = "native";
	plan.runners[1] = "kvm";
	plan.runners[2] = "qemu-kvm";
	plan.runner_count = 3;
	schedule_init(&sched, &plan);
	for (i = 0; i < sched.count; i++) {
		const struct bench_case *bc = &sched.cases[i];
		bool is_micro = bench_case_needs(bc, WL_NEEDS_MICRO);

		for (k = 0; k < bc->item_count; k++)
			assert_int_equal(
				!strncmp(bc->items[k].workload, "micro_", 6),
				is_micro);
		micro_count += is_micro;
		/* One interrupts the other; and QEMU cannot boot it. */
		assert_int_equal(bc->vcpu_count, is_micro ? 2 : 1);
		if (is_micro)
			assert_string_not_equal(bc->runner, "qemu-kvm");
	}
	/* Of two A B B A, of three one each. */
	assert_int_equal(micro_count, 2 * 4);
	assert_int_equal(sched.count, 2 * 4 + 6 + 6);
	schedule_release(&sched);
	assert_false(plan_is_micro(&plan));
	plan_release(&plan);
	plan_init_quick(&plan);
	assert_false(plan_is_micro(&plan));
	assert_int_equal(plan_add_workloads(&plan, "micro", &err), 0);
	assert_true(plan_is_micro(&plan));
	plan_release(&plan);
}

/* Points have commas of their own, and so have lists. */
static void a_point_with_commas_can_be_named(void **state)
{
	struct plan plan;
	struct err err = {0};

	(void)state;
	plan_init_quick(&plan);
	assert_int_equal(
		plan_add_workloads(
			&plan,
			"null,micro_exit:cpuid,ring3,mem_latency:16KiB,4KiB-pages,delay",
			&err),
		0);
	assert_int_equal(plan.series.item_count, 4);
	assert_string_equal(plan.series.items[1].point, "cpuid,ring3");
	assert_string_equal(plan.series.items[2].point, "16KiB,4KiB-pages");
	assert_string_equal(plan.series.items[3].workload, "delay");
	assert_int_equal(
		plan_add_workloads(&plan, "micro_exit:cpuid,ring7,null", &err),
		-EINVAL);
	plan_release(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_agree_on_the_abi),
		cmocka_unit_test(names_fit_and_are_unique),
		cmocka_unit_test(a_chase_visits_every_line),
		cmocka_unit_test(loops_fill_every_sample),
		cmocka_unit_test(a_series_ends_with_its_time),
		cmocka_unit_test(what_will_never_fit_is_too_slow),
		cmocka_unit_test(a_line_that_is_mapped_twice_is_found),
		cmocka_unit_test(a_process_says_what_it_cannot),
		cmocka_unit_test(cycles_become_ns_of_one_operation),
		cmocka_unit_test(ring_0_is_held_against_ring_3),
		cmocka_unit_test(what_is_no_sample_is_refused),
		cmocka_unit_test_setup(the_clock_is_the_host_s, reset),
		cmocka_unit_test_setup(frames_go_both_ways, reset),
		cmocka_unit_test_setup(an_echo_is_answered, reset),
		cmocka_unit_test_setup(create_undoes_every_prefix, reset),
		cmocka_unit_test_setup(what_is_no_image_is_refused, reset),
		cmocka_unit_test(micro_boots_are_apart),
		cmocka_unit_test(a_point_with_commas_can_be_named),
	};

	return RUN_TESTS(tests);
}
