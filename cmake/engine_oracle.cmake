# token-probe: token ids in, token ids and log-probabilities out; what agreement and throughput runs are made with.
if(RM_TESTS)
  add_executable(token-probe tests/oracle/token_probe.cc)
  target_link_libraries(token-probe PRIVATE rm_core)
endif()
