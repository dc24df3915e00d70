#!/bin/bash
# Installs the build into a fresh prefix, moves it, and builds a program against it: by pkg-config and by find_package.
set -euo pipefail
: "${FENLIU_BUILD:?the build to install}"
if [[ ${FENLIU_SANITIZED:-} ]]; then
    echo "a sanitized library is for this build's tests, not for others"
    exit 77
fi
place=$(mktemp -d "${TMPDIR:-/tmp}/fenliu install.XXXXXX") # a space, as in many a home folder
trap 'rm -rf "$place"' EXIT

fail() { printf 'install: %s\n' "$*" >&2; exit 1; }

cmake --install "$FENLIU_BUILD" --prefix "$place/first" >"$place/install.log" || { cat "$place/install.log"; exit 1; }
mv "$place/first" "$place/moved"
prefix=$place/moved
config=$(find "$prefix" -name fenliuConfig.cmake)
pc=$(find "$prefix" -name fenliu.pc)
[[ -f $prefix/include/fenliu/scenario/reader.h ]] || fail 'no headers under include/fenliu'
[[ -f $config && -f $pc ]] || fail 'no fenliuConfig.cmake or no fenliu.pc'
! grep -rIlF "$place" "$prefix" || fail 'the files above name the prefix'
"$prefix/bin/fenliu" --help >"$place/help" || fail 'the installed command does not run'
grep -q '^usage: fenliu' "$place/help" || fail 'its --help is no usage'

mkdir "$place/consumer"
cd "$place/consumer"
cat >consumer.c <<'C'
#include <stdio.h>
#include <string.h>

#include <scenario/reader.h>

/* A scenario that is no scenario has to be refused, with its place. */
int main(void)
{
    static const char text[] = "{ \"fenliu\": 1,\n  \"trafic\": {} }";
    static struct fl_errors errors;
    struct fl_scenario *scenario = NULL;
    if (fl_scenario_read("typo.json", text, strlen(text), NULL, 0, &scenario, &errors) == FL_OK) return 1;
    for (uint32_t i = 0; i < errors.count; i++) {
        char line[512];
        fl_error_format(&errors.list[i], "typo.json", line, sizeof line);
        puts(line);
    }
    return 0;
}
C
cat >CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(consumer C)
find_package(fenliu 0.1 REQUIRED)
add_executable(consumer consumer.c)
target_link_libraries(consumer PRIVATE fenliu::fenliu)
CMAKE

says_the_place() { grep -q '^typo\.json:2:3: \$\.trafic: ' "$1" || { cat "$1"; fail "wanted typo.json:2:3: \$.trafic"; }; }

# The shell splits pkg-config's answer, in which it has escaped the space.
export PKG_CONFIG_PATH=${pc%/*}${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH} LD_LIBRARY_PATH=${pc%/pkgconfig/*}
eval "cc -std=c17 -Wall -Wextra -Wpedantic -Werror consumer.c -o by_pkg_config $(pkg-config --cflags --libs fenliu)"
./by_pkg_config >pkg_config.out
says_the_place pkg_config.out

cmake -G Ninja -S . -B build -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_FLAGS='-Wall -Wextra -Wpedantic -Werror' >cmake.log 2>&1 &&
    cmake --build build >>cmake.log 2>&1 || { cat cmake.log; fail 'does not build by find_package'; }
./build/consumer >find_package.out
says_the_place find_package.out
echo "installed, moved and used by pkg-config and by find_package: $(head -n 1 find_package.out)"
