# Sourced by quickstart and test: which Debian 12 packages each needs and how to get those that are missing; running
# a command, and configuring a build, without a word unless it fails. README.md tells what each package is for.

packages_build=(gcc libc6-dev cmake ninja-build pkg-config
    libuv1-dev libcjson-dev libxxhash-dev coinor-libcbc-dev libzstd-dev libwebsockets-dev libsqlite3-dev)
packages_peers=(haproxy) # engines that tests drive; without them these tests are skipped
packages_ranks=(libpmix-dev openmpi-bin) # runs over the ranks of mpirun; a build without the first does not spread, and its test is skipped
# The same, with tools/test --long: a broker, which brings all of Erlang's runtime along, and what another solver needs, some hundred packages.
packages_long=(rabbitmq-server nodejs npm)
# What people see: fenliu.html and the page of `fenliu report`; without them these are not made.
packages_page=(clang lld wasi-libc libclang-rt-14-dev-wasm32)
command -v node >/dev/null || packages_page+=(nodejs)
command -v npm >/dev/null || packages_page+=(npm)
packages_browser=(chromium fonts-noto-cjk) # what the pages are looked at with; without them their tests in it are skipped
packages_test=(binutils libcriterion-dev clang libclang-rt-14-dev python3 git)

# run_quietly LOG COMMAND...: the command's output goes to LOG; when it fails, the end of it to stderr. Returns
# what the command returns.
run_quietly()
{
    local log=$1 code=0
    shift
    "$@" >"$log" 2>&1 </dev/null || code=$?
    if ((code)); then
        printf 'failed (exit %d): %s\n' "$code" "$*" >&2
        tail -n 40 "$log" | sed 's/^/    /' >&2
        printf 'everything it said: %s\n' "$log" >&2
    fi
    return $code
}

# configure_preset ROOT PRESET [OPTION]...: a folder that was moved after it was built is configured afresh.
configure_preset()
{
    local root=$1 preset=$2
    shift 2
    mkdir -p "$root/build/$preset"
    cmake -S "$root" --preset "$preset" "$@" >"$root/build/$preset/configure.log" 2>&1 </dev/null && return
    run_quietly "$root/build/$preset/configure.log" cmake --fresh -S "$root" --preset "$preset" "$@"
}

# packages_missing PACKAGE...: prints those that are not installed, one a line.
packages_missing()
{
    local package
    for package in "$@"; do
        # One line for each architecture the package is known for.
        dpkg-query --show --showformat '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            printf '%s\n' "$package"
    done
}

packages_listed=0 # whether the lists are as of now: they are fetched once

# packages_ensure PACKAGE...: installs what is missing and says so first. Touches nothing, and needs no network,
# when all are there. Returns 1, having said why, when it cannot.
packages_ensure()
{
    local -a missing as_root=()
    local log code=0
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        printf 'Not a Debian system, so nothing is installed. This needs what Debian 12 calls:\n  %s\n' "$*" >&2
        return 0
    fi
    mapfile -t missing < <(packages_missing "$@")
    ((${#missing[@]})) || return 0

    if ((EUID)); then
        if ! command -v sudo >/dev/null; then
            printf 'Missing packages, and neither root nor sudo to install them. As root, run:\n  apt-get install %s\n' \
                "${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
        [[ -t 0 ]] || as_root=(sudo -n) # nobody is there to type a password
    fi
    printf 'Installing with apt-get%s: %s\n' "${as_root[0]:+ (by sudo)}" "${missing[*]}" >&2
    if ((${#as_root[@]})) && ! "${as_root[@]}" true; then
        printf 'sudo was refused. As root, run:\n  apt-get install %s\n' "${missing[*]}" >&2
        return 1
    fi
    log=$(mktemp "${TMPDIR:-/tmp}/fenliu-packages.XXXXXX")
    # Old lists name versions that are no longer there; without network they may still do.
    ((packages_listed)) || "${as_root[@]}" apt-get update -q >"$log" 2>&1 </dev/null || true
    packages_listed=1
    run_quietly "$log.install" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}" || code=1
    if ((code)); then
        printf 'Could not install: %s\nIs the machine online, and is it Debian 12 or newer?\n' "${missing[*]}" >&2
    else
        rm -f "$log" "$log.install"
    fi
    return $code
}

# npm_ensure FROM INTO: the npm packages of FROM/package-lock.json, each checked by the hash there, in INTO/node_modules. Needs no
# network when they are there. Returns 1, having said why, when it cannot.
npm_ensure()
{
    local from=$1 into=$2 log
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        echo 'node or npm is not installed'
        return 1
    fi
    [[ -f $into/node_modules/installed ]] && cmp -s "$from/package-lock.json" "$into/node_modules/installed" && return 0
    mkdir -p "$into"
    rm -rf "$into/node_modules"
    cp "$from/package.json" "$from/package-lock.json" "$into/"
    log=$(mktemp "${TMPDIR:-/tmp}/fenliu-npm.XXXXXX")
    run_quietly "$log" npm ci --prefix "$into" --ignore-scripts --no-audit --no-fund --fetch-retries 1 --fetch-timeout 20000 || return 1
    rm -f "$log"
    cp "$from/package-lock.json" "$into/node_modules/installed"
}

# page_ensure ROOT: what the pages are made with. Returns 1, having said why, when some of it is not to be had.
page_ensure()
{
    packages_ensure "${packages_page[@]}" && npm_ensure "$1/tools/page" "$1/build/page"
}
