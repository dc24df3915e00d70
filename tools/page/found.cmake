# What the pages are made with, and FENLIU_PAGE: ON or OFF where it was AUTO.
#
# The report's page wants node and the npm packages of package-lock.json, which tools/packages.sh's npm_ensure puts into the build folder's
# page/ or into build/page; fenliu.html wants a clang that makes WebAssembly besides, with its linker and libraries.
find_program(NODE_PROGRAM NAMES node nodejs)
set(FENLIU_PAGE_MODULES ${PROJECT_BINARY_DIR}/page)
foreach(folder ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}/build)
  if(EXISTS ${folder}/page/node_modules/installed)
    set(FENLIU_PAGE_MODULES ${folder}/page)
    break()
  endif()
endforeach()
if(FENLIU_PAGE STREQUAL "AUTO")
  set(FENLIU_PAGE OFF)
  if(PROJECT_IS_TOP_LEVEL AND NODE_PROGRAM AND EXISTS ${FENLIU_PAGE_MODULES}/node_modules/installed)
    set(FENLIU_PAGE ON)
  else()
    message(STATUS "The pages are not built: no node, or no npm packages of tools/page in ${FENLIU_PAGE_MODULES}")
  endif()
endif()

if(FENLIU_PAGE)
  find_program(FENLIU_WASM_CLANG NAMES clang clang-14)
  find_program(FENLIU_WASM_LINKER NAMES wasm-ld)
  set(FENLIU_WASM ON)
  foreach(part -print-file-name=libc.a -print-libgcc-file-name) # a path where it is, its bare name where it is not
    if(FENLIU_WASM_CLANG)
      execute_process(COMMAND ${FENLIU_WASM_CLANG} --target=wasm32-wasi --rtlib=compiler-rt ${part} OUTPUT_VARIABLE found
                      OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endif()
    if(NOT FENLIU_WASM_LINKER OR NOT EXISTS "${found}")
      set(FENLIU_WASM OFF)
    endif()
  endforeach()
  if(NOT FENLIU_WASM)
    message(STATUS "fenliu.html is not built: no clang that makes WebAssembly (Debian: clang lld wasi-libc libclang-rt-14-dev-wasm32)")
  endif()
endif()
