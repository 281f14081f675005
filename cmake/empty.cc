// librm_core.so is made of the layers' static libraries alone; CMake wants one source of its own.
