// SPDX-License-Identifier: GPL-3.0-or-later
/* Storage and network cases: what programs print, what becomes of it, and
 * what they work on. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/cli/run_args.h"
#include "harness/core/hostprobe.h"
#include "harness/core/io_doc.h"
#include "harness/core/metric.h"
#include "harness/core/plan.h"
#include "harness/core/result.h"
#include "runners/link/program_log.h"
#include "runners/measure/hv_scheduler.h"
#include "runners/machine/qmp.h"
#include "runners/site/disk_file.h"
#include "runners/site/io_site.h"
#include "runners/vmm/event.h"
#include "workloads/histogram.h"
#include "workloads/workload.h"

/* --- what programs print ------------------------------------------------ */

#define FIO_PART(ios, bytes, iops, bw, bins)                           \
	"{\"total_ios\":" ios ",\"io_bytes\":" bytes ",\"iops\":" iops \
	",\"bw_bytes\":" bw ",\"lat_ns\":{\"bins\":{" bins "}}}"
#define FIO(error, read, write)                                              \
	"{\"jobs\":[{\"error\":" error ",\"read\":" read ",\"write\":" write \
	"}]}"
#define NOTHING FIO_PART("0", "0", "0.0", "0", "")

static int read_doc(const char *workload, const char *text, struct io_doc *doc,
		    struct err *err)
{
	json_t *o = json_loads(text, 0, NULL);
	int ret;

	assert_non_null(o);
	ret = io_doc_read(workload, o, doc, err);
	json_decref(o);
	return ret;
}

static void fio_is_read_both_ways(void **state)
{
	struct io_doc doc;
	struct err err = {0};

	(void)state;
	assert_int_equal(
		read_doc("storage",
			 FIO("0",
			     FIO_PART("3", "12288", "300.5", "1000",
				      "\"200\":2,\"100\":1"),
			     FIO_PART("1", "4096", "99.5", "24", "\"150\":1")),
			 &doc, &err),
		0);
	assert_true(doc.op_count == 4 && doc.byte_count == 16384);
	assert_true(doc.ops_per_s == 400 && doc.bytes_per_s == 1024);
	assert_int_equal(doc.bin_count, 3);
	assert_true(io_doc_quantile(&doc, 0.25) == 100);
	assert_true(io_doc_quantile(&doc, 0.5) == 150);
	assert_true(io_doc_quantile(&doc, 0.51) == 200);
	assert_true(io_doc_quantile(&doc, 1) == 200);
	assert_true(isnan(doc.loss_ratio) && isnan(doc.verified_bytes));
	io_doc_release(&doc);
	assert_true(isnan(io_doc_quantile(&doc, 0.5)));
}

/* Each is a thing that no figure may be made of. */
static void nonsense_gives_no_figures(void **state)
{
	static const struct {
		const char *workload, *text, *words;
	} bad[] = {
		{"storage", "{}", "printed no job"},
		{"storage", "{\"jobs\":[]}", "printed no job"},
		{"storage", FIO("5", NOTHING, NOTHING), "failed with error 5"},
		{"storage", FIO("0", "{}", NOTHING), "cannot parse"},
		{"storage",
		 FIO("0", FIO_PART("1", "1", "1", "1", "\"x\":1"), NOTHING),
		 "cannot parse"},
		{"storage",
		 FIO("0", FIO_PART("1", "1", "1", "1", "\"5\":-1"), NOTHING),
		 "cannot parse"},
		{"storage_verify",
		 FIO("0", FIO_PART("1", "4096", "1", "1", ""),
		     FIO_PART("2", "8192", "1", "1", "")),
		 "wrote 8192 bytes and read back 4096"},
		{"network", "{\"error\":\"no route\"}", "no route"},
		{"network", "{\"end\":{\"sum_received\":{\"bytes\":5}}}",
		 "cannot parse"},
		{"network_rr", "{\"rr\":{\"count\":1}}", "cannot parse"},
		{"null", "{}", "no parser for"},
	};
	struct io_doc doc;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(
			read_doc(bad[i].workload, bad[i].text, &doc, &err),
			-EPROTO);
		assert_non_null(strstr(err.msg, bad[i].words));
		assert_null(doc.bins);
	}
}

