# LibTorch as our own imported targets. Torch's CMake package is not used: it insists on a CUDA toolkit and passes an
# architecture list that current nvcc refuses.
if(NOT EXISTS ${RM_TORCH_DIR}/torch/include/ATen/ATen.h)
  message(FATAL_ERROR "RM_TORCH_DIR=${RM_TORCH_DIR} holds no torch/include: run scripts/deps.sh, or -DRM_TORCH=OFF for the core alone")
endif()
set(TORCH_LIB ${RM_TORCH_DIR}/torch/lib)

function(rm_imported name file)
  add_library(torch::${name} SHARED IMPORTED)
  set_target_properties(torch::${name} PROPERTIES IMPORTED_LOCATION ${TORCH_LIB}/${file} IMPORTED_NO_SONAME OFF)
endfunction()
rm_imported(c10 libc10.so)
rm_imported(cpu libtorch_cpu.so)

add_library(torch_headers INTERFACE)
target_include_directories(torch_headers SYSTEM INTERFACE ${RM_TORCH_DIR}/torch/include)
target_compile_definitions(torch_headers INTERFACE _GLIBCXX_USE_CXX11_ABI=1)

# Sources of the Torch layers, compiled once and linked into both objects.
file(GLOB RM_TORCH_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lib/ops/*.cc ${CMAKE_SOURCE_DIR}/lib/ops/cpu/*.cc
     ${CMAKE_SOURCE_DIR}/lib/model/*.cc ${CMAKE_SOURCE_DIR}/lib/engine/*.cc)
if(RM_TORCH_SOURCES)
  add_library(rm_torch_objects OBJECT ${RM_TORCH_SOURCES})
  target_link_libraries(rm_torch_objects PUBLIC rm_flags torch_headers)
  target_precompile_headers(rm_torch_objects PRIVATE <ATen/ATen.h>)

  # Bodies of the CPU object; the test programs of these layers link the same objects.
  add_library(rm_torch_cpu SHARED $<TARGET_OBJECTS:rm_torch_objects>)
  target_link_libraries(rm_torch_cpu PRIVATE rm_core torch::cpu torch::c10)
  target_link_options(rm_torch_cpu PRIVATE -Wl,--allow-shlib-undefined)

  foreach(layer ops model engine)
    rm_tests(${layer} rm_core rm_torch_cpu torch_headers torch::cpu torch::c10)
    if(TARGET test_${layer})
      target_link_options(test_${layer} PRIVATE -Wl,--allow-shlib-undefined)
      set_tests_properties(${layer} PROPERTIES LABELS torch ENVIRONMENT "OMP_WAIT_POLICY=passive")
    endif()
  endforeach()
endif()
