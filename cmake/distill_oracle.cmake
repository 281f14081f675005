# The driver that goldens/distill_rules.py compares the filters and the leak rule with.
if(RM_TESTS AND TARGET rm_distill)
  add_executable(distill_probe EXCLUDE_FROM_ALL tests/oracle/distill_probe.cc)
  target_link_libraries(distill_probe PRIVATE rm_distill)
endif()
