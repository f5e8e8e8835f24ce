#include "scoring/weights.hpp"

#include <algorithm>
#include <cmath>

#include "base/errors.hpp"
#include "base/names.hpp"
#include "scoring/terms.hpp"

namespace fairlead {
namespace {

Term term_named(const std::string& name) {
  for (const TermEntry& entry : kTerms) {
    if (entry.name == name) return entry.term;
  }
  throw InvalidInput("unknown term '" + name + "' in terms; known are " +
                     listed(kTerms, &TermEntry::name));
}

std::int32_t scaled(double weight, double total) {
  const double exact = weight / total * kWeightOne;
  const auto nearest = static_cast<std::int32_t>(std::lround(exact));
  return nearest != 0 || weight == 0 ? nearest : weight > 0 ? 1 : -1;
}

}  // namespace

Weights make_weights(const std::map<std::string, double>& given) {
  Weights weights;
  for (const auto& [name, weight] : given) {
    term_named(name);
    if (!std::isfinite(weight) || std::abs(weight) > 1e300) {
      throw InvalidInput("terms['" + name + "'] must be a finite number; got " +
                         std::to_string(weight));
    }
    weights.total += std::abs(weight);
  }
  if (!(weights.total > 0)) {
    throw InvalidInput("terms must give at least one term a weight other than 0");
  }
  for (const auto& [name, weight] : given) {
    weights.by_term[static_cast<std::size_t>(term_named(name))] = scaled(weight, weights.total);
  }
  return weights;
}

}  // namespace fairlead
