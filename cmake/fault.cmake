# Faults on purpose: the preloaded shim, a program that saves checkpoints of known content, and the tests that use both.
if(RM_TESTS)
  add_library(rm_fault_shim SHARED tests/fault/shim.c)
  target_compile_options(rm_fault_shim PRIVATE -Wall -Wextra -Werror -O2 -fno-builtin -U_FORTIFY_SOURCE)
  set_target_properties(rm_fault_shim PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

  add_executable(save-probe tests/fault/save_probe.cc)
  target_link_libraries(save-probe PRIVATE rm_tune)

  foreach(part shim errors kills replace reading limits disk loop)
    add_test(NAME fault/${part} COMMAND python3 ${CMAKE_SOURCE_DIR}/tests/fault/checkpoint_faults.py ${part}
      --shim $<TARGET_FILE:rm_fault_shim> --probe $<TARGET_FILE:save-probe>)
    set_tests_properties(fault/${part} PROPERTIES LABELS core TIMEOUT 120)
  endforeach()
endif()
