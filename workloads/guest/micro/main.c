// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The micro guest's agent: speaks the frames of workloads/wire.h as the one
 * under Linux does, and answers each series with a document of its raw
 * samples.
 */
#include <stddef.h>
#include <string.h>

#include "workloads/guest/micro/abi.h"
#include "workloads/guest/micro/cpu.h"
#include "workloads/guest/micro/pages.h"
#include "workloads/guest/micro/prim.h"
#include "workloads/guest/micro/text.h"
#include "workloads/micro/micro_points.h"
#include "workloads/stamp_port.h"
#include "workloads/wire.h"

#define POWER_OFF_PORT 0x604
#define POWER_OFF_VALUE 0x34
/* How long a single instruction may take. */
#define TRY_MS 100u
#define CALIBRATE_COUNT 32u
#define LINE_BYTES 256u
/* Assumed for a TSC of unknown rate, so limits are right within a factor. */
#define GUESS_KHZ 2000000u
/* Short enough for a hypervisor that takes microseconds per instruction. */
#define RING_STEPS 64u
#define RING_SAMPLES 3u

struct point {
	const char *name;
	micro_loop *loop;
	int ring;
	uint32_t repeat;
	uint64_t param;
};

struct walk {
	const char *name;
	uint64_t guest_page_bytes;
	uint64_t host_page_bytes;
	uint64_t bytes;
};

