# grpo_probe: what goldens/grpo.py holds lib/rl against.
if(RM_TESTS AND TARGET rm_rl)
  add_executable(grpo_probe EXCLUDE_FROM_ALL tests/oracle/grpo_probe.cc)
  target_link_libraries(grpo_probe PRIVATE rm_rl)
endif()
