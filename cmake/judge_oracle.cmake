# Drivers that goldens/*.py compare the judge layer with.
if(RM_TESTS AND TARGET rm_judge)
  add_executable(verdict_probe EXCLUDE_FROM_ALL tests/oracle/verdict_probe.cc)
  target_link_libraries(verdict_probe PRIVATE rm_judge)
endif()
