# logit-probe: log-probabilities and greedy continuations of a model; goldens/model_parity.py runs it.
# rates-probe: rates of a model's steps. matmul-probe: rates of the CPU's kernels.
if(RM_TESTS AND TARGET rm_torch_cpu)
  foreach(probe logit rates matmul)
    add_executable(${probe}-probe tests/oracle/${probe}_probe.cc)
    target_link_libraries(${probe}-probe PRIVATE torch_headers rm_core rm_torch_cpu torch::cpu torch::c10)
    target_link_options(${probe}-probe PRIVATE -Wl,--allow-shlib-undefined)
  endforeach()
endif()
# train-probe: losses, gradients and steps of a model; goldens/train_parity.py runs it.
if(RM_TESTS AND TARGET rm_torch_cpu)
  add_executable(train-probe tests/oracle/train_probe.cc)
  target_link_libraries(train-probe PRIVATE rm_core)
  add_dependencies(train-probe rm_torch_cpu)
endif()
