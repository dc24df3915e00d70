# theory/run.py: a quick seeded selection of its cases against the exact answers; tools/test runs more of them, for longer. A
# sanitizer would make it slow and find nothing there that the other tests do not.
if(TARGET fenliu-command AND NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
  add_test(NAME theory/selection
           COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/theory/run.py --select 30 --seconds 0.2 --seed 618)
  set_tests_properties(theory/selection PROPERTIES ENVIRONMENT "${script_environment}" LABELS theory TIMEOUT 300)
  add_test(NAME theory/notation COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/theory/test_notation.py)
  add_test(NAME theory/compare COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/theory/test_compare.py)
  set_tests_properties(theory/notation theory/compare PROPERTIES ENVIRONMENT "${script_environment}" LABELS theory TIMEOUT 60)
  add_test(NAME theory/kept COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/theory/test_kept.py)
  set_tests_properties(theory/kept PROPERTIES ENVIRONMENT "${script_environment}" LABELS theory SKIP_RETURN_CODE 77 TIMEOUT 300)
endif()

# page/*.mjs: fenliu.html and the report in a real browser; what begins with _ is a helper of the others. What is missing to run one (node, its
# npm packages, chromium, the page itself) is said by exit code 77.
find_program(NODE_PROGRAM NAMES node nodejs)
file(GLOB page_tests CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/page/[a-z]*.mjs)
foreach(script IN LISTS page_tests)
  string(REGEX REPLACE "\\.mjs$" "" name ${script})
  if(NODE_PROGRAM)
    add_test(NAME ${name} COMMAND ${NODE_PROGRAM} ${CMAKE_CURRENT_SOURCE_DIR}/${script})
  else()
    add_test(NAME ${name} COMMAND sh -c "echo 'node is not installed'; exit 77")
  endif()
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "${script_environment}" ENVIRONMENT_MODIFICATION "${script_sanitizers}" SKIP_RETURN_CODE 77 TIMEOUT 300
                                                  LABELS page)
  if(DEFINED seconds_${name})
    set_tests_properties(${name} PROPERTIES COST ${seconds_${name}})
  endif()
endforeach()
