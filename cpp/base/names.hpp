// Lists of names, for errors that say what is known.
#pragma once

#include <functional>
#include <string>

namespace fairlead {

// "a, b, c": the name of each entry, which `name` (a member or a function) gives.
template <typename Entries, typename Name>
std::string listed(const Entries& entries, const Name& name) {
  std::string names;
  for (const auto& entry : entries)
    names += (names.empty() ? "" : ", ") + std::string(std::invoke(name, entry));
  return names;
}

}  // namespace fairlead
