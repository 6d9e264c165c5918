# tap - the few functions that system tests are written with. Sourced; for
# any POSIX shell, busybox's included.
tap_count=0
tap_failed=0
tap_log=${TMPDIR:-/tmp}/tap-log-$$
# Inside the lab a guest stands still now and then, QEMU's own as well as ours:
# nested virtualization is emulated there, and loses an interrupt. Its scripts
# set this to 4: a test that failed with a boot that did not end as it should,
# or a lost interrupt, is done again, and that is said. What fails each time has
# failed. Of guests with two vCPUs it is one in fifteen.
tap_retries=0
tap_stalled='^[0-9]*/[0-9]* block .*: \(timeout\|runner_failed\): \|an interrupt was sent and did not come\|status 124'

# check NAME COMMAND...: one test, its output shown only if it fails.
check() {
	tap_name=$1
	shift
	tap_count=$((tap_count + 1))
	tap_left=$tap_retries
	until "$@" >"$tap_log" 2>&1; do
		if [ $tap_left = 0 ] || ! grep -q "$tap_stalled" "$tap_log"; then
			tap_failed=$((tap_failed + 1))
			echo "not ok $tap_count - $tap_name"
			sed 's/^/# /' "$tap_log"
			rm -f "$tap_log"
			return
		fi
		tap_left=$((tap_left - 1))
		echo "# $tap_name: once more, for a guest stood still:"
		grep "$tap_stalled" "$tap_log" | sed 's/^/#   /'
	done
	echo "ok $tap_count - $tap_name"
	rm -f "$tap_log"
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# expect STATUS WORDS COMMAND...: exit status and a part of the output.
expect() {
	want=$1
	words=$2
	shift 2
	got=0
	out=$("$@" 2>&1) || got=$?
	case $out in
	*"$words"*) ;;
	*) echo "status $got, and no '$words' in:"; echo "$out"; return 1 ;;
	esac
	[ "$got" = "$want" ] && return 0
	echo "status $got, wanted $want:"
	echo "$out"
	return 1
}

tap_end() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
}