static void iperf_tells_what_arrived(void **state)
{
	struct io_doc doc;
	struct err err;

	(void)state;
	assert_int_equal(read_doc("network",
				  "{\"end\":{\"sum_sent\":{\"bytes\":1000},"
				  "\"sum_received\":{\"bytes\":900,"
				  "\"bits_per_second\":7200,\"packets\":10,"
				  "\"lost_packets\":1}}}",
				  &doc, &err),
			 0);
	assert_true(doc.byte_count == 900 && doc.bytes_per_s == 900);
	assert_true(doc.loss_ratio == 0.1);
}

/* fio's bound: half a bin, 1/128 of the value. */
static void histogram_errs_below_a_percent(void **state)
{
	static struct histogram h;
	uint64_t ns, seen = 0;
	uint32_t i;

	(void)state;
	for (ns = 1; ns < 30 * NS_PER_S; ns += ns / 7 + 1) {
		double gap;

		memset(&h, 0, sizeof(h));
		histogram_add(&h, ns);
		for (i = 0; !h.bins[i]; i++)
			;
		gap = fabs((double)histogram_value(i) - (double)ns);
		assert_true(gap <= (double)ns / 128);
		seen++;
	}
	assert_true(seen > 100);
	histogram_add(&h, UINT64_MAX); /* has a place as well */
}

/* --- from a talk to series ---------------------------------------------- */

/* A line of the VMM; what is no event of one of these kinds is nothing. */
static void tell(struct program_log *log, const char *line)
{
	struct event e;

	if (!event_parse(line, &e))
		return;
	if (e.kind == EVENT_EACH)
		program_log_each(log, &e);
	else
		program_log_count(log, &e);
}

static void say_run(struct program_log *log, const char *end,
		    const char *output)
{
	assert_int_equal(program_log_mark(log, "begin 7"), 0);
	assert_int_equal(program_log_mark(log, "ping"), 0);
	tell(log, "count 14 blk0.requests 100");
	tell(log, "count 14 blk0.doorbells 10");
	tell(log, "count 15 blk0.requests 104");
	tell(log, "count 15 blk0.doorbells 12");
	tell(log, "count 15 exit.mmio 8");
	tell(log, "each 7 100 300 200");
	tell(log, "each 7 400 500 oops 9");
	tell(log, "each 8 70000");
	tell(log, "each nothing");
	assert_int_equal(program_log_mark(log, end), 0);
	assert_int_equal(program_log_output(log, output, strlen(output)), 0);
	assert_int_equal(program_log_end(log, "1"), 0);
}

static double value_of(const struct result *res, const char *point)
{
	size_t i;

	for (i = 0; i < res->series_count; i++)
		if (!strcmp(res->series[i].point, point) &&
		    res->series[i].sample_count)
			return res->series[i].samples[0].value;
	return NAN;
}

static const char four_reads[] =
	FIO("0", FIO_PART("4", "16384", "40", "163840", "\"1000\":4"), NOTHING);

static void programs_become_series(void **state)
{
	struct program_log log = {.meter.machine = getpid()};
	struct result res;

	(void)state;
	result_init(&res);
	program_log_open(&log, "storage", "randread-4k-qd1");
	say_run(&log, "end 7 100000000 5 6 200000000 20500 21000", four_reads);
	program_log_finish(&log, &res);
	assert_true(value_of(&res, "randread-4k-qd1/iops") == 40);
	assert_true(value_of(&res, "randread-4k-qd1/p999") == 1000);
	assert_true(value_of(&res, "randread-4k-qd1/doorbells") == 0.5);
	assert_true(value_of(&res, "randread-4k-qd1/clock") == 20.5);
	assert_non_null(
		strstr(res.documents[0].text, "\"gettimeofday_ps\":21000"));
	assert_true(value_of(&res, "randread-4k-qd1/vmm_exits") == 2);
	assert_true(value_of(&res, "randread-4k-qd1/vmm_p50") == 300);
	assert_true(value_of(&res, "randread-4k-qd1/vmm_p99") > 490);
	assert_non_null(strstr(res.documents[0].text,
			       "\"handled_ns\":[100,300,200,400,500]"));
	assert_true(value_of(&res, "randread-4k-qd1/cpu_per_kop") >= 0);
	assert_true(isnan(value_of(&res, "randread-4k-qd1/exits")));
	assert_int_equal(res.document_count, 1);
	assert_non_null(strstr(res.documents[0].text, "\"blk0.doorbells\":2"));
	assert_int_equal(res.series[0].samples[0].disturbances, 0);
	assert_false(res.series[0].lower_is_better);
	program_log_release(&log);
	result_release(&res);
}

