// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/hang.h"

#include <inttypes.h>
#include <stdio.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "runners/link/agent_link.h"
#include "runners/machine/machine.h"

#define APART_NS (500 * NS_PER_MS)
#define CONSOLE_MAX_BYTES (256 * KIB)
#define ANSWER_NS (250 * NS_PER_MS)
/* Of a CPU: a vCPU that spins uses all it gets, one that waits almost none. */
#define BUSY_RATIO 0.2

/* Ask the VMM, and read its answer. The pid of the process that the guest runs
 * in. */
static int ask(struct agent_link *link, const struct machine_spec *spec,
	       int pid, struct guest_place *place)
{
	int vmm;

	link->place = (struct guest_place){.knows_rip = false};
	vmm = spec->ask_place ? spec->ask_place(spec->ask_place_arg, pid) : pid;

	agent_link_run(link, clock_mono_ns() + ANSWER_NS);
	*place = spec->place ? *spec->place : link->place;
	return vmm;
}

/* What the guest said last; a file has it where the stream has not. */
static void take_last_line(struct hang *h, const struct agent_link *link,
			   const struct machine_spec *spec)
{
	struct strbuf file = {0};
	const char *line;
	int len;

	if (spec->console_path)
		file_read(spec->console_path, CONSOLE_MAX_BYTES, &file);
	line = text_last_line(spec->console_path
				      ? strbuf_str(&file)
				      : strbuf_str(&link->console_in),
			      &len);
	snprintf(h->line, sizeof(h->line), "%.*s", len, line);
	text_clean(h->line);
	strbuf_release(&file);
}

void hang_look(struct hang *h, struct agent_link *link,
	       const struct machine_spec *spec, int pid)
{
	struct host_meter meter = link->programs.meter;
	uint64_t start_ns, used_ns;

	*h = (struct hang){.knows_cpu = !meter.hides_cpu};
	meter.machine = ask(link, spec, pid, &h->first);
	used_ns = host_meter_cpu_ns(&meter);
	start_ns = clock_mono_ns();
	agent_link_run(link, start_ns + APART_NS);
	ask(link, spec, pid, &h->last);
	used_ns = host_meter_cpu_ns(&meter) - used_ns;
	h->has_vmm = meter.machine > 0;
	take_last_line(h, link, spec);
	h->cpu_ratio = (double)used_ns / (double)(clock_mono_ns() - start_ns);
}

/* Linux runs in the upper half of the address space (x86_64/mm.rst); before
 * it, firmware, the boot code and the decompressor run below 4 GiB, where the
 * agent is linked too. */
static const char *region_of(uint64_t rip)
{
	if (rip >> 63)
		return "the kernel";
	return rip < 4 * GIB ? "firmware, boot code or a static program"
			     : "a program";
}

static size_t add_rip(const struct hang *h, char *buf, size_t size)
{
	uint64_t a = h->first.rip, b = h->last.rip;

	if (!h->first.knows_rip || !h->last.knows_rip)
		return (size_t)snprintf(buf, size,
					"the VMM does not say where it is");
	if (a == b)
		return (size_t)snprintf(
			buf, size, "RIP stands still at 0x%" PRIx64 " (%s)", b,
			region_of(b));
	return (size_t)snprintf(buf, size,
				"RIP moves, from 0x%" PRIx64 " to 0x%" PRIx64
				" (%s)",
				a, b, region_of(b));
}

const char *hang_text(const struct hang *h, char *buf, size_t size)
{
	size_t used;

	if (!h->has_vmm) {
		snprintf(buf, size, "no VMM has been started yet");
		return buf;
	}
	used = add_rip(h, buf, size);

	if (used < size && h->last.knows_requests)
		used += (size_t)snprintf(buf + used, size - used,
					 ", %" PRIu64 " disk requests",
					 h->last.disk_requests);
	if (used >= size)
		return buf;
	if (!h->knows_cpu)
		used += (size_t)snprintf(buf + used, size - used,
					 ", CPU use is not measurable");
	else
		used += (size_t)snprintf(
			buf + used, size - used, ", %s (%.0f %% of a CPU)",
			h->cpu_ratio >= BUSY_RATIO ? "its vCPU is busy"
						   : "its vCPU waits",
			h->cpu_ratio * 100);
	if (used < size)
		snprintf(buf + used, size - used,
			 h->line[0] ? "; last console line: %s"
				    : "; no console line",
			 h->line);
	return buf;
}
