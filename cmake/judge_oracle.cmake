# Drivers that goldens/*.py compare the judge layer with, and the figure of rankings within a budget (bench/run.sh).
if(RM_TESTS AND TARGET rm_judge)
  add_executable(verdict_probe EXCLUDE_FROM_ALL tests/oracle/verdict_probe.cc)
  target_link_libraries(verdict_probe PRIVATE rm_judge)

  add_executable(ranking_probe tests/oracle/ranking_probe.cc)
  target_link_libraries(ranking_probe PRIVATE rm_judge)
endif()
