// stores - the runs that the tests look at: one that is real, and what is made
// of it.
import {createHash} from "node:crypto";
import {writeFileSync} from "node:fs";
import {bench, exportRun, importRun, path, report, runArgs} from "./bench.mjs";

// As a name, it would run if it ever were markup.
export const hostile = `<script>window.hacked=1</script><img src=x onerror="window.hacked=1">`;

export const uuids = {
	elsewhere: "b".repeat(32), wide: "c".repeat(32), hostile: "d".repeat(32), judged: "e".repeat(32),
};

const claim = (id, metric, candidate, text) =>
	`  - {id: ${id}, text: ${text}, metric: ${metric}, candidate: ${candidate}, baseline: native,
     kind: non-inferior, margin: 0.5, confidence: 0.95, reason: both are one host}`;

const claims = ["name: again", "claims:",
	claim("a", "cpu_integer", "native-again", "Integers are as fast again"),
	claim("b", "kernel_syscall", "native-again", "System calls are as fast again"),
	claim("c", "cpu_integer", "mshv", "Guests are as fast"), ""].join("\n");

// A copy of its own, with another name and on another host.
function copyOf(run, name, host) {
	const copy = structuredClone(run);

	copy.head.run.uuid = uuids[name];
	copy.head.run.fingerprint.host = host;
	return copy;
}

function elsewhere(run) {
	const copy = copyOf(run, "elsewhere", "elsewhere");

	copy.head.run.started_unix_ns = Date.UTC(2020, 0, 1) * 1e6;
	return copy;
}

// Each boot again under other names: as many columns as a run can have.
function wide(run) {
	const copy = copyOf(run, "wide", "wide");
	const runners = ["native", "kvm", "mshv", "mshv-emu", "qemu-kvm", "cloud-hv", "libvirt", "native-again"];
	const boots = copy.boots.filter(({boot}) => boot.runner === "native").flatMap((native) =>
		runners.map((runner) => {
			const {boot, result} = structuredClone(native);

			return {boot: {...boot, runner}, result: {...result, grade: "emulated"}};
		}));

	boots.forEach(({boot}, position) => { boot.position = position; });
	delete copy.head.run.plan.claims;
	copy.head.run.is_lab = true;
	copy.head.run.plan.runners = runners;
	copy.head.run.schedule = boots.map(({boot}) => [boot.position, boot.block, boot.runner]);
	return {head: copy.head, boots};
}

function withHostileNames(run) {
	const copy = copyOf(run, "hostile", hostile);

	Object.assign(copy.head.run.fingerprint, {"fleet.name": hostile, "fleet.node": hostile});
	copy.head.run.revision = hostile;
	copy.head.run.plan.command = hostile;
	return copy;
}

// Every sample as if undisturbed, system calls twice as slow again: whatever
// the host is like, one claim holds and one does not.
function judged(run) {
	const copy = copyOf(run, "judged", "judged");

	for (const {boot, result} of copy.boots)
		for (const series of result.series) {
			const isSlow = boot.runner === "native-again" && series.workload === "kernel_syscall";

			series.samples = series.samples.map(([sequence, elapsed], i) =>
				[sequence, elapsed, 0, (isSlow ? 200 : 100) + boot.position ** 2 % 7 + i, 0, 0]);
		}
	return copy;
}

// Two hosts, a run each night until now; in the last five nights system calls of
// one of them take an eighth longer.
const nightCount = 24;

function night(run, host, back) {
	const copy = structuredClone(run);
	const started = (Date.now() - back * 86400000 - 3600000) * 1e6;

	copy.head.run.uuid = createHash("md5").update(`${host} ${back}`).digest("hex");
	Object.assign(copy.head.run.fingerprint,
		{host, "fleet.name": "nightly", "fleet.node": host, "fleet.job": `night-${back}`});
	copy.head.run.fingerprint["kernel.release"] = back < 5 ? "7.0.1" : "7.0.0";
	copy.head.run.started_unix_ns = started;
	copy.head.run.ended_unix_ns = started + 60e9;
	copy.boots.forEach(({boot, result}) => {
		for (const series of result.series) {
			const slow = host === "beta" && back < 5 && series.workload === "kernel_syscall" ? 1.125 : 1;

			series.samples = series.samples.map(([sequence, elapsed], i) =>
				[sequence, elapsed, 0, 100 * slow * (1 + ((boot.position * 7 + back * 5 + i) % 11 - 5) / 1000), 0, 0]);
		}
	});
	return copy;
}

function nights(run) {
	for (let back = nightCount - 1; back >= 0; back--)
		for (const host of ["alpha", "beta"])
			importRun("nights.db", night(run, host, back));
}

export function make() {
	writeFileSync(path("claims.yaml"), claims);
	bench(...runArgs("a.db", ["--runners", "native,native-again", "--blocks", "3", "--samples", "3",
		"--workloads", "null,cpu_integer,kernel_syscall,mem_latency", "--claims", path("claims.yaml")]));
	const run = exportRun("a.db");

	nights(run);
	for (const edit of [elsewhere, wide, withHostileNames, judged])
		importRun("a.db", edit(run));
	uuids.real = run.head.run.uuid;
	return {
		wide: report("a.db", 3, "wide.html"),
		hostile: report("a.db", 4, "hostile.html"),
		judged: report("a.db", 5, "judged.html"),
	};
}