/* The agent's clock says 100 s; hardly any time has passed here. */
static void programs_of_a_lying_clock_are_marked(void **state)
{
	struct program_log log = {.meter.machine = getpid()};
	struct result res;

	(void)state;
	result_init(&res);
	program_log_open(&log, "storage", "randread-4k-qd1");
	say_run(&log, "end 7 100000000000 5 6 1000 20500 21000", four_reads);
	program_log_finish(&log, &res);
	assert_int_equal(res.series[0].samples[0].disturbances,
			 DISTURBED_CLOCKS);
	program_log_release(&log);
	result_release(&res);
}

/* Traffic that moved no bytes is void, never a zero. */
static void nothing_moved_is_void(void **state)
{
	struct program_log log = {.meter.machine = getpid()};
	struct result res;

	(void)state;
	result_init(&res);
	program_log_open(&log, "network", "tcp-1");
	say_run(&log, "end 7 100 5 6 100 20500 21000",
		"{\"end\":{\"sum_received\":{\"bytes\":0,"
		"\"bits_per_second\":0}}}");
	program_log_finish(&log, &res);
	assert_int_equal(res.series_count, 1);
	assert_int_equal(res.series[0].status, RUN_VOID);
	assert_string_equal(res.series[0].point, "tcp-1/bandwidth");
	assert_int_equal(res.series[0].sample_count, 0);
	program_log_release(&log);
	result_release(&res);
}

/* A number that cannot be is told, not left out: readers would miss no figure. */
static void what_cannot_be_has_a_reason(void **state)
{
	struct program_log log = {.meter.machine = getpid()};
	struct result res;
	size_t i;

	(void)state;
	result_init(&res);
	program_log_open(&log, "network", "udp-1");
	say_run(&log, "end 7 100 5 6 100 20500 21000",
		"{\"end\":{\"sum_received\":{\"bytes\":1000,"
		"\"bits_per_second\":8000,\"lost_packets\":1796,"
		"\"packets\":1000}}}");
	program_log_finish(&log, &res);
	assert_int_equal(res.series_count, 1);
	assert_int_equal(res.series[0].status, RUN_WORKLOAD_FAILED);
	assert_non_null(strstr(res.series[0].reason, "1796 lost packets of"));
	program_log_release(&log);
	result_release(&res);

	/* A counter of the kernel's that went backwards. */
	log = (struct program_log){.meter.machine = getpid()};
	result_init(&res);
	program_log_open(&log, "storage", "randread-4k-qd1");
	say_run(&log, "end 7 100000000 5 6 200000000 20500 21000", four_reads);
	log.entries[0].before.kvm[KVM_STAT_EXITS] = 90;
	log.entries[0].after.kvm[KVM_STAT_EXITS] = 50;
	program_log_finish(&log, &res);
	for (i = 0; i < res.series_count; i++)
		if (strstr(res.series[i].point, "/exits"))
			break;
	assert_true(i < res.series_count);
	assert_int_equal(res.series[i].status, RUN_WORKLOAD_FAILED);
	assert_non_null(strstr(res.series[i].reason, "-10, which cannot be"));
	assert_int_equal(res.series[i].sample_count, 0);
	program_log_release(&log);
	result_release(&res);
}

