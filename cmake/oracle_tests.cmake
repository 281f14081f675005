# Tests against other implementations' answers that need more than one layer, and the probe that goldens/*.py ask.
if(RM_TESTS AND TARGET rm_weightfile AND TARGET rm_text)
  add_library(oracle_vocab STATIC tests/oracle/vocab_source.cc)
  target_link_libraries(oracle_vocab PUBLIC rm_weightfile rm_text rm_base)

  add_executable(text-probe tests/oracle/text_probe.cc)
  target_link_libraries(text-probe PRIVATE oracle_vocab)

  # What write_model makes of a model, for goldens/model_folders.py.
  add_executable(folder-probe tests/oracle/folder_probe.cc)
  target_link_libraries(folder-probe PRIVATE rm_weightfile)

  file(GLOB oracle_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/oracle/*_test.cc)
  if(oracle_tests)
    add_executable(test_oracle ${oracle_tests})
    target_link_libraries(test_oracle PRIVATE rm_test_main oracle_vocab)
    target_compile_definitions(test_oracle PRIVATE RM_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    add_test(NAME oracle COMMAND test_oracle)
    set_tests_properties(oracle PROPERTIES LABELS core)
  endif()
endif()

# The server over a scripted model, and a browser that uses its page (skipped where there is no chromium).
if(RM_TESTS AND TARGET rm_serve)
  add_executable(serve-probe tests/oracle/serve_probe.cc)
  target_link_libraries(serve-probe PRIVATE rm_serve)
  add_test(NAME serve/examples COMMAND python3 ${CMAKE_SOURCE_DIR}/tests/serve/examples.py $<TARGET_FILE:serve-probe>)
  set_tests_properties(serve/examples PROPERTIES LABELS core TIMEOUT 60)
  add_test(NAME browser/page COMMAND python3 ${CMAKE_SOURCE_DIR}/tests/browser/page.py $<TARGET_FILE:serve-probe>)
  set_tests_properties(browser/page PROPERTIES LABELS browser SKIP_RETURN_CODE 77 RUN_SERIAL ON TIMEOUT 180)
endif()

# The page of rm-eval report, used in the same browser.
if(RM_TESTS AND TARGET rm_report)
  add_test(NAME browser/report COMMAND python3 ${CMAKE_SOURCE_DIR}/tests/browser/report.py ${CMAKE_BINARY_DIR}/bin/rm-eval
    ${CMAKE_SOURCE_DIR}/bench/eval_records.py)
  set_tests_properties(browser/report PROPERTIES LABELS browser SKIP_RETURN_CODE 77 RUN_SERIAL ON TIMEOUT 180)
endif()
