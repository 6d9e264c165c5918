// tests - what the report and the dashboard promise to who looks at them. Each
// of them fails as well when a page warns in its console or asks another host.
import assert from "node:assert/strict";
import {once} from "node:events";
import {runArgs, serve, start, tidy} from "./bench.mjs";
import {close, launch, visit} from "./chromium.mjs";
import {accessible, byKeyboard, colours, onPhone, pictured, printed, withoutScripts} from "./looks.mjs";
import {hostile, make, uuids} from "./stores.mjs";
import {check, end, long} from "./tap.mjs";

// What is read before anyone scrolls.
async function onFirstScreen(page, locator) {
	const box = await locator.first().boundingBox();

	assert.ok(box && box.y >= 0 && box.y + box.height <= 800, `${locator}: ${JSON.stringify(box)}`);
}

async function verdictsFirst() {
	await visit(made.judged, {}, async (page) => {
		await onFirstScreen(page, page.locator("h1"));
		await onFirstScreen(page, page.getByText(/grade/i));
		await onFirstScreen(page, page.locator("#verdicts"));
		await onFirstScreen(page, page.locator(".verdict"));
		await onFirstScreen(page, page.getByText("Integers are as fast again"));
		assert.deepEqual(new Set(await page.locator(".verdict").allInnerTexts()),
			new Set(["FAIL", "PASS", "NOT EVALUABLE"]));
	});
}

async function nothingClaimedFirst() {
	await visit(made.wide, {}, async (page) => {
		await onFirstScreen(page, page.locator("h1"));
		await onFirstScreen(page, page.locator(".banner"));
		await onFirstScreen(page, page.getByText(/nothing was claimed/i));
		assert.match(await page.locator(".banner").innerText(), /^EMULATED/);
	});
}

// Of who reads no further: how much worse than native, of what grade, which way.
async function chartFirst() {
	for (const address of [made.judged, made.wide])
		await visit(address, {}, async (page) => {
			await onFirstScreen(page, page.locator("#ratios .grade"));
			await onFirstScreen(page, page.getByText("is worse than native, for times and for rates"));
			await onFirstScreen(page, page.locator(".panels"));
			assert.ok(await page.locator(".panels svg").count() >= 2);
		});
}

const sectionOf = (id) => `#${id} table`;

// Closed, and opened by a link; the printer opens all of them.
async function foldedTables() {
	for (const id of ["comparison", "boots", "fingerprint"])
		await visit(made.judged, {javaScriptEnabled: false}, async (page) => {
			const table = page.locator(sectionOf(id)).first();

			assert.equal(await table.isVisible(), false, id);
			await page.locator(`nav a[href="#${id}"]`).click();
			await table.waitFor({state: "visible"});
		});
	await visit(`${made.judged}#comparison`, {}, async (page) =>
		page.locator(sectionOf("comparison")).waitFor({state: "visible"}));
	await visit(made.judged, {}, async (page) => {
		await page.emulateMedia({media: "print"});
		assert.ok(await page.locator(sectionOf("boots")).evaluate((table) =>
			table.checkVisibility({contentVisibilityAuto: true}) && table.getBoundingClientRect().height > 40));
	});
}

// A link to words is searched for as a reader's words are, in what is folded too.
async function foundBySearch() {
	await visit(`${made.judged}#:~:text=samples%20disturbed`, {}, async (page) =>
		page.locator("#boots table").waitFor({state: "visible"}));
}

const hosts = (page) => page.locator("#runs tbody tr td:nth-child(3)").allInnerTexts();

// As people filter, and again by the address that this led to; no script helps.
async function filtered(label, value, wanted) {
	await visit(`${site}/runs`, {javaScriptEnabled: false}, async (page) => {
		await page.getByLabel(label, {exact: true}).fill(value);
		await page.getByRole("button", {name: "Show"}).click();
		await page.waitForURL(/\?/);
		assert.deepEqual(await hosts(page), wanted);
		assert.equal(await page.getByLabel(label, {exact: true}).inputValue(), value);
		const address = page.url();
		await page.goto(address);
		assert.equal(page.url(), address);
		assert.deepEqual(await hosts(page), wanted);
	});
}

async function everyFilter() {
	await visit(`${site}/runs`, {}, async (page) => assert.equal((await hosts(page)).length, 5));
	await filtered("host", "elsewhere", ["elsewhere"]);
	await filtered("runner", "mshv-emu", ["wide"]);
	await filtered("to", "2020-01-02", ["elsewhere"]);
	await filtered("from", "2199-01-01", []);
	await filtered("workload", "storage_read", []);
	await filtered("revision or uuid", "cccc", ["wide"]);
}

