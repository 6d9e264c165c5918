// tap - the same few functions as tests/system/tap.sh, for tests in a browser.
let count = 0, failed = 0;

// "check", "all" or "list"; see tests/system/tap.sh.
export const level = process.env.TESTS || "check";

// One test; whatever BODY throws is its failure. Whether it has passed.
export async function check(name, body) {
	if (level === "list") {
		console.log(`check ${name}`);
		return true;
	}
	count++;
	const began = performance.now();
	const took = () => `# ${((performance.now() - began) / 1000).toFixed(1)} s`;
	try {
		await body();
		console.log(`ok ${count} - ${name} ${took()}`);
		return true;
	} catch (error) {
		failed++;
		console.log(`not ok ${count} - ${name} ${took()}`);
		console.log(String(error.stack).replace(/^/gm, "# "));
		return false;
	}
}

// A test that only `make check-all` has time for.
export async function long(name, body) {
	if (level === "all")
		return check(name, body);
	if (level === "list")
		console.log(`all ${name}`);
	return true;
}

export function end() {
	if (level === "list")
		return 0;
	console.log(`1..${count}`);
	return failed ? 1 : 0;
}