static void run_micro(const char *rings, struct result *res)
{
	struct program_log log = {
		.meter = {.machine = getpid(), .skips_threads = true}};
	char output[160];

	snprintf(output, sizeof(output),
		 "{\"micro\":{\"ring\":0,\"repeat\":1,\"tsc_khz\":1000000,"
		 "%s\"cycles\":[10,20,30]}}",
		 rings);
	result_init(res);
	program_log_open(&log, "micro_exit", "cpuid,ring0");
	say_run(&log, "end 7 100000000 5 6 200000000 20500 21000", output);
	program_log_finish(&log, res);
	program_log_release(&log);
}

/* A thread that ended takes its time with it: nothing was used a negative time. */
static void threads_that_end_use_no_negative_time(void **state)
{
	struct program_log log = {.meter = {.machine = getpid()}};
	struct result res;

	(void)state;
	result_init(&res);
	program_log_open(&log, "storage", "randread-4k-qd1");
	say_run(&log, "end 7 100000000 5 6 200000000 20500 21000", four_reads);
	assert_int_equal(log.entry_count, 1);
	log.entries[0].before.kernel_ns = 1000;
	log.entries[0].after.kernel_ns = 400;
	log.entries[0].before.vhost_ns = 1000;
	log.entries[0].after.vhost_ns = 1400;
	program_log_finish(&log, &res);
	assert_non_null(strstr(res.documents[0].text, "\"vhost_cpu_ns\":400"));
	assert_null(strstr(res.documents[0].text, "kernel_cpu_ns"));
	program_log_release(&log);
	result_release(&res);
}

/* Under a scheduler of the hypervisor's a guest would seem to cost nothing. */
static void cpu_that_is_not_seen_is_no_small_figure(void **state)
{
	struct program_log log = {
		.meter = {.machine = getpid(), .hides_cpu = true}};
	struct result res;
	size_t i, refused = 0;

	(void)state;
	result_init(&res);
	program_log_open(&log, "storage", "randread-4k-qd1");
	say_run(&log, "end 7 100000000 5 6 200000000 20500 21000", four_reads);
	program_log_finish(&log, &res);
	assert_true(value_of(&res, "randread-4k-qd1/iops") == 40);
	for (i = 0; i < res.series_count; i++) {
		const struct series *s = &res.series[i];

		if (!strstr(s->point, "/cpu_per_"))
			continue;
		refused++;
		assert_int_equal(s->status, RUN_SKIPPED);
		assert_int_equal(s->sample_count, 0);
		assert_non_null(strstr(s->reason, "not measurable"));
	}
	assert_int_equal(refused, 2);
	assert_null(strstr(res.documents[0].text, "machine_cpu_ns"));
	program_log_release(&log);
	result_release(&res);
}

static void the_scheduler_is_the_kernels_word(void **state)
{
	static const struct {
		const char *log, *name;
		bool shows_cpu;
	} cases[] = {
		{"", "unknown", false},
		{"6,1,2,-;usb 1-1: new\n", "unknown", false},
		{"6,9,9,-;misc mshv: Hypervisor using core scheduler\n",
		 "core scheduler", false},
		{"6,9,9,-;mshv: Hypervisor using root scheduler\n SUBSYSTEM=misc\n",
		 "root scheduler", true},
		{"mshv: hypervisor using classic scheduler with SMT\n",
		 "classic scheduler with SMT", false},
		/* Loaded twice: the last word holds. */
		{"Hypervisor using root scheduler\nHypervisor using core scheduler\n",
		 "core scheduler", false},
		/* Cut short. */
		{"Hypervisor using root sched", "unknown", false},
	};
	char name[HV_SCHEDULER_NAME_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_string_equal(hv_scheduler_of_log(cases[i].log, name),
				    cases[i].name);
		assert_int_equal(hv_scheduler_shows_cpu(name),
				 cases[i].shows_cpu);
	}
	assert_true(*hv_scheduler_here(name));
}

