# theory/run.py: a quick seeded selection of its cases against the exact answers; tools/test runs more of them, for longer. A
# sanitizer would make it slow and find nothing there that the other tests do not.
if(TARGET fenliu-command AND NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
  add_test(NAME theory/selection
           COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/theory/run.py --select 30 --seconds 0.2 --seed 618)
  set_tests_properties(theory/selection PROPERTIES ENVIRONMENT "${script_environment}" LABELS theory TIMEOUT 300)
  add_test(NAME theory/notation COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/theory/test_notation.py)
  set_tests_properties(theory/notation PROPERTIES ENVIRONMENT "${script_environment}" LABELS theory TIMEOUT 60)
  add_test(NAME theory/kept COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/theory/test_kept.py)
  set_tests_properties(theory/kept PROPERTIES ENVIRONMENT "${script_environment}" LABELS theory SKIP_RETURN_CODE 77 TIMEOUT 300)
endif()
