# endpoint-probe: conversations through an endpoint; zero-server: what its speed is measured against.
if(RM_TESTS)
  add_executable(endpoint-probe tests/oracle/endpoint_probe.cc)
  target_link_libraries(endpoint-probe PRIVATE rm_core)
  add_executable(zero-server EXCLUDE_FROM_ALL tests/oracle/zero_server.cc)
  target_link_libraries(zero-server PRIVATE rm_flags)

  foreach(servers IN ITEMS 1 2)
    add_test(NAME endpoint_proof_${servers} COMMAND python3 ${CMAKE_SOURCE_DIR}/tests/oracle/endpoint_proof.py
                                                    $<TARGET_FILE:endpoint-probe> --servers ${servers})
    set_tests_properties(endpoint_proof_${servers} PROPERTIES LABELS core TIMEOUT 120)
  endforeach()
endif()
