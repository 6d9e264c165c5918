// looks - what is asked of every page, whatever it shows.
import assert from "node:assert/strict";
import {spawnSync} from "node:child_process";
import {picture, violations, visit} from "./chromium.mjs";

// At 96 dpi, within margins of 10 mm; a page may ask to be printed across.
const a4 = {width: 718, height: 1047};
const across = {width: 1047, height: 718};

// What is folded is looked at as well.
const unfold = () => document.querySelectorAll("details").forEach((details) => { details.open = true; });

const sideways = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;

// Text that reaches out of the page's right edge, unless one scrolls to it.
const cutOff = () => [...document.querySelectorAll("body *")].filter((element) =>
	!element.closest(".wide, svg") &&
	element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
	.map((element) => `${element.tagName} ${element.textContent.slice(0, 40)}`);

// What axe does not ask for: header cells in every table, a name for every plot.
const unnamed = () => [...document.querySelectorAll("table, svg")].filter((element) =>
	element.matches("table") ? !element.querySelector("th") :
		element.getAttribute("role") !== "img" || !element.getAttribute("aria-label"))
	.map((element) => element.outerHTML.slice(0, 80));

export async function accessible(address) {
	for (const colorScheme of ["light", "dark"])
		await visit(address, {colorScheme}, async (page) => {
			await page.evaluate(unfold);
			assert.deepEqual(await violations(page), [], colorScheme);
			assert.deepEqual(await page.evaluate(unnamed), []);
			assert.deepEqual(await page.evaluate(faintText), [], colorScheme);
		});
}

// --- colours of runners ---

const lookNames = ["--r0", "--r1", "--r2", "--r3", "--r4", "--r5", "--r6", "--r7"];

const readColours = (names) => {
	const style = getComputedStyle(document.documentElement);

	return [...names, "--paper"].map((name) => style.getPropertyValue(name).trim());
};

const linear = (hex) => [1, 3, 5].map((at) => parseInt((hex.length === 4 ?
	"#" + [...hex.slice(1)].map((c) => c + c).join("") : hex).slice(at, at + 2), 16) / 255)
	.map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);

const luminance = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

function contrast(a, b) {
	const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);

	return (high + 0.05) / (low + 0.05);
}

// Machado, Oliveira and Fernandes, 2009, severity 1.
const deficiencies = {
	none: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
	protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
	deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
};

const seen = (matrix, c) => matrix.map((row) => row.reduce((sum, v, i) => sum + v * c[i], 0));

// CIE 1976, of sRGB's white.
function lab(c) {
	const xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
		.map((row, k) => row.reduce((sum, v, i) => sum + v * c[i], 0) / [0.9505, 1, 1.089][k])
		.map((t) => t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);

	return [116 * xyz[1] - 16, 500 * (xyz[0] - xyz[1]), 200 * (xyz[1] - xyz[2])];
}

// The five that most runs have are told apart by colour alone; shapes tell all.
export async function colours(address) {
	for (const colorScheme of ["light", "dark"])
		await visit(address, {colorScheme}, async (page) => {
			const read = (await page.evaluate(readColours, lookNames)).map(linear);
			const paper = read.pop();

			read.forEach((c, i) => assert.ok(contrast(c, paper) >= 3, `${colorScheme} ${lookNames[i]}`));
			for (const [name, matrix] of Object.entries(deficiencies))
				for (let a = 0; a < 5; a++)
					for (let b = 0; b < a; b++) {
						const [x, y] = [read[a], read[b]].map((c) => lab(seen(matrix, c)));
						const distance = Math.hypot(...x.map((v, i) => v - y[i]));

						assert.ok(distance >= 10, `${colorScheme} ${name}: ${lookNames[a]} and ${lookNames[b]}: ${distance}`);
					}
		});
}

// Text inside pictures, which axe does not look at.
const faintText = () => {
	const channel = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	const light = (text) => {
		const [r, g, b] = text.match(/[\d.]+/g).slice(0, 3).map((v) => channel(Number(v) / 255));

		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const paper = light(getComputedStyle(document.body).backgroundColor);

	return [...document.querySelectorAll("svg text")].filter((text) => {
		const ink = light(getComputedStyle(text).fill);
		const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);

		return ratio < 4.5;
	}).map((text) => text.outerHTML.slice(0, 120));
};

// A table may scroll by itself on a phone; a picture never does.
const cutPictures = () => [...document.querySelectorAll("figure, .pictures, .panels, .tiles, .cards")]
	.filter((element) => element.scrollWidth > element.clientWidth + 1)
	.map((element) => `${element.getAttribute("aria-label") || element.className} ${element.scrollWidth}`);

