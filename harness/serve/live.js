// What was stored reaches the page as text, never as markup. A browser does not
// ask again by itself where it was told of an error.
"use strict";
(function () {
	const BOARD_MS = 30000;

	function put(id, text) {
		document.getElementById(id).textContent = text;
	}
	// A search for a limit cannot say how many boots it takes.
	function boots(run) {
		return run.boot_count > run.scheduled_count ? run.boot_count :
		    run.boot_count + " of " + run.scheduled_count;
	}
	function show(run) {
		const bar = document.getElementById("live-bar");
		put("live-host", run ? run.host : "");
		put("live-runners", run ? run.runners : "");
		put("live-boots", run ? boots(run) + " boots" :
		    "no run is under way");
		bar.hidden = !run;
		bar.max = run && run.scheduled_count || 1;
		bar.value = run ? run.boot_count : 0;
	}
	function listen() {
		const source = new EventSource("/api/v1/live");
		source.onmessage = function (event) {
			show(JSON.parse(event.data).run);
			document.body.dataset.live = "yes";
		};
		source.onerror = function () {
			if (source.readyState === EventSource.CLOSED)
				setTimeout(listen, 5000);
		};
	}

	// A board that nobody looks after says so when it is not up to date.
	async function renew() {
		try {
			const answer = await fetch("/board");
			if (!answer.ok)
				throw new Error("the server answered " + answer.status);
			const page = new DOMParser().parseFromString(await answer.text(), "text/html");
			document.querySelector("main").replaceWith(page.querySelector("main"));
			document.body.dataset.stale = "";
		} catch (error) {
			const note = document.getElementById("as-of");
			if (!document.body.dataset.stale)
				note.textContent += ", and not renewed since: " + error.message;
			document.body.dataset.stale = "yes";
			note.className = "age late";
		}
		setTimeout(renew, BOARD_MS);
	}

	// From day to day of a history, by dragging over its picture.
	function zoom(svg) {
		const days = svg.dataset.days.trim().split(" ").map(function (text) {
			const colon = text.indexOf(":");
			return [Number(text.slice(0, colon)), text.slice(colon + 1)];
		});
		const shade = document.createElementNS("http://www.w3.org/2000/svg", "rect");
		let from = null;
		function place(event) {
			const box = svg.getBoundingClientRect();
			return (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
		}
		function dayAt(x) {
			let day = days[0][1];
			for (const [left, text] of days)
				if (left <= x)
					day = text;
			return day;
		}
		shade.setAttribute("class", "heat");
		shade.setAttribute("fill-opacity", "0.2");
		shade.setAttribute("height", svg.viewBox.baseVal.height);
		svg.addEventListener("pointerdown", function (event) {
			from = place(event);
			svg.appendChild(shade);
			shade.setAttribute("width", 0);
			event.preventDefault();
		});
		window.addEventListener("pointermove", function (event) {
			if (from === null)
				return;
			shade.setAttribute("x", Math.min(from, place(event)));
			shade.setAttribute("width", Math.abs(place(event) - from));
		});
		window.addEventListener("pointerup", function (event) {
			const to = place(event), start = from;
			from = null;
			if (start === null)
				return;
			shade.remove();
			if (Math.abs(to - start) < 5)
				return;
			const address = new URL(location.href);
			address.searchParams.set("from", dayAt(Math.min(start, to)));
			address.searchParams.set("to", dayAt(Math.max(start, to)));
			address.searchParams.delete("page");
			location.assign(address);
		});
	}

	if (document.getElementById("live-bar"))
		listen();
	if (document.body.classList.contains("board"))
		setTimeout(renew, BOARD_MS);
	document.querySelectorAll("svg.trend").forEach(zoom);
})();
