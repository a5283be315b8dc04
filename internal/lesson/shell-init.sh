# expect-error CODE COMMAND… succeeds only if the command fails with that AWS
# error code. A function name may not hold a hyphen in every shell: where it
# may not, an alias stands for it.
if [ -z "${EBSIM_LESSON-}" ]; then
expect_error() {
	if [ $# -lt 2 ]; then echo "usage: expect-error CODE COMMAND [ARGUMENT…]" >&2; return 2; fi
	expect_error_code=$1
	shift
	expect_error_status=0
	{ expect_error_text=$("$@" 2>&1 >&3 3>&-) || expect_error_status=$?; } 3>&1
	if [ -n "$expect_error_text" ]; then printf '%s\n' "$expect_error_text" >&2; fi
	if [ "$expect_error_status" -eq 0 ]; then
		echo "expect-error: wanted the error $expect_error_code, but the command succeeded" >&2
		return 1
	fi
	case $expect_error_text in
	*"($expect_error_code)"*) return 0 ;;
	esac
	echo "expect-error: wanted the error $expect_error_code, but the command failed with exit status $expect_error_status and without it" >&2
	return 1
}
if [ -n "${BASH_VERSION-}${ZSH_VERSION-}" ]; then
	eval 'expect-error() { expect_error "$@"; }'
else
	alias expect-error=expect_error
fi
fi
