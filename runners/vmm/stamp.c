// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/stamp.h"

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "runners/vmm/event.h"
#include "runners/vmm/profile.h"

static const char *const phase_names[] = {
	[STAMP_PHASE_FIRST_INSTRUCTION] = "first_instruction",
	[STAMP_PHASE_INIT] = "init",
	[STAMP_PHASE_AGENT_READY] = "agent_ready",
};

void stamp_phase(struct stamp_log *log, const char *name, uint64_t mono_ns)
{
	if (!log->out)
		return;
	event_phase(log->out, name, mono_ns);
	fflush(log->out);
}

static void end_section(struct stamp_log *log, struct thread_wait *wait,
			uint32_t section, uint64_t exit_ns)
{
	if (log->out && log->begin_ns && section == log->section) {
		event_stamp(log->out, section, log->begin_ns, exit_ns,
			    thread_wait_ns(wait) - log->begin_waited_ns);
		fflush(log->out);
	}
	log->begin_ns = 0;
}

static void calibrate(struct stamp_log *log, uint32_t number, uint64_t exit_ns)
{
	uint64_t cost = exit_ns - log->calibrate_last_ns;

	if (number && log->calibrate_last_ns && cost > log->exit_cost_ns) {
		log->exit_cost_ns = cost;
		event_exit_cost(log->out, cost);
	}
	log->calibrate_last_ns = clock_mono_ns();
}

void stamp_write(struct stamp_log *log, struct thread_wait *wait,
		 uint32_t value, uint64_t exit_ns)
{
	uint32_t number = value & ~STAMP_KIND_MASK;

	pthread_mutex_lock(&log->lock);
	switch (value & STAMP_KIND_MASK) {
	case STAMP_BEGIN:
		log->section = number;
		log->begin_waited_ns = log->out ? thread_wait_ns(wait) : 0;
		log->begin_ns = clock_mono_ns(); /* as late as can be */
		break;
	case STAMP_END:
		end_section(log, wait, number, exit_ns);
		break;
	case STAMP_PHASE:
		if (number < ARRAY_SIZE(phase_names) && phase_names[number] &&
		    !(log->phases_seen & 1u << number)) {
			log->phases_seen |= 1u << number;
			if (number == STAMP_PHASE_FIRST_INSTRUCTION)
				profile_mark(log->profile, "first_entry",
					     exit_ns);
			stamp_phase(log, phase_names[number], exit_ns);
		}
		break;
	case STAMP_CALIBRATE:
		calibrate(log, number, exit_ns);
		break;
	default:
		break;
	}
	pthread_mutex_unlock(&log->lock);
}
