# coverage_probe: how often intervals hold the truth. The test is the whole statement: 2,000 simulations a design.
if(RM_TESTS)
  add_executable(coverage_probe tests/oracle/coverage_probe.cc)
  target_link_libraries(coverage_probe PRIVATE rm_stats)
  add_test(NAME coverage COMMAND coverage_probe 2000 400)
  set_tests_properties(coverage PROPERTIES LABELS core)
endif()
