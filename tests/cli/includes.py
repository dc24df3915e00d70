#!/usr/bin/env python3
"""Holds the sources to the map in sim/README.md: includes point up it, what is pure stays pure, and the built objects
have no writable globals and no mathematics that another C library would round differently.

Reads the sources always; the objects too when FENLIU_BUILD names a build without sanitizers. Prints every violation as
file:line, and is a test: exit 0 when there is none.
"""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("FENLIU_SOURCE") or pathlib.Path(__file__).parents[2]).resolve()
SIM = ROOT / "sim"

# A folder includes itself and what stands before it.
ORDER = ["core", "scenario", "traffic", "routing", "measure", "desk", "staffing", "record", "fit", "engine", "run"]
PURE = {"core", "scenario", "traffic", "routing", "measure", "desk", "staffing", "record", "fit"}  # no loop, file, clock
MAY_ALLOCATE = {"scenario", "staffing", "record", "fit"}  # the others of PURE take all memory from an arena
MAY_USE_CJSON = {"scenario", "record", "engine", "run"}
SOLVER_FILE = "staffing/solver_cbc.c"
# The message of a broken invariant, which ends the program.
SPEAKS_BEFORE_ABORT = {"core/status.c": {"fprintf", "fputs", "fflush", "stderr", "abort"}}
# The seed that this message names; of each thread its own, and no result depends on it.
MAY_BE_WRITTEN = {("core/status.c", "noted_run")}

SYSTEM_PURE = {"assert.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h",
               "stdint.h", "stdio.h", "stdlib.h", "string.h", "xxhash.h", "stdatomic.h", "errno.h"}
ALLOCATION = {"malloc", "calloc", "realloc", "free", "strdup", "strndup", "aligned_alloc", "posix_memalign", "reallocarray",
              "asprintf", "vasprintf", "open_memstream"}
OUTSIDE = {  # files, printing, clocks, threads, the environment, ending the program
    "fopen", "freopen", "fdopen", "fclose", "open", "openat", "creat", "read", "write", "pread", "pwrite", "close", "fread",
    "fwrite", "fgets", "fgetc", "getc", "getline", "getdelim", "fputs", "fputc", "putc", "fseek", "ftell", "fflush", "rename",
    "unlink", "remove", "mkdir", "opendir", "tmpfile", "mkstemp", "mmap", "stat", "printf", "fprintf", "vprintf", "vfprintf",
    "dprintf", "puts", "putchar", "perror", "stdout", "stderr", "stdin", "syslog", "time", "clock", "clock_gettime",
    "gettimeofday", "timespec_get", "nanosleep", "usleep", "sleep", "localtime", "gmtime", "mktime", "strftime", "rand",
    "srand", "random", "srandom", "drand48", "getrandom", "getentropy", "pthread_create", "pthread_mutex_lock", "thrd_create",
    "fork", "execve", "execvp", "system", "popen", "signal", "sigaction", "socket", "getenv", "setenv", "setlocale", "exit",
    "_exit", "abort", "atexit"}
# Not exactly rounded in every libm, so a result would depend on which one is installed; core/real.h has its own.
INEXACT = {"log", "log2", "log10", "log1p", "exp", "exp2", "expm1", "pow", "sin", "cos", "tan", "asin", "acos", "atan",
           "atan2", "sinh", "cosh", "tanh", "cbrt", "hypot", "lgamma", "lgamma_r", "tgamma", "erf", "erfc"}
INEXACT |= {name + suffix for name in INEXACT for suffix in "fl"}
CANONICAL = re.compile(r"^(?:__isoc\d+_)?(?:__)?(\w+?)(?:_chk|64|_finite)?(?:@.*)?$")

faults = []


def fault(place, why):
    faults.append(f"{place}: {why}")


def without_comments(text):
    """Comments and the insides of strings blanked out, line ends kept."""
    blank = lambda match: re.sub(r"[^\n]", " ", match[0])
    keep_include = lambda match: match[0] if match[0].startswith("#") else blank(match)
    return re.sub(r'^#[ \t]*include[^\n]*|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', keep_include, text,
                  flags=re.S | re.M)


def check_include(name, folder, line, quoted, header):
    place = f"sim/{name}:{line}"
    if quoted:
        other = header.split("/", 1)[0]
        if "/" not in header or other not in ORDER:
            fault(place, f"wanted the folder and the name of one of ours, found \"{header}\"")
        elif ORDER.index(other) > ORDER.index(folder):
            fault(place, f"{folder}/ comes before {other}/ and may not include {header}")
        return
    if re.match(r"(coin/|Cbc|Clp|Coin|Osi|glpk|Highs)", header):
        if name != SOLVER_FILE:
            fault(place, f"the solver stands behind {SOLVER_FILE}, found {header}")
        return
    if header.endswith("cJSON.h"):
        if folder not in MAY_USE_CJSON:
            fault(place, f"{folder}/ reads no JSON, found {header}")
        return
    if folder in PURE and header not in SYSTEM_PURE and not (folder == "record" and header in ("zstd.h", "zlib.h")):
        fault(place, f"{folder}/ is pure, found {header}")


