# Sourced by ./run and ./test: one virtual environment, .venv, made once and reused.
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() {
  echo "moodlight: $*" >&2
  exit 1
}

find_python() {
  local name
  for name in python3.11 python3.12 python3.13 python3 python; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  fail "Python 3.11 or newer is needed; install it (Debian: apt install python3 python3-venv)"
}

# install FILE: bring .venv up to a requirements file; does nothing if it already is.
install() {
  local python stamp
  if [ ! -x .venv/bin/python ]; then
    python=$(find_python)
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
      fail "Python's venv module is missing; install it (Debian: apt install python3-venv)"
    rm -rf .venv
    "$python" -m venv .venv || fail "could not make the virtual environment .venv"
  fi
  stamp=.venv/$1.installed
  cat requirements.txt "$1" | cmp -s - "$stamp" && return
  echo "moodlight: installing $1 (the first time takes some minutes)"
  .venv/bin/python -m pip install --disable-pip-version-check -q -r "$1" ||
    fail "installing $1 failed; see pip's message above"
  cat requirements.txt "$1" >"$stamp"
}
