# logit-probe: log-probabilities, greedy continuations and rates of a model; goldens/model_parity.py runs it.
if(RM_TESTS AND TARGET rm_torch_cpu)
  add_executable(logit-probe tests/oracle/logit_probe.cc)
  target_link_libraries(logit-probe PRIVATE rm_core rm_torch_cpu torch::cpu torch::c10)
  target_link_options(logit-probe PRIVATE -Wl,--allow-shlib-undefined)
endif()

# matmul-probe: rates of the CPU's kernels.
if(RM_TESTS AND TARGET rm_torch_cpu)
  add_executable(matmul-probe tests/oracle/matmul_probe.cc)
  target_link_libraries(matmul-probe PRIVATE torch_headers rm_core rm_torch_cpu torch::cpu torch::c10)
  target_link_options(matmul-probe PRIVATE -Wl,--allow-shlib-undefined)
endif()
