// The terms a score is made of, and their weights as integers.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace fairlead {

enum class Term : std::uint8_t { first_fit, best_fit, worst_fit, balanced, cost, speed };

struct TermEntry {
  std::string_view name;
  Term term;
  std::string_view description;
};

// Every term is a number from 0 to 1, higher is better; kTermOne stands for 1.
inline constexpr std::array<TermEntry, 6> kTerms{{
    {"first_fit", Term::first_fit, "1 - row / nodes"},
    {"best_fit", Term::best_fit, "1 - the largest free part of a resource after placing the task"},
    {"worst_fit", Term::worst_fit, "the largest free part of a resource after placing the task"},
    {"balanced", Term::balanced, "1 - the largest load ratio of a resource before placing it"},
    {"cost", Term::cost, "1 - price / highest price"},
    {"speed", Term::speed, "speed / highest speed"},
}};

struct Weights {
  std::array<std::int32_t, kTerms.size()> by_term{};  // absolute values add up to about kWeightOne
  double total = 0;                                   // of the absolute weights as they were given

  std::int32_t of(Term term) const { return by_term[static_cast<std::size_t>(term)]; }
};

// Scaled to integers, nearest; a weight that is not zero stays so. Throws InvalidInput on an
// unknown term, a weight that is not finite, or nothing to go by.
Weights make_weights(const std::map<std::string, double>& given);

}  // namespace fairlead
