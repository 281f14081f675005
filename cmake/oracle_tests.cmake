# Tests against other implementations' answers that need more than one layer, and the probe that goldens/*.py ask.
if(RM_TESTS AND TARGET rm_weightfile AND TARGET rm_text)
  add_library(oracle_vocab STATIC tests/oracle/vocab_source.cc)
  target_link_libraries(oracle_vocab PUBLIC rm_weightfile rm_text rm_base)

  add_executable(text-probe tests/oracle/text_probe.cc)
  target_link_libraries(text-probe PRIVATE oracle_vocab)

  file(GLOB oracle_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/oracle/*_test.cc)
  if(oracle_tests)
    add_executable(test_oracle ${oracle_tests})
    target_link_libraries(test_oracle PRIVATE rm_test_main oracle_vocab)
    target_compile_definitions(test_oracle PRIVATE RM_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    add_test(NAME oracle COMMAND test_oracle)
    set_tests_properties(oracle PROPERTIES LABELS core)
  endif()
endif()
