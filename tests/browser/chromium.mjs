// chromium - Debian's, with a watch on what it says and whom it asks.
import assert from "node:assert/strict";
import {mkdirSync, readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {resolve} from "node:path";

const built = resolve("build/browser");
const require = createRequire(built + "/");
const {chromium} = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const patience_ms = 120000; // a busy host is no fault of a page
let browser;

export async function launch() {
	mkdirSync(built, {recursive: true});
	browser = await chromium.launch({
		executablePath: "/usr/bin/chromium",
		timeout: patience_ms,
		args: ["--disable-gpu", "--disable-quic", "--disable-background-networking"],
	});
}

export async function close() {
	await browser?.close();
}

const isOwn = (address, asked) =>
	address.startsWith("file:") ? asked === address.split("#")[0] : new URL(asked).origin === new URL(address).origin;

// LOOK at ADDRESS in a browser of its own, which may be told that there is no
// such page. A warning in its console, and a
// request to anyone else, fail whatever test it is.
export async function visit(address, options, look) {
	const context = await browser.newContext({viewport: {width: 1280, height: 800}, ...options});
	const page = await context.newPage();
	const odd = [];

	context.setDefaultTimeout(patience_ms);
	page.on("console", (message) => {
		const isTold = message.location().url === address && /status of 4\d\d/.test(message.text());

		if (["error", "warning"].includes(message.type()) && !isTold)
			odd.push(`console: ${message.text()}`);
	});
	page.on("pageerror", (error) => odd.push(`script: ${error}`));
	await context.route("**/*", (route) => {
		const asked = route.request().url();

		if (isOwn(address, asked) || asked.startsWith("data:"))
			return route.continue();
		odd.push(`request: ${asked}`);
		return route.abort();
	});
	try {
		await page.goto(address);
		await look(page);
	} finally {
		await context.close();
	}
	assert.deepEqual(odd, []);
}

// What axe finds wrong. It cannot tell what lies below text in a plot, nor below
// what is scrolled out of sight; of all other text it has to.
export async function violations(page) {
	await page.evaluate(axe);
	return page.evaluate(async (values) => {
		const found = await window.axe.run(document, {runOnly: {type: "tag", values}});
		const isHidden = (node) => document.querySelector(node.target[0]).closest("svg, .wide");
		const unsure = found.incomplete.filter((rule) => rule.id === "color-contrast");
		const words = (rule) => (node) => `${rule.id}: ${node.target} ${node.failureSummary}`;

		return [
			...found.violations.flatMap((rule) => rule.nodes.map(words(rule))),
			...unsure.flatMap((rule) => rule.nodes.filter((node) => !isHidden(node)).map(words(rule))),
		];
	}, tags);
}

export const picture = (name) => `${built}/${name}`;