/* What was emulated has figures, and each of them says so. */
static void an_emulated_ring_is_noted(void **state)
{
	struct result res;
	size_t i;

	(void)state;
	run_micro("\"ring0_cycles\":900000,\"ring3_cycles\":500,", &res);
	assert_true(value_of(&res, "cpuid,ring0/p50") == 20);
	for (i = 0; i < res.series_count; i++) {
		assert_int_equal(res.series[i].status, RUN_OK);
		assert_non_null(
			strstr(res.series[i].reason, "emulates ring 0"));
	}
	/* Threads that were not read cost nothing that is known. */
	assert_non_null(strstr(res.documents[0].text, "machine_cpu_ns"));
	assert_null(strstr(res.documents[0].text, "kernel_cpu_ns"));
	result_release(&res);
	run_micro("\"ring0_cycles\":600,\"ring3_cycles\":500,", &res);
	for (i = 0; i < res.series_count; i++)
		assert_string_equal(res.series[i].reason, "");
	result_release(&res);
	run_micro("", &res);
	assert_string_equal(res.series[0].reason, "");
	result_release(&res);
}

static void a_cut_program_has_a_reason(void **state)
{
	struct program_log log = {.meter.machine = getpid()};
	struct result res;

	(void)state;
	result_init(&res);
	program_log_open(&log, "storage", "fsync-4k-qd1");
	assert_int_equal(program_log_mark(&log, "begin 1"), 0);
	program_log_finish(&log, &res);
	assert_int_equal(res.series[0].status, RUN_RUNNER_FAILED);
	assert_non_null(strstr(res.series[0].reason, "while the program ran"));
	program_log_release(&log);
	result_release(&res);
}

static void marks_out_of_order_are_refused(void **state)
{
	struct program_log log = {.meter.machine = getpid()};

	(void)state;
	assert_int_equal(program_log_mark(&log, "begin 1"), -EPROTO);
	assert_int_equal(program_log_output(&log, "x", 1), -EPROTO);
	program_log_open(&log, "storage", "x");
	assert_int_equal(program_log_mark(&log, "end 1 2 3 4 5 20500 21000"),
			 -EPROTO);
	assert_int_equal(program_log_mark(&log, "ping"), -EPROTO);
	assert_int_equal(program_log_mark(&log, "begin 1"), 0);
	assert_int_equal(program_log_mark(&log, "begin 1"), -EPROTO);
	assert_int_equal(program_log_mark(&log, "ping"), 0);
	assert_int_equal(program_log_mark(&log, "end 2 2 3 4 5 20500 21000"),
			 -EPROTO);
	assert_int_equal(program_log_output(&log, "x", 1), -EPROTO);
	assert_int_equal(program_log_end(&log, "1"), -EPROTO);
	assert_int_equal(program_log_mark(&log, "end 1 2 3 4 5 20500 21000"),
			 0);
	assert_int_equal(program_log_end(&log, "2"), -EPROTO);
	program_log_drop(&log);
	assert_int_equal(log.entry_count, 0);
	program_log_release(&log);
}

/* --- plans -------------------------------------------------------------- */

static void devices_have_boots_of_their_own(void **state)
{
	struct schedule sched;
	struct plan plan;
	struct err err;
	size_t i, plain = 0, io = 0;

	(void)state;
	plan_init_quick(&plan);
	plan.block_count = 3;
	plan.io_block_count = 2;
	plan.runners[0] = "native";
	plan.runners[1] = "kvm";
	plan.runner_count = 2;
	assert_int_equal(
		plan_add_workloads(
			&plan, "null,storage:fsync-4k-qd1,network_rr", &err),
		0);
	schedule_init(&sched, &plan);
	for (i = 0; i < sched.count; i++) {
		const struct bench_case *bc = &sched.cases[i];
		bool has_io =
			bench_case_needs(bc, WL_NEEDS_DISK | WL_NEEDS_NET);

		assert_int_equal(bc->item_count, has_io ? 5 : 1);
		assert_int_equal(bc->io.queue_count, 1);
		io += has_io;
		plain += !has_io;
	}
	assert_int_equal(plain, 3 * 4);
	assert_int_equal(io, 2 * 4);
	schedule_release(&sched);
	plan_release(&plan);
}

static void unknown_points_are_named(void **state)
{
	struct plan plan;
	struct err err;

	(void)state;
	plan_init_quick(&plan);
	assert_int_equal(plan_add_workloads(&plan, "storage:randread", &err),
			 -EINVAL);
	assert_non_null(strstr(err.msg, "has no point 'randread'"));
	assert_int_equal(plan_add_workloads(&plan, "boot:init", &err), -EINVAL);
	plan_release(&plan);
}