async function compared() {
	await visit(`${site}/runs`, {}, async (page) => {
		await page.locator(`[name=a][value="${uuids.real}"]`).check();
		await page.locator(`[name=b][value="${uuids.elsewhere}"]`).check();
		await page.getByRole("button", {name: /Compare/}).click();
		await page.waitForURL(`${site}/compare?a=${uuids.real}&b=${uuids.elsewhere}`);
		assert.match(await page.locator("pre").innerText(), /cpu_integer/);
		await onFirstScreen(page, page.locator("svg.pair"));
	});
}

async function historyOf() {
	await visit(`${site}/history`, {}, async (page) => {
		await page.getByLabel("workload", {exact: true}).fill("cpu_integer");
		await page.getByLabel("runner", {exact: true}).fill("native");
		await page.getByRole("button", {name: "Show"}).click();
		await page.waitForURL(/workload=cpu_integer/);
		await page.getByRole("img", {name: /cpu_integer under native/}).waitFor();
		assert.ok(await page.locator("svg circle").count() >= 6);
	});
}

// Of who looks for ten seconds: how each host stands and since when, what is
// followed, what became worse.
async function overviewFirst() {
	await visit(`${nights}/`, {}, async (page) => {
		assert.equal(await page.locator(".card").count(), 2);
		await onFirstScreen(page, page.locator(".card .verdict"));
		await onFirstScreen(page, page.locator(".card .age"));
		await onFirstScreen(page, page.locator("svg.spark .worse"));
		await onFirstScreen(page, page.locator("#regressions"));
		const worse = page.locator("h2#regressions + div tbody tr");
		assert.equal(await worse.count(), 1);
		assert.match(await worse.innerText(), /beta.*system call.*\+12\.\d %/s);
		await worse.getByRole("link", {name: "system call"}).click();
		await page.waitForURL(/history/);
		assert.match(await page.locator("#changes + div").innerText(), /kernel.release: 7.0.0 → 7.0.1/);
	});
}

// From the first to the last third of the picture.
async function zoomed() {
	await visit(`${nights}/history?workload=kernel_syscall&runner=native&host=beta`, {}, async (page) => {
		const box = await page.locator("svg.trend").boundingBox();
		const before = await page.locator("svg.trend circle").count();

		await page.mouse.move(box.x + box.width * 0.7, box.y + 60);
		await page.mouse.down();
		await page.mouse.move(box.x + box.width * 0.95, box.y + 80);
		await page.mouse.up();
		await page.waitForURL(/from=20.*to=20/);
		const after = await page.locator("svg.trend circle").count();
		assert.ok(after > 6 && after < before / 2, `${before} boots, then ${after}`);
		assert.notEqual(await page.getByLabel("from", {exact: true}).inputValue(), "");
	});
}

async function found() {
	await visit(`${nights}/`, {javaScriptEnabled: false}, async (page) => {
		const link = await page.locator(".card a[href^='/runs/']").first().getAttribute("href");

		await page.getByRole("searchbox").fill(link.split("/")[2].slice(0, 12));
		await page.getByRole("button", {name: "Find"}).click();
		await page.waitForURL(`${nights}${link}`);
	});
}

// Bytes of what is neither words nor pictures; and, for people, how soon the first of
// them is seen.
async function light() {
	for (const address of [made.judged, `${nights}/`])
		await visit(address, {}, async (page) => {
			const weight = await page.evaluate(async () => {
				const inline = [...document.querySelectorAll("style, script:not([src])")].map((e) => e.textContent);
				const linked = await Promise.all([...document.scripts].filter((s) => s.src)
					.map(async (s) => (await fetch(s.src)).text()));

				return [...inline, ...linked].reduce((sum, text) => sum + text.length, 0);
			});
			const paint = await page.evaluate(() => new Promise((resolve) =>
				new PerformanceObserver((list) => resolve(list.getEntries()[0].startTime))
					.observe({type: "paint", buffered: true})));

			console.log(`# ${address}: ${weight} bytes of script and style, painted after ${Math.round(paint)} ms`);
			assert.ok(weight > 1000 && weight < 200 * 1024);
		});
}

// It renews itself, and says so where it cannot.
async function boardRenews() {
	await visit(`${nights}/board`, {}, async (page) => {
		await page.clock.install();
		await page.reload();
		await page.evaluate(() => { document.querySelector("main").dataset.old = "yes"; });
		await page.clock.runFor(31000);
		await page.waitForFunction(() => !document.querySelector("main").dataset.old);
		const size = await page.locator(".verdict").first().evaluate((badge) => parseFloat(getComputedStyle(badge).fontSize));
		assert.ok(size >= 36, `${size} px`);
	});
}

const bootsShown = async (page) => parseInt(await page.locator("#live-boots").innerText(), 10);

