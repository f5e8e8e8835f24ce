# The extension modules: _core always, _cuda where nvcc worked.
set(PYBIND11_FINDPYTHON ON)
find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
find_package(pybind11 3.0 CONFIG REQUIRED)

file(GLOB binding_sources CONFIGURE_DEPENDS cpp/bindings/*.cpp)
list(FILTER binding_sources EXCLUDE REGEX "cuda_module\\.cpp$")
pybind11_add_module(_core NO_EXTRAS ${binding_sources})
target_link_libraries(_core PRIVATE fairlead_core)
target_compile_definitions(_core PRIVATE
  FAIRLEAD_VERSION="${FAIRLEAD_VERSION}" FAIRLEAD_CUDA_REASON="${FAIRLEAD_CUDA_REASON}")
install(TARGETS _core LIBRARY DESTINATION fairlead COMPONENT python)

if(FAIRLEAD_HAVE_CUDA)
  string(REPLACE ";" " " architectures "${CMAKE_CUDA_ARCHITECTURES}")
  pybind11_add_module(_cuda NO_EXTRAS cpp/bindings/cuda_module.cpp)
  target_link_libraries(_cuda PRIVATE fairlead_cuda fairlead_options)
  target_compile_definitions(_cuda PRIVATE
    FAIRLEAD_CUDA_VERSION="${CMAKE_CUDA_COMPILER_VERSION}" FAIRLEAD_CUDA_ARCHITECTURES="${architectures}")
  install(TARGETS _cuda LIBRARY DESTINATION fairlead COMPONENT python)
endif()