static void cases_survive_the_way_to_the_worker(void **state)
{
	struct bench_case bc = {.io = {.io_ns = 5,
				       .disk = "/dev/x",
				       .disk_bytes = 7,
				       .may_overwrite = true,
				       .queue_count = 3,
				       .vhost = "off",
				       .peer = "10.0.0.1",
				       .interface = "br0",
				       .guest_address = "10.0.0.2/24",
				       .guest_gateway = "10.0.0.3",
				       .ignores_panic = true}};
	struct bench_case back;
	json_t *json = bench_case_to_json(&bc);
	struct err err;

	(void)state;
	assert_int_equal(bench_case_from_json(json, &back, &err), 0);
	assert_memory_equal(&back.io, &bc.io, sizeof(bc.io));
	json_decref(json);
	bench_case_release(&back);
}

static void every_metric_has_its_unit(void **state)
{
	const struct metric *m;
	char point[64];

	(void)state;
	for (m = metrics; m->name; m++) {
		snprintf(point, sizeof(point), "x/%s", m->name);
		assert_ptr_equal(metric_of_point(point), m);
		assert_true(m->unit && m->title && m->text);
		assert_true(metric_index(m) < 64);
	}
	assert_null(metric_of_point("16KiB,4KiB-pages"));
	assert_null(metric_of_point("x/y"));
}

static int parse_run(char *const *words, struct run_args *args, struct err *err)
{
	char *argv[16] = {(char *)"run"};
	int argc = 1;
	int ret;

	while (words[argc - 1]) {
		argv[argc] = words[argc - 1];
		argc++;
	}
	optind = 0;
	ret = run_args_parse(argc, argv, args, err);
	plan_release(&args->plan);
	return ret;
}

static void bad_options_are_named(void **state)
{
	static char *const bad[][4] = {
		{(char *)"--disk-size", (char *)"1M"},
		{(char *)"--disk-size", (char *)"17000001"},
		{(char *)"--disk", (char *)"a,readonly"},
		{(char *)"--vhost", (char *)"maybe"},
		{(char *)"--queues", (char *)"99"},
		{(char *)"--net-peer", (char *)"example.com"},
		{(char *)"--net-peer", (char *)"10.0.0.1"},
		{(char *)"--net-guest-address", (char *)"10.0.0.1"},
		{(char *)"--net-guest-address", (char *)"10.0.0.1/33"},
		{(char *)"--net-interface", (char *)"br0"},
		{(char *)"--io-ms", (char *)"0"},
		{(char *)"--budget", (char *)"0m"},
		{(char *)"--until-decided"},
		{(char *)"--stretch", (char *)"native"},
		{(char *)"--stretch", (char *)"xen=3"},
		{(char *)"--stretch", (char *)"native=0"},
	};
	struct run_args args;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_run(bad[i], &args, &err), -EINVAL);
}

/* --- the host ----------------------------------------------------------- */

static void a_file_is_conditioned_once(void **state)
{
	char path[] = "build/test-disk-XXXXXX";
	int fd = mkstemp(path);
	struct stat first, second;
	struct err err = {0};
	uint64_t word = 0;
	int ret;

	(void)state;
	close(fd);
	unlink(path);
	ret = disk_file_prepare(path, 2 * MIB, 0, &err);
	if (ret == -EINVAL) {
		print_message("SKIP: %s\n", err.msg);
		skip();
	}
	assert_int_equal(ret, 0);
	assert_int_equal(stat(path, &first), 0);
	assert_int_equal(first.st_size, 2 * MIB + 4096);
	/* No holes, and no zeros. */
	assert_true(first.st_blocks * 512 >= 2 * (int64_t)MIB);
	fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, &word, 8, MIB), 8);
	assert_true(word != 0);
	assert_int_equal(pwrite(fd, "kept", 4, 0), 4);
	assert_int_equal(disk_file_prepare(path, 2 * MIB, 0, &err), 0);
	assert_int_equal(pread(fd, &word, 4, 0), 4);
	assert_memory_equal(&word, "kept", 4);
	/* Another size is another disk. */
	assert_int_equal(disk_file_prepare(path, 3 * MIB, 0, &err), 0);
	assert_int_equal(stat(path, &second), 0);
	assert_int_equal(second.st_size, 3 * MIB + 4096);
	close(fd);
	unlink(path);
	assert_int_equal(
		disk_file_prepare("/dev/null", MIB, DISK_FILE_OVERWRITE, &err),
		-EINVAL);
}

