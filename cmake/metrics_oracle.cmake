# event_probe: event files for goldens/event_files.py to read.
if(RM_TESTS)
  add_executable(event_probe EXCLUDE_FROM_ALL tests/oracle/event_probe.cc)
  target_link_libraries(event_probe PRIVATE rm_metrics)
endif()
