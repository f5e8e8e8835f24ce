# Sourced by the other scripts: makes the virtual environment and installs fairlead into it.
#   FAIRLEAD_VENV   the environment; default .venv beside this folder
#   PYTHON          the interpreter it is made with; default python3
# A fresh Debian 12 with Python 3.11 and g++ is enough: what else is missing comes from apt and pip.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${FAIRLEAD_VENV:-$root/.venv}

# apt_install PACKAGE...: as root or through sudo.
apt_install() {
  local sudo=()
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "fairlead: please install first (as root): apt-get install $*" >&2
      return 1
    fi
    sudo=(sudo)
  fi
  echo "fairlead: installing with apt: $*" >&2
  local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3)
  "${apt[@]}" update >&2
  "${apt[@]}" install -y --no-install-recommends "$@" >&2
}

# Debian keeps the venv module, the headers and the compiler in packages of their own.
install_system_packages() {
  local python=$1 packages=()
  "$python" -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
  "$python" -c 'import os, sysconfig as s; os.stat(s.get_path("include") + "/Python.h")' \
    2>/dev/null || packages+=(python3-dev)
  command -v "${CXX:-g++}" >/dev/null || packages+=(g++)
  [ ${#packages[@]} -eq 0 ] || apt_install "${packages[@]}"
}

make_venv() {
  local python=${PYTHON:-python3}
  if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "fairlead: needs Python 3.11 or newer; set PYTHON to one" >&2
    return 1
  fi
  install_system_packages "$python"
  "$python" -m venv "$venv"
}

# A build is made only when something that goes into the package is newer than the last one.
install_package() {
  local stamp=$venv/.fairlead-installed
  if [ -e "$stamp" ] && [ -z "$(cd "$root" && find pyproject.toml CMakeLists.txt cmake cpp python \
      -newer "$stamp" -not -name '*.pyc' -not -name __pycache__ -print -quit)" ]; then
    return
  fi
  echo "fairlead: building and installing (a minute or two)" >&2
  touch "$stamp.begun"
  local pip=("$venv/bin/python" -m pip --quiet --disable-pip-version-check install)
  "${pip[@]}" "pip>=25.1"  # the first with dependency groups
  "${pip[@]}" --group "$root/pyproject.toml:test" "$root"
  mv "$stamp.begun" "$stamp"
  # pip hides what the build says unless it fails.
  "$venv/bin/python" -c 'from fairlead import _core; print("fairlead: CUDA module", _core.cuda_build_reason or "built")' >&2
}

[ -x "$venv/bin/pip" ] || make_venv
install_package