/* Opens the site of a case with its disk at PATH; what it says of that. */
static void open_site(const char *path, struct link_env *env)
{
	struct bench_case bc = {.io = {.disk_bytes = 4 * MIB}};
	struct io_site site;

	snprintf(bc.io.disk, sizeof(bc.io.disk), "%s", path);
	bench_case_add(&bc, "storage", "randread-4k-qd1");
	io_site_open(&site, &bc, NET_NATIVE);
	*env = site.env;
	io_site_close(&site);
	bench_case_release(&bc);
}

/* Where a guest's disk is cached by the host, the file system need not know direct
 * I/O; natively there is no such disk. */
static void a_cached_disk_is_for_guests(void **state)
{
	char path[] = "/dev/shm/l1vh-test-disk-XXXXXX";
	int fd = mkstemp(path);
	struct bench_case bc = {
		.io = {.disk_bytes = 2 * MIB, .disk_cache = "host"}};
	struct io_site site;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(bc.io.disk, sizeof(bc.io.disk), "%s", path);
	bench_case_add(&bc, "storage", "randread-4k-qd1");
	io_site_open(&site, &bc, NET_NATIVE);
	assert_false(site.has_disk);
	assert_non_null(strstr(site.env.disk_refusal, "is for guests"));
	io_site_close(&site);
	io_site_open(&site, &bc, NET_GUEST);
	assert_true(site.has_disk && site.needs_tools);
	assert_string_equal(site.env.disk_refusal, "");
	io_site_close(&site);
	snprintf(bc.io.disk, sizeof(bc.io.disk), "null:64M");
	io_site_open(&site, &bc, NET_GUEST);
	assert_false(site.has_disk);
	assert_string_equal(site.env.disk_refusal, "a null disk has no cache");
	io_site_close(&site);
	/* Nothing is made that nobody will have. */
	snprintf(bc.io.disk, sizeof(bc.io.disk), "%s", path);
	unlink(path);
	io_site_open_but_disk(&site, &bc, NET_GUEST, "not here");
	assert_string_equal(site.env.disk_refusal, "not here");
	assert_int_equal(access(path, F_OK), -1);
	io_site_close(&site);
	io_site_open(&site, &bc, NET_GUEST);
	assert_true(site.has_disk);
	io_site_deny_disk(&site, "made up");
	assert_false(site.has_disk || site.needs_tools);
	assert_null(site.tools);
	assert_string_equal(site.env.disk_refusal, "made up");
	io_site_close(&site);
	bench_case_release(&bc);
	unlink(path);
}

