# logit-probe: log-probabilities and greedy continuations of a model; goldens/model_parity.py runs it.
# rates-probe: rates of a model's steps. matmul-probe: rates of the CPU's kernels.
if(RM_TESTS AND TARGET rm_torch_cpu)
  foreach(probe logit rates matmul)
    add_executable(${probe}-probe tests/oracle/${probe}_probe.cc)
    target_link_libraries(${probe}-probe PRIVATE torch_headers rm_core rm_torch_cpu torch::cpu torch::c10)
    target_link_options(${probe}-probe PRIVATE -Wl,--allow-shlib-undefined)
  endforeach()
endif()
# train-probe: losses, gradients and steps of a model; goldens/train_parity.py runs it. grpo-step-probe: a step of GRPO, for
# goldens/grpo_step.py.
if(RM_TESTS AND TARGET rm_torch_cpu)
  add_executable(train-probe tests/oracle/train_probe.cc)
  add_executable(grpo-step-probe tests/oracle/grpo_step_probe.cc)
  foreach(probe train-probe grpo-step-probe)
    target_link_libraries(${probe} PRIVATE rm_core)
    add_dependencies(${probe} rm_torch_cpu)
  endforeach()
endif()
