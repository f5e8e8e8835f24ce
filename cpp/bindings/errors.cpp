// Core errors become the classes of fairlead.errors, so that Python code has one hierarchy to
// catch.
#include "base/errors.hpp"

#include "bindings/bindings.hpp"

namespace py = pybind11;

namespace fairlead::bindings {
namespace {

void raise(const char* python_class, const char* message) {
  const py::object type = py::module_::import("fairlead.errors").attr(python_class);
  PyErr_SetString(type.ptr(), message);
}

}  // namespace

void register_errors() {
  py::register_exception_translator([](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const InvalidInput& e) {
      raise("InvalidInputError", e.what());
    } catch (const BackendUnavailable& e) {
      raise("BackendUnavailableError", e.what());
    }
  });
}

}  // namespace fairlead::bindings
