// The errors the core throws; the bindings turn each into the Python class of the same meaning.
#pragma once

#include <stdexcept>
#include <string>

namespace fairlead {

// A table, name or value that the caller must mend. The message says column, row, expected, got,
// remedy.
class InvalidInput : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// A backend (CUDA) that was asked for and cannot be had; the message gives the reason.
class BackendUnavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace fairlead