#define POINT(loop, name, ring, repeat, param) \
	{name, micro_##loop, ring, repeat, param},
#define WALK(name, guest, host, bytes) {name, guest, host, bytes},

static const struct point exit_points[] = {MICRO_EXIT_POINTS(POINT)};
static const struct point fault_points[] = {MICRO_FAULT_POINTS(POINT)};
static const struct point clock_points[] = {MICRO_CLOCK_POINTS(POINT)};
static const struct point cpu_points[] = {MICRO_CPU_POINTS(POINT)};
static const struct walk walks[] = {MICRO_WALK_POINTS(WALK)};

static uint64_t cycles[MICRO_MAX_SAMPLES];
static uint32_t sequence;
static uint32_t program_count;

void micro_main(void);

static const struct micro_info *info(void)
{
	return (const struct micro_info *)(uintptr_t)MICRO_INFO_GPA;
}

static void power_off(void)
{
	__asm__ volatile("outb %%al, %%dx"
			 :
			 : "a"(POWER_OFF_VALUE), "d"(POWER_OFF_PORT));
	for (;;)
		__asm__ volatile("cli; hlt");
}

/*
 * What only computes runs in ring 3: every hypervisor runs that natively, but
 * some emulate ring 0 instruction by instruction, at a thousandth of the speed.
 */
static void in_ring3(void (*fn)(void *arg), void *arg)
{
	if (!guard_run(fn, arg, 3))
		power_off();
}

struct outgoing {
	enum wire_type type;
	const char *text;
	size_t len;
	size_t frame_bytes;
};

static void encode(void *arg)
{
	struct outgoing *o = arg;

	o->frame_bytes =
		wire_encode(o->type, sequence++, o->text, (uint32_t)o->len,
			    (void *)(uintptr_t)MICRO_FRAME_GPA);
}

static void send(enum wire_type type, const char *text, size_t len)
{
	struct outgoing o = {type, text, len, 0};

	in_ring3(encode, &o);
	outl(MICRO_PORT_FRAME, (uint32_t)o.frame_bytes);
}

static void send_text(enum wire_type type, const struct text *t)
{
	send(type, t->to, t->len);
}

/* What has come, and the first frame of it once that is whole. */
struct incoming {
	char bytes[2 * WIRE_HEADER_BYTES + WIRE_MAX_PAYLOAD];
	size_t len;
	uint32_t got; /* bytes that wait at MICRO_FRAME_GPA */
	char *payload;
	size_t payload_size;
	long used;
	enum wire_type type;
};

static void decode(void *arg)
{
	struct incoming *in = arg;
	struct wire_frame frame;

	memcpy(in->bytes + in->len, (const void *)(uintptr_t)MICRO_FRAME_GPA,
	       in->got);
	in->len += in->got;
	in->used = wire_decode(in->bytes, in->len, &frame);
	if (in->used > 0 && frame.length >= in->payload_size)
		in->used = -1;
	if (in->used <= 0)
		return;
	in->type = frame.type;
	memcpy(in->payload, frame.payload, frame.length);
	in->payload[frame.length] = '\0';
	in->len -= (size_t)in->used;
	memmove(in->bytes, in->bytes + in->used, in->len);
}

/* The harness sends one frame at a time and waits for our answer to it. */
static enum wire_type receive(char *payload, size_t size)
{
	static struct incoming in;

	in.payload = payload;
	in.payload_size = size;
	in.got = 0;
	for (;;) {
		in_ring3(decode, &in);
		if (in.used > 0)
			return in.type;
		in.got = in.used ? 0 : inl(MICRO_PORT_FRAME);
		if (!in.got || in.got > sizeof(in.bytes) - in.len)
			power_off();
	}
}

struct mark {
	const char *fmt;
	uint64_t a, b, c;
	size_t frame_bytes;
};

static void encode_mark(void *arg)
{
	struct mark *m = arg;
	char line[LINE_BYTES];
	struct text t = {line, sizeof(line), 0};
	struct outgoing o = {.type = WIRE_MARK, .text = line};

	text_add(&t, m->fmt, m->a, m->b, m->c);
	o.len = t.len;
	encode(&o);
	m->frame_bytes = o.frame_bytes;
}

static void mark(const char *fmt, uint64_t a, uint64_t b, uint64_t c)
{
	struct mark m = {fmt, a, b, c, 0};
	char none[8];

	in_ring3(encode_mark, &m);
	outl(MICRO_PORT_FRAME, (uint32_t)m.frame_bytes);
	if (receive(none, sizeof(none)) != WIRE_GO)
		power_off();
}

static uint64_t to_ns(uint64_t tsc_cycles)
{
	uint32_t khz = info()->tsc_khz;

	/* Without overflow for some hours at any rate there is. */
	return khz ? tsc_cycles / khz * 1000000 +
			       tsc_cycles % khz * 1000000 / khz
		   : 0;
}

static void refuse_point(enum wire_type type, const char *workload,
			 const char *point, const char *why)
{
	char line[LINE_BYTES];
	struct text t = {line, sizeof(line), 0};

	text_add(&t, "%s %s %s", workload, point, why);
	send_text(type, &t);
}

static void refuse_trap(enum wire_type type, const char *workload,
			const char *point)
{
	const struct trap_frame *f = &guard_trap.frame;
	char line[LINE_BYTES];
	struct text t = {line, sizeof(line), 0};

	text_add(&t,
		 "exception %u in ring %u, error 0x%x, rip 0x%x, rsp 0x%x, "
		 "cr2 0x%x, rax 0x%x, rcx 0x%x, rdx 0x%x",
		 f->vector, f->cs & 3, f->error, f->rip, f->rsp, guard_trap.cr2,
		 f->rax, f->rcx, f->rdx);
	refuse_point(type, workload, point, line);
}

static void refuse_slow(const char *workload, const char *point,
			const struct micro_run *run)
{
	uint64_t ns = to_ns(run->fastest_cycles / run->repeat);
	char line[LINE_BYTES];
	struct text t = {line, sizeof(line), 0};

	text_add(&t,
		 "too slow here: %u %s per operation; %u samples of %u do not "
		 "fit into %u ms",
		 ns < 10000 ? ns : ns / 1000, ns < 10000 ? "ns" : "us",
		 (uint64_t)MICRO_MIN_SAMPLES, (uint64_t)run->repeat,
		 (uint64_t)MICRO_FEW_MS);
	refuse_point(WIRE_SKIP, workload, point, line);
}

/* Of RING_STEPS steps of the same loop: where a hypervisor emulates ring 0,
 * they differ by orders of magnitude. */
static uint64_t ring0_cycles, ring3_cycles;

static uint64_t ring_speed(int ring)
{
	uint64_t samples[RING_SAMPLES];
	struct micro_run run = {.cycles = samples,
				.sample_count = RING_SAMPLES,
				.repeat = RING_STEPS};
	uint64_t best = UINT64_MAX;
	uint32_t i;

	/* 0: not known, which compares to nothing. */
	if (!guard_run((void (*)(void *))micro_integer, &run, ring))
		return 0;
	for (i = 0; i < RING_SAMPLES; i++)
		if (samples[i] < best)
			best = samples[i];
	return best;
}

static void compare_rings(void)
{
	if (ring0_cycles)
		return;
	ring3_cycles = ring_speed(3);
	ring0_cycles = ring_speed(0);
}

struct answer {
	const struct micro_run *run;
	int ring;
	uint64_t span; /* cycles of the series, for whoever adds up its parts */
	struct text text;
};

static void write_answer(void *arg)
{
	struct answer *a = arg;
	struct text *t = &a->text;
	uint32_t i;

	text_add(t,
		 "{\"micro\":{\"ring\":%u,\"repeat\":%u,\"tsc_khz\":%u,"
		 "\"span_cycles\":%u,\"ring0_cycles\":%u,"
		 "\"ring3_cycles\":%u,\"cycles\":[",
		 (uint64_t)a->ring, (uint64_t)a->run->repeat,
		 (uint64_t)info()->tsc_khz, a->span, ring0_cycles,
		 ring3_cycles);
	for (i = 0; i < a->run->sample_count; i++)
		text_add(t, i ? ",%u" : "%u", a->run->cycles[i]);
	text_add(t, "]}}");
}

static void send_samples(const struct micro_run *run, int ring, uint64_t span)
{
	static char out[WIRE_MAX_PAYLOAD];
	struct answer a = {run, ring, span, {out, sizeof(out), 0}};

	in_ring3(write_answer, &a);
	send_text(WIRE_OUTPUT, &a.text);
}

static void send_series(const char *workload, const char *point)
{
	char line[LINE_BYTES];
	struct text t = {line, sizeof(line), 0};

	text_add(&t, "%s %s document 1", workload, point);
	send_text(WIRE_SERIES, &t);
}

static uint64_t cycles_of_ms(uint32_t ms)
{
	uint32_t khz = info()->tsc_khz ? info()->tsc_khz : GUESS_KHZ;

	return (uint64_t)ms * khz;
}

static void limit(micro_loop *loop, int ring, struct micro_run *run)
{
	bool is_emulated =
		!ring && ring0_cycles > MICRO_EMULATED_SLOWDOWN * ring3_cycles;

	/* What takes its time by definition has no limit. */
	if (loop != micro_tsc_host)
		micro_limit_set(run,
				cycles_of_ms(is_emulated
						     ? MICRO_EMULATED_SERIES_MS
						     : MICRO_SERIES_MS),
				cycles_of_ms(MICRO_FEW_MS));
}

/* One series, from its announcement to its end. RUN is prepared. */
static void measure(const char *workload, const char *point, micro_loop *loop,
		    int ring, struct micro_run *run)
{
	uint64_t number = program_count++;
	uint64_t start, round_trip, elapsed, span;
	bool is_fine;

	send_series(workload, point);
	mark("begin %u", number, 0, 0);
	start = rdtsc_now();
	mark("ping", 0, 0, 0);
	round_trip = rdtsc_now() - start;
	start += round_trip;
	outl(WL_STAMP_PORT, WL_STAMP_COUNTS | (uint32_t)(2 * number));
	limit(loop, ring, run);
	span = rdtsc_now();
	is_fine = guard_run((void (*)(void *))loop, run, ring);
	span = rdtsc_now() - span;
	outl(WL_STAMP_PORT, WL_STAMP_COUNTS | (uint32_t)(2 * number + 1));
	elapsed = rdtsc_now() - start;
	/* A second CPU that spins would slow down the next measurement. */
	cpu_second_halts = true;
	mark("end %u %u 0 0 %u 0 0", number, to_ns(elapsed), to_ns(round_trip));
	if (!is_fine)
		refuse_trap(prim_may_trap(loop) ? WIRE_SKIP : WIRE_FAIL,
			    workload, point);
	else if (run->failure)
		refuse_point(WIRE_FAIL, workload, point, run->failure);
	else if (micro_is_too_slow(run))
		refuse_slow(workload, point, run);
	else {
		send_samples(run, ring, span);
		send(WIRE_END, "1", 1);
	}
}

/*
 * A hypervisor that does not know an instruction may execute it again and
 * again. Once, with a timer that ends it; the series itself has no timer, which
 * would make its exits longer.
 */
static const char *try_once(const struct point *p, const struct micro_run *run)
{
	struct micro_run once = *run;

	once.sample_count = 1;
	if (guard_run_for((void (*)(void *))p->loop, &once, p->ring,
			  cycles_of_ms(TRY_MS)) ||
	    guard_trap.frame.vector != CPU_VECTOR_TIMER)
		return NULL;
	return "the hypervisor executes this instruction for ever";
}

static void run_point(const char *workload, const struct point *p)
{
	struct micro_run run = {.cycles = cycles,
				.sample_count = MICRO_MAX_SAMPLES,
				.repeat = p->repeat,
				.param = p->param};
	const char *why;

	if (p->repeat > 1 || p->param > 1000000)
		run.sample_count = MICRO_LONG_SAMPLES;
	why = prim_prepare(p->loop, &run, info());
	if (!why && prim_may_trap(p->loop))
		why = try_once(p, &run);
	if (why)
		refuse_point(WIRE_SKIP, workload, p->name, why);
	else
		measure(workload, p->name, p->loop, p->ring, &run);
}

static const struct micro_region *region_of(uint64_t page_bytes)
{
	if (page_bytes == MICRO_4K)
		return &info()->small;
	return page_bytes == MICRO_2M ? &info()->huge : &info()->giant;
}

static void run_walk(const char *workload, const struct walk *w)
{
	const struct micro_region *r = region_of(w->host_page_bytes);
	struct micro_run run = {.cycles = cycles,
				.sample_count = MICRO_WALK_SAMPLES,
				.repeat = MICRO_WALK_REPEAT,
				.param = w->bytes};

	if (!r->bytes) {
		refuse_point(WIRE_SKIP, workload, w->name,
			     "the host has no free page of 1 GiB: reserve one "
			     "(hugepagesz=1G hugepages=1, or nr_hugepages in "
			     "/sys/kernel/mm/hugepages/hugepages-1048576kB)");
		return;
	}
	if (w->bytes > r->bytes / 2) {
		refuse_point(WIRE_SKIP, workload, w->name,
			     "needs more guest RAM");
		return;
	}
	run.area = pages_map(r->gpa, w->bytes, w->guest_page_bytes);
	if (!run.area) {
		refuse_point(WIRE_SKIP, workload, w->name,
			     "this guest's CPU has no pages of that size");
		return;
	}
	in_ring3((void (*)(void *))micro_chase_link, &run);
	measure(workload, w->name, micro_chase, 3, &run);
}

static const struct point *point_find(const struct point *points, size_t count,
				      const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(points[i].name, name))
			return &points[i];
	return NULL;
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void run_series(const char *workload, const char *name)
{
	const struct point *p = NULL;
	size_t i;

	if (!strcmp(workload, "micro_exit"))
		p = point_find(exit_points, COUNT(exit_points), name);
	else if (!strcmp(workload, "micro_clock"))
		p = point_find(clock_points, COUNT(clock_points), name);
	else if (!strcmp(workload, "micro_fault"))
		p = point_find(fault_points, COUNT(fault_points), name);
	else if (!strcmp(workload, "micro_cpu"))
		p = point_find(cpu_points, COUNT(cpu_points), name);
	if (p) {
		run_point(workload, p);
		return;
	}
	for (i = 0; i < COUNT(walks); i++)
		if (!strcmp(workload, "micro_walk") &&
		    !strcmp(walks[i].name, name)) {
			run_walk(workload, &walks[i]);
			return;
		}
	refuse_point(WIRE_FAIL, workload, name,
		     "the micro guest does not know it");
}

/* "WORKLOAD POINT ..." lines; those that begin with '=' are not for us. */
static void run_job(const char *row)
{
	char workload[32], point[32];

	compare_rings();
	while (*row) {
		if (*row != '=' && *row != '\n') {
			const char *rest =
				text_word(row, workload, sizeof(workload));

			text_word(rest, point, sizeof(point));
			run_series(workload, point);
		}
		while (*row && *row++ != '\n')
			;
	}
	send(WIRE_DONE, "", 0);
}

static void send_hello(void)
{
	static const struct {
		uint32_t leaf, subleaf;
	} leaves[] = {{0, 0}, {1, 0}, {7, 0}, {0x80000001, 0}, {0x80000008, 0}};
	static char out[4096];
	struct text t = {out, sizeof(out), 0};
	size_t i;

	text_add(&t, "agent.kind=micro\nvcpus=%u\napic=%s\ntimer=%s\n",
		 (uint64_t)info()->vcpu_count,
		 cpu_has_x2apic() ? "x2apic" : "xapic",
		 cpu_has_tsc_deadline() ? "tsc-deadline" : "one-shot");
	for (i = 0; i < COUNT(leaves); i++) {
		struct cpuid_regs r = cpuid(leaves[i].leaf, leaves[i].subleaf);

		text_add(&t, "cpuid.%x.%x=%x %x %x %x\n",
			 (uint64_t)leaves[i].leaf, (uint64_t)leaves[i].subleaf,
			 (uint64_t)r.eax, (uint64_t)r.ebx, (uint64_t)r.ecx,
			 (uint64_t)r.edx);
	}
	send_text(WIRE_HELLO, &t);
}

void micro_main(void)
{
	static char payload[WIRE_MAX_PAYLOAD + 1];
	uint32_t i;

	cpu_init();
	outl(WL_STAMP_PORT, WL_STAMP_PHASE | WL_STAMP_PHASE_AGENT_READY);
	for (i = 0; i < CALIBRATE_COUNT; i++)
		outl(WL_STAMP_PORT, WL_STAMP_CALIBRATE | i);
	send_hello();
	while (receive(payload, sizeof(payload)) == WIRE_JOB)
		run_job(payload);
	power_off();
}