def check_source(path):
    name = path.relative_to(SIM).as_posix()
    folder = name.split("/", 1)[0]
    if folder not in ORDER:
        fault(f"sim/{name}", f"no folder of the map: {folder}/")
        return
    text = without_comments(path.read_text(encoding="utf-8"))
    for number, line in enumerate(text.splitlines(), 1):
        include = re.match(r'#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', line)
        if include:
            check_include(name, folder, number, include[1] == '"', include[2])
            continue
        # A call, not a member of a policy's table (ops->close) nor a prototype's own name.
        for called in re.findall(r"(?<![\w.>])([a-z_][a-z0-9_]*)\s*\(", line):
            check_use(f"sim/{name}:{number}", name, folder, called)


def check_use(place, name, folder, called):
    if called in SPEAKS_BEFORE_ABORT.get(name, ()):
        return
    if folder in PURE and called in OUTSIDE:
        fault(place, f"{folder}/ is pure, found {called}()")
    if folder in PURE and folder not in MAY_ALLOCATE and called in ALLOCATION:
        fault(place, f"{folder}/ takes its memory from an arena, found {called}()")
    if called in INEXACT:
        fault(place, f"{called}() depends on the C library's version; core/real.h has one that does not")
    if called in ("exit", "_exit", "quick_exit"):
        fault(place, f"the library does not end the program, found {called}()")


def check_object(path, name):
    """The linker's view: what the sources' macros and inlines came to."""
    folder = name.split("/", 1)[0]
    undefined = subprocess.run(["nm", "--undefined-only", path], capture_output=True, text=True, check=True).stdout
    for line in undefined.splitlines():
        check_use(f"sim/{name} (object)", name, folder, CANONICAL.match(line.split()[-1])[1])
    symbols = subprocess.run(["objdump", "--syms", path], capture_output=True, text=True, check=True).stdout
    for line in symbols.splitlines():
        # address, seven flag characters, section, a tab, size, perhaps a visibility, name
        found = re.match(r"[0-9a-f]+ (.{7}) (\S+)\t([0-9a-f]+)\s+(?:\.\w+ )?(.*)", line)
        if not found or int(found[3], 16) == 0 or "d" in found[1]:
            continue
        if (name, re.sub(r"\.\d+$", "", found[4])) in MAY_BE_WRITTEN: # clang splits a struct and numbers the pieces
            continue
        if re.match(r"\.(data(?!\.rel\.ro)|bss|tdata|tbss)|\*COM\*", found[2]):
            fault(f"sim/{name} (object)", f"{found[4]} is a global that can be written ({found[2]})")


def check_objects(build):
    objects = pathlib.Path(build) / "CMakeFiles" / "fenliu.dir" / "sim"
    for path in sorted(SIM.rglob("*.c")):
        name = path.relative_to(SIM).as_posix()
        if os.environ.get("FENLIU_CORE") and name.startswith(("staffing/", "fit/")):
            continue
        built = objects / (name + ".o")
        if built.exists():
            check_object(built, name)
        else:
            fault(f"sim/{name}", f"is not in {objects.name}/ of the build")


def check_headers_alone():
    """Each header says all that it needs, in any order of includes."""
    headers = sorted(p.relative_to(SIM).as_posix() for p in SIM.rglob("*.h"))
    if os.environ.get("FENLIU_CORE"):
        headers = [h for h in headers if not h.startswith(("staffing/", "fit/"))]
    for header in headers:
        # Twice: the guard works too.
        text = f'#include "{header}"\n#include "{header}"\nextern int nothing_else;\n'
        run = subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I", SIM,
                              "-x", "c", "-"], input=text, capture_output=True, text=True)
        if run.returncode:
            fault(f"sim/{header}", "does not compile alone: " + (run.stderr.splitlines() or ["?"])[-1])


def check_machine_paths():
    """No file of the project names a place that only one machine has."""
    if not (ROOT / ".git").exists():
        return  # a tree without its history, as from a release archive
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True)
    if listed.returncode or not listed.stdout:
        return fault(".git", f"its files cannot be listed: {listed.stderr.decode(errors='replace').strip()}")
    private = re.compile(rb"(?<![\w./])/(?:home|root|Users|work|mnt)/[\w.-]+|\b[A-Z]:\\Users\\")
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        if not path.is_file() or path.is_symlink():
            continue
        for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
            found = private.search(line)
            if found:
                fault(f"{name}:{number}", f"names a place of one machine: {found[0].decode(errors='replace')}")


def main():
    sources = sorted([*SIM.rglob("*.c"), *SIM.rglob("*.h")])
    for path in sources:
        check_source(path)
    check_headers_alone()
    check_machine_paths()
    build = os.environ.get("FENLIU_BUILD")
    if build and not os.environ.get("FENLIU_SANITIZED"):
        check_objects(build)
    for line in sorted(set(faults)):
        print(line)
    print(f"{len(sources)} files, {len(set(faults))} violations")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
