# Sourced by the set-up scripts: stamps, virtual environments, messages with a remedy.
# Every step leaves a stamp that holds a hash of its inputs, so a finished step costs a few
# milliseconds the next time and an interrupted run goes on where it stopped.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# fail MESSAGE [REMEDY]
fail() {
  printf '\nerror: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '  try: %s\n' "$2" >&2
  exit 1
}

# inputs_hash FILE...: one hash over the contents, with the place (virtual environments do not move).
inputs_hash() {
  { pwd; cat "$@"; } | sha256sum | cut -c1-64
}

# is_done STAMP HASH
is_done() {
  [ -r "$1" ] && [ "$(<"$1")" = "$2" ]
}

# Two `make` at once must not install into one another's feet.
lock() {
  mkdir -p "$1"
  exec 9>"$1/lock"
  flock -n 9 || { echo "waiting for another set-up to finish"; flock 9; }
}

# make_environment FOLDER: a virtual environment with a pip that works.
make_environment() {
  ! "$1/bin/python" -m pip --version >/dev/null 2>&1 || return 0
  local python=${PYTHON:-python3}
  command -v "$python" >/dev/null || fail "$python was not found" "apt-get install python3 python3-venv"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or later is needed; $python is $("$python" --version 2>&1)" \
      "PYTHON=/path/to/python3.11 make run"
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "Python's venv module or its pip is missing" "apt-get install python3-venv"
  # --clear also mends an environment whose Python was upgraded away or whose making was interrupted.
  "$python" -m venv --clear "$1" || fail "could not make a virtual environment in $1"
}

# pip_install ENVIRONMENT LOG ARGUMENT...
pip_install() {
  local environment=$1 log=$2
  shift 2
  "$environment/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off "$@" \
    >"$log" 2>&1 9>&- && return
  tail -n 12 "$log" >&2
  fail "pip could not install the packages (whole log: $log)" \
    "check the network or pip's index settings, then run the same command again: it goes on from here"
}
