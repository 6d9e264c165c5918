# bash completion for l1vh-bench: commands and options as the program itself
# tells them.
_l1vh_bench() {
	local words command=("${COMP_WORDS[1]}")
	[ "${command[0]}" != fleet ] || [ "$COMP_CWORD" -lt 3 ] || command+=("${COMP_WORDS[2]}")
	if [ "$COMP_CWORD" = 1 ] || { [ "$COMP_CWORD" = 2 ] && [ "$3" = help ]; }; then
		words=$("${COMP_WORDS[0]}" --help 2>/dev/null | sed -n 's/^  \([a-z-]*\) .*/\1/p')
	elif [ "$COMP_CWORD" = 2 ] && [ "$3" = fleet ]; then
		words=$("${COMP_WORDS[0]}" fleet --help 2>/dev/null | sed -n 's/^  \([a-z-]*\) .*/\1/p')
	elif [[ $2 = -* ]]; then
		words=$("${COMP_WORDS[0]}" "${command[@]}" --help 2>/dev/null | grep -o -e '--[a-z-]*' | sort -u)
	elif [ "$3" = --workloads ] || [ "$3" = --suite ] || [ "$3" = --runners ]; then
		words=$("${COMP_WORDS[0]}" list 2>/dev/null | sed -n 's/^  \([a-z0-9_-]*\) .*/\1/p')
	else
		compopt -o default
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$2")
}
complete -F _l1vh_bench l1vh-bench
