// Keeps the core library non-empty while rooms are added.
#include "base/errors.hpp"
