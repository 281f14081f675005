# An installed tree: bin/, lib/rm-r1/, share/man/. Everything is found relative to the files themselves, so the tree may be
# moved. Torch's own run path ends in $ORIGIN: its libraries lie flat beside ours.
set(lib lib/rm-r1)
foreach(tool ${RM_TOOLS})
  set_target_properties(${tool} PROPERTIES INSTALL_RPATH "$ORIGIN/../${lib}")
  install(TARGETS ${tool} RUNTIME DESTINATION bin)
endforeach()
set(objects rm_core)
if(TARGET rm_torch_cpu)
  list(APPEND objects rm_torch_cpu)
  file(GLOB torch_files ${TORCH_LIB}/libtorch_cpu.so ${TORCH_LIB}/libc10.so ${TORCH_LIB}/libgomp.so.1
       ${TORCH_HOME}/../nvidia/cu13/lib/libcudart.so.13 ${TORCH_HOME}/../nvidia/cu13/lib/libcupti.so.13)
  # The CUDA half is 500 MB more, and needs the CUDA toolkit's libraries on the machine.
  if(RM_INSTALL_CUDA AND TARGET rm_torch_cuda)
    list(APPEND objects rm_torch_cuda)
    file(GLOB cuda_files ${TORCH_LIB}/libc10_cuda.so ${TORCH_LIB}/libtorch_cuda.so ${TORCH_LIB}/libtorch_nvshmem.so
         ${TORCH_LIB}/libtorch_cuda_linalg.so ${TORCH_HOME}/../nvidia/*/lib/*.so.*)
    list(APPEND torch_files ${cuda_files})
    list(REMOVE_DUPLICATES torch_files)
  endif()
  install(PROGRAMS ${torch_files} DESTINATION ${lib})
endif()
foreach(object ${objects})
  set_target_properties(${object} PROPERTIES INSTALL_RPATH "$ORIGIN")
endforeach()
install(TARGETS ${objects} LIBRARY DESTINATION ${lib})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/man/ DESTINATION share/man/man1 FILES_MATCHING PATTERN "*.1")
install(DIRECTORY ${CMAKE_SOURCE_DIR}/man/ DESTINATION share/man/man5 FILES_MATCHING PATTERN "*.5")