static void a_full_host_fails_and_a_careful_one_refuses(void **state)
{
	char path[] = "build/test-disk-XXXXXX";
	int fd = mkstemp(path);
	struct rlimit old, limit;
	struct link_env env;

	(void)state;
	assert_int_equal(write(fd, "somebody's", 10), 10);
	close(fd);
	open_site(path, &env);
	assert_non_null(strstr(env.disk_refusal, "exists and is not ours"));
	assert_string_equal(env.disk_failure, "");
	unlink(path);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = (struct rlimit){MIB, old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	open_site(path, &env);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	unlink(path);
	if (strstr(env.disk_refusal, "no direct I/O")) {
		print_message("SKIP: %s\n", env.disk_refusal);
		skip();
	}
	assert_non_null(strstr(env.disk_failure, "cannot write to"));
	assert_string_equal(env.disk_refusal, "");
}

static void an_l1vh_network_is_not_loaded_unasked(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(network_danger_of(PARTITION_NONE, &err), 0);
	assert_int_equal(network_danger_of(PARTITION_GUEST, &err), 0);
	assert_int_equal(network_danger_of(PARTITION_ROOT, &err), 0);
	assert_int_equal(network_danger_of(PARTITION_L1VH, &err), -EPERM);
	assert_non_null(strstr(err.msg, "panic"));
	assert_non_null(strstr(err.msg, "--network-may-panic-host"));
	assert_true(strlen(err.msg) < 160);
}

static void qemu_is_asked_and_heard(void **state)
{
	int fds[2];
	struct qmp q = {.fd = -1};
	char text[512];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	q.fd = fds[1];
	qmp_line(&q, "not json");
	assert_false(q.has_greeting);
	qmp_line(&q, "{\"event\":\"SHUTDOWN\"}");
	assert_string_equal(q.shutdown, "no reason given");
	qmp_line(&q, "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":2,"
		     "\"minor\":0,\"major\":10},\"package\":\"Debian 1\"}}}");
	assert_string_equal(q.version, "10.0.2 Debian 1");
	assert_true(read(fds[0], text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "query-kvm"));
	qmp_line(&q, "{\"return\":{\"enabled\":true,\"present\":true},"
		     "\"id\":\"kvm\"}");
	assert_true(q.knows_kvm && q.kvm_enabled);
	qmp_line(&q, "{\"id\":\"accelerators\",\"error\":{}}");
	assert_string_equal(q.accelerator, "");
	qmp_line(&q, "{\"id\":\"accelerators\",\"return\":"
		     "{\"enabled\":\"mshv\"}}");
	assert_string_equal(q.accelerator, "mshv");
	qmp_line(&q, "{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":true,"
		     "\"reason\":\"guest-reset\"}}");
	assert_string_equal(q.shutdown, "guest-reset");
	qmp_ask_place(&q);
	assert_true(read(fds[0], text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "info registers"));
	assert_false(q.place.knows_rip || q.place.knows_requests);
	qmp_line(&q, "{\"id\":\"registers\",\"return\":"
		     "\"EAX=0\\r\\nEIP=000fd1d2 EFL=00000046\"}");
	assert_true(q.place.knows_rip);
	assert_int_equal(q.place.rip, 0xfd1d2);
	qmp_line(&q, "{\"id\":\"blocks\",\"return\":["
		     "{\"stats\":{\"rd_operations\":3}},{\"stats\":{}},"
		     "{\"stats\":{\"rd_operations\":4}}]}");
	assert_true(q.place.knows_requests);
	assert_int_equal(q.place.disk_requests, 7);
	qmp_line(&q, "{\"id\":\"registers\",\"return\":\"no vCPU\"}");
	assert_false(q.place.knows_rip);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fio_is_read_both_ways),
		cmocka_unit_test(nonsense_gives_no_figures),
		cmocka_unit_test(iperf_tells_what_arrived),
		cmocka_unit_test(histogram_errs_below_a_percent),
		cmocka_unit_test(programs_become_series),
		cmocka_unit_test(programs_of_a_lying_clock_are_marked),
		cmocka_unit_test(nothing_moved_is_void),
		cmocka_unit_test(what_cannot_be_has_a_reason),
		cmocka_unit_test(an_emulated_ring_is_noted),
		cmocka_unit_test(threads_that_end_use_no_negative_time),
		cmocka_unit_test(cpu_that_is_not_seen_is_no_small_figure),
		cmocka_unit_test(the_scheduler_is_the_kernels_word),
		cmocka_unit_test(a_cut_program_has_a_reason),
		cmocka_unit_test(marks_out_of_order_are_refused),
		cmocka_unit_test(devices_have_boots_of_their_own),
		cmocka_unit_test(unknown_points_are_named),
		cmocka_unit_test(cases_survive_the_way_to_the_worker),
		cmocka_unit_test(every_metric_has_its_unit),
		cmocka_unit_test(bad_options_are_named),
		cmocka_unit_test(a_file_is_conditioned_once),
		cmocka_unit_test(a_cached_disk_is_for_guests),
		cmocka_unit_test(a_full_host_fails_and_a_careful_one_refuses),
		cmocka_unit_test(an_l1vh_network_is_not_loaded_unasked),
		cmocka_unit_test(qemu_is_asked_and_heard),
	};

	return RUN_TESTS(tests);
}
