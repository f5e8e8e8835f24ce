// The score of a (request, node) pair: one formula, run by the CPU and by the CUDA driver.
//
// Amounts are whole numbers below 2^24, so float holds them and their differences exactly. Each
// column costs one product, correctly rounded, and products are only compared: there is no sum of
// products that a compiler could contract, and both drivers get the same bits. From there on all is
// integers.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/both.hpp"

namespace fairlead {

constexpr std::int32_t kAmountLimit =
    1 << 24;                                // amounts are below; a request at the limit never fits
constexpr std::int32_t kTermOne = 1 << 20;  // a term is an integer from 0 to this, higher is better
constexpr std::int32_t kWeightOne = 1 << 10;  // the weights' absolute values add up to this

FAIRLEAD_BOTH std::uint32_t bits_of(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

FAIRLEAD_BOTH float float_of(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// What is left of a node after placing a request, over the columns seen so far: the largest free
// part of a resource times kTermOne, as the bits of a float. As unsigned numbers, bits of floats
// that are not negative are ordered as the floats, and those of negative ones are above them all:
// so one maximum finds both the largest part and whether anything is missing.
using Left = std::uint32_t;

FAIRLEAD_BOTH Left with_column(Left left, float request, float free, float scale) {
  const std::uint32_t part = bits_of((free - request) * scale);
  return part > left ? part : left;
}

FAIRLEAD_BOTH bool fits(Left left) {
  return static_cast<std::int32_t>(left) >= 0;
}

// Adding 2^23 leaves the nearest whole number in the low bits of a float, which costs a GPU a
// quarter of a conversion; `base_of` takes the constant above them off again, modulo 2^32.
constexpr float kWholeNumbers = 1 << 23;
constexpr std::uint32_t kWholeNumbersBits = 0x4B000000;

// `node_terms`: all terms that depend on the node alone; `weight`: of the largest free part.
constexpr std::int32_t base_of(std::int32_t node_terms, std::int32_t weight) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(node_terms) -
                                   static_cast<std::uint32_t>(weight) * kWholeNumbersBits);
}

// Means nothing where the request does not fit.
FAIRLEAD_BOTH std::int32_t score_of(Left left, std::int32_t base, std::int32_t weight) {
  const std::uint32_t part = bits_of(float_of(left) + kWholeNumbers);
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(base) +
                                   static_cast<std::uint32_t>(weight) * part);
}

// Orders by score, then lowest row. Never 0, which stands for no node.
FAIRLEAD_BOTH std::uint64_t key_of(std::int32_t score, std::int32_t row) {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(score) ^ 0x80000000u) << 32) |
         static_cast<std::uint32_t>(~row);
}

FAIRLEAD_BOTH std::int32_t score_of_key(std::uint64_t key) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(key >> 32) ^ 0x80000000u);
}

FAIRLEAD_BOTH std::int32_t row_of_key(std::uint64_t key) {
  return static_cast<std::int32_t>(~static_cast<std::uint32_t>(key));
}

}  // namespace fairlead
