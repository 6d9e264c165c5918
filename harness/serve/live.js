// What was stored reaches the page as text, never as markup. A browser does not
// ask again by itself where it was told of an error.
"use strict";
(function () {
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
	listen();
})();
