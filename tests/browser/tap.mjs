// tap - the same few functions as tests/system/tap.sh, for tests in a browser.
let count = 0, failed = 0;

// One test; whatever BODY throws is its failure. Whether it has passed.
export async function check(name, body) {
	count++;
	try {
		await body();
		console.log(`ok ${count} - ${name}`);
		return true;
	} catch (error) {
		failed++;
		console.log(`not ok ${count} - ${name}`);
		console.log(String(error.stack).replace(/^/gm, "# "));
		return false;
	}
}

export function end() {
	console.log(`1..${count}`);
	return failed ? 1 : 0;
}