const moreThan = (count) => parseInt(document.getElementById("live-boots").textContent, 10) > count &&
	document.getElementById("live-bar").value > count;

// A real run, on the store that is being shown; long enough to be seen on any
// host, and ended when it was.
async function liveProgress() {
	await visit(`${site}/live`, {}, async (page) => {
		const none = page.locator("#live-boots").getByText("no run is under way");

		await page.waitForFunction(() => document.body.dataset.live === "yes");
		await none.waitFor();
		await page.evaluate(() => { window.isSamePage = true; });
		const run = start("ignore", runArgs("a.db", ["--runners", "native", "--workloads", "delay",
			"--blocks", "1000", "--samples", "2"]));
		const ended = once(run, "exit");
		await page.waitForFunction(moreThan, 0);
		await page.waitForFunction(moreThan, await bootsShown(page));
		assert.equal(await page.locator("#live-runners").innerText(), "native");
		run.kill("SIGINT");
		await ended;
		await none.waitFor();
		assert.equal(await page.evaluate(() => window.isSamePage), true);
	});
}

async function shownAsText(address) {
	await visit(address, {}, async (page) => {
		assert.ok((await page.locator("body").innerText()).includes(hostile));
		assert.equal(await page.evaluate(() => window.hacked), undefined);
		assert.equal(await page.locator("img, script:not([src='/static/live.js'])").count(), 0);
	});
}

async function neverRun() {
	for (const address of [made.hostile, `${site}/runs`, `${site}/hosts`, `${site}/fleets`, `${site}/runs/${uuids.hostile}`,
		`${site}/host?name=${encodeURIComponent(hostile)}`])
		await shownAsText(address);
}

function pages() {
	return {
		"report": made.judged,
		"report-wide": made.wide,
		"run": `${site}/runs/${uuids.real}`,
		"overview": `${nights}/`,
		"host": `${nights}/host?name=beta`,
		"claims": `${nights}/claims`,
		"fleets": `${nights}/fleets`,
		"fleet": `${nights}/fleets/nightly?days=0`,
		"node": `${nights}/nodes/beta`,
		"board": `${nights}/board`,
		"series": `${nights}/history?workload=kernel_syscall&runner=native&host=beta`,
		"found": `${nights}/search?q=beta`,
		"runs": `${site}/runs`,
		"compare": `${site}/compare?a=${uuids.real}&b=${uuids.elsewhere}`,
		"history": `${site}/history?workload=cpu_integer&runner=native`,
		"hosts": `${site}/hosts`,
		"live": `${site}/live`,
		"error": `${site}/history?workload=nul&runner=native`,
	};
}

// Of pages that are only named there is nothing to visit.
let made = {}, site = "", nights = "";

async function everyPage() {
	for (const [name, address] of Object.entries(pages())) {
		await check(`${name}: axe finds nothing, light or dark`, () => accessible(address));
		await check(`${name}: nothing sticks out of 1280 px`, () => pictured(address, name));
		await long(`${name}: nothing sticks out of a phone`, () => onPhone(address, name));
		await check(`${name}: Tab reaches everything, and is seen`, () => byKeyboard(address));
		await long(`${name}: it prints on A4`, () => printed(address, name));
		await long(`${name}: it needs no script`, () => withoutScripts(address));
	}
}

async function everything() {
	const isReady = await check("runs are made to look at", async () => {
		made = make();
		site = await serve("a.db");
		nights = await serve("nights.db");
	}) && await check("Chromium starts", launch);

	if (!isReady)
		return;
	await check("the first screen has the grade and the verdicts", verdictsFirst);
	await check("the first screen says that figures are emulated and nothing was claimed", nothingClaimedFirst);
	await check("the first screen has the chart of ratios, its grade and its direction", chartFirst);
	await check("single series are folded, and opened by a link and by the printer", foldedTables);
	await check("a search finds what is folded", foundBySearch);
	await everyPage();
	await check("runs are found by host, runner, workload and day, at an address that stays", everyFilter);
	await check("two runs are chosen and compared", compared);
	await check("the history of a series is drawn", historyOf);
	await check("the overview has verdicts, their age, trends and what became worse", overviewFirst);
	await check("a history is zoomed by dragging", zoomed);
	await check("a uuid leads to its run", found);
	await check("the board renews itself and can be read from afar", boardRenews);
	await check("script and style weigh little", light);
	await check("colours differ from each other, also for who sees fewer, and from the page", () => colours(made.judged));
	await check("names are text, whatever is in them", neverRun);
	await check("a run is seen while it is under way, and no longer", liveProgress);
}

try {
	await everything();
} finally {
	await close();
	await tidy();
}
process.exitCode = end();
