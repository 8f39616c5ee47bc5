# Sourced by ./run and ./test: one virtual environment, .venv, made once and reused.
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() {
  echo "moodlight: $*" >&2
  exit 1
}

# The first Python that is new enough and can make virtual environments.
find_python() {
  local name found=
  for name in python3.11 python3.12 python3.13 python3 python; do
    command -v "$name" >/dev/null || continue
    "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    found=$name
    if "$name" -c 'import venv, ensurepip' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  [ -n "$found" ] && fail "the venv module of $found is missing; install it (Debian: apt install python3-venv)"
  fail "Python 3.11 or newer is needed; install it (Debian: apt install python3 python3-venv)"
}

# install FILE: bring .venv up to a requirements file; does nothing if it already is.
install() {
  local python stamp=.venv/$1.installed
  if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(find_python) || exit 1
    rm -rf .venv
    "$python" -m venv .venv || fail "could not make the virtual environment .venv"
  fi
  cat requirements.txt "$1" | cmp -s - "$stamp" && return
  echo "moodlight: installing $1 (the first time takes some minutes)"
  .venv/bin/python -m pip install --disable-pip-version-check -q -r "$1" ||
    fail "installing $1 failed; see pip's message above"
  cat requirements.txt "$1" >"$stamp"
}
