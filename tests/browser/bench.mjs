// bench - the program as these tests need it: stores, reports and a server.
import assert from "node:assert/strict";
import {spawn, spawnSync} from "node:child_process";
import {createHash} from "node:crypto";
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {createInterface} from "node:readline";
import {gunzipSync, gzipSync} from "node:zlib";

const program = "build/l1vh-bench";
const children = [];
const folder = mkdtempSync(join(tmpdir(), "l1vh-browser-"));

export const path = (name) => join(folder, name);

export function bench(...args) {
	const done = spawnSync(program, args, {encoding: "utf8", maxBuffer: 1 << 26});
	// What became of claims and samples is no matter here.
	assert.ok([0, 1, 2].includes(done.status), `${args[0]}: ${done.status}\n${done.stderr}`);
	return done.stdout;
}

export function runArgs(store, more) {
	return ["run", "--no-lab", "--db", path(store), "--target-ms", "1", ...more];
}

export function report(store, number, page) {
	bench("report", `${number}`, "--db", path(store), "--format", "html", "--output", path(page));
	return `file://${path(page)}`;
}

// A bundle as objects. Times in nanoseconds lose their last digits on the way,
// for numbers of JavaScript have 53 bits.
export function exportRun(store) {
	bench("export", "--db", path(store), "--output", path("out.json.gz"));
	const lines = gunzipSync(readFileSync(path("out.json.gz"))).toString().trim().split("\n");
	const [head, ...rest] = lines.map((line) => JSON.parse(line));

	// As of version 1, which has no manifest.
	head.l1vh_bundle = 1;
	return {head, boots: rest.filter((line) => line.boot)};
}

export function importRun(store, {head, boots}) {
	const text = [head, ...boots].map((line) => JSON.stringify(line) + "\n").join("");
	const sha256 = createHash("sha256").update(text).digest("hex");
	const seal = JSON.stringify({end: {boot_count: boots.length, sha256}}) + "\n";

	writeFileSync(path("in.json.gz"), gzipSync(text + seal));
	bench("import", "--db", path(store), path("in.json.gz"));
}

// OUTPUT is "pipe" for who reads it, and "ignore" for who does not.
export function start(output, args) {
	const child = spawn(program, args, {stdio: ["ignore", output, "ignore"]});

	children.push(child);
	return child;
}

// The address without its last slash.
export async function serve(store) {
	const child = start("pipe", ["serve", "--listen", "127.0.0.1:0", "--db", path(store)]);

	for await (const line of createInterface({input: child.stdout}))
		return line.replace(/\/$/, "");
	throw new Error("serve ended");
}

// Every process is waited for, so that its store can be removed.
export async function tidy() {
	for (const child of children) {
		if (child.exitCode !== null || child.signalCode !== null)
			continue;
		child.kill("SIGTERM");
		await new Promise((resolve) => child.once("exit", resolve));
	}
	rmSync(folder, {recursive: true});
}