async function nothingSticksOut(page) {
	for (const look of [() => {}, unfold]) {
		await page.evaluate(look);
		assert.equal(await page.evaluate(sideways), 0);
		assert.deepEqual(await page.evaluate(cutOff), []);
		assert.deepEqual(await page.evaluate(cutPictures), []);
	}
}

// Pictures are for people; what is asserted is that nothing sticks out.
export async function pictured(address, name) {
	for (const colorScheme of ["light", "dark"])
		await visit(address, {colorScheme}, async (page) => {
			await page.screenshot({path: picture(`${name}-${colorScheme}.png`), fullPage: true});
			await nothingSticksOut(page);
		});
	await visit(address, {viewport: {width: 768, height: 1024}}, nothingSticksOut);
}

export async function onPhone(address, name) {
	const phone = {viewport: {width: 390, height: 844}, isMobile: true, hasTouch: true};

	await visit(address, phone, async (page) => {
		await page.screenshot({path: picture(`${name}-phone.png`), fullPage: true});
		assert.equal(await page.evaluate(() => innerWidth), 390);
		await nothingSticksOut(page);
	});
}

// Of radio buttons Tab reaches one a group.
const markStops = () => {
	const all = "a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex='0']";
	const groups = new Set();
	let count = 0;

	for (const element of document.querySelectorAll(all)) {
		const isRadio = element.type === "radio";

		if (!element.checkVisibility() || (isRadio && groups.has(element.name)))
			continue;
		if (isRadio)
			groups.add(element.name);
		element.dataset.stop = isRadio ? `radio ${element.name}` : `${element.tagName} ${count++}`;
	}
	return [...document.querySelectorAll("[data-stop]")].map((element) => element.dataset.stop);
};

const focused = () => {
	const element = document.activeElement;
	const style = getComputedStyle(element);

	return {
		stop: element.type === "radio" ? `radio ${element.name}` : element.dataset.stop,
		isBody: element === document.body,
		isSeen: element.matches(":focus-visible") && style.outlineStyle !== "none" &&
			parseFloat(style.outlineWidth) > 0 && element.checkVisibility(),
	};
};

export async function byKeyboard(address) {
	await visit(address, {}, async (page) => {
		await page.evaluate(unfold);
		const wanted = new Set(await page.evaluate(markStops));
		const most = 20 + 6 * wanted.size; // a day has several stops of its own

		for (let i = 0; i < most && wanted.size; i++) {
			await page.keyboard.press("Tab");
			const at = await page.evaluate(focused);

			if (at.isSeen && !at.isBody)
				wanted.delete(at.stop);
		}
		assert.deepEqual([...wanted], [], "not reached by Tab, or not seen there");
	});
}

// Words of the PDF, with the right edge of each and its page's.
function wordsOf(pdf) {
	const done = spawnSync("pdftotext", ["-bbox", pdf, "-"], {encoding: "utf8", maxBuffer: 1 << 28});
	let width = 0, words = [];

	assert.equal(done.status, 0, done.stderr);
	for (const [, page, right, word] of done.stdout.matchAll(
		/<page width="([\d.]+)"|<word .*xMax="([\d.]+)".*>(.*)<\/word>/g))
		if (page)
			width = Number(page);
		else
			words.push({word, right: Number(right), width});
	return words;
}

export async function printed(address, name) {
	await visit(address, {viewport: a4}, async (page) => {
		await page.emulateMedia({media: "print"});
		if (await page.locator(".broad").count())
			await page.setViewportSize(across);
		assert.equal(await page.evaluate(sideways), 0);
		const inside = await page.evaluate(() => [...document.querySelectorAll("body *")]
			.filter((element) => element.checkVisibility() && !element.closest("svg") &&
				element.getBoundingClientRect().right > innerWidth + 1)
			.map((element) => `${element.tagName} ${element.textContent.slice(0, 40)}`));

		assert.deepEqual(inside, []);
		const margin = {top: "10mm", right: "10mm", bottom: "10mm", left: "10mm"};
		const pdf = picture(`${name}.pdf`);
		await page.pdf({path: pdf, format: "A4", margin, preferCSSPageSize: true});
		const words = wordsOf(pdf);

		assert.ok(words.length > 3, "an empty print");
		assert.deepEqual(words.filter((word) => word.right > word.width - 20), []);
	});
}

// The same words, but for what a script alone would put there.
export async function withoutScripts(address) {
	const texts = [];

	for (const javaScriptEnabled of [true, false])
		await visit(address, {javaScriptEnabled}, async (page) =>
			texts.push(await page.locator("body").innerText()));
	assert.equal(texts[1], texts[0]);
	assert.ok(texts[1].length > 40);
}
