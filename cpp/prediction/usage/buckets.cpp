#include "prediction/usage/buckets.hpp"

#include <cmath>
#include <limits>

#include "base/errors.hpp"

namespace fairlead {
namespace {

constexpr int kMantissaBits = 52;

// The rule itself.
std::int32_t bucket_of(double value, const BucketScheme& scheme) {
  if (value < scheme.first) return 0;
  const double argument = value * (scheme.ratio - 1) / scheme.first + 1;
  return static_cast<std::int32_t>(std::log(argument) / std::log(scheme.ratio));
}

double start_of(std::int32_t bucket, const BucketScheme& scheme) {
  if (bucket == 0) return 0;
  return scheme.first * (std::pow(scheme.ratio, bucket) - 1) / (scheme.ratio - 1);
}

// Least double that the rule puts into `bucket`: the start is at most a few steps away.
double least_of(std::int32_t bucket, const BucketScheme& scheme) {
  double value = start_of(bucket, scheme);
  while (value > 0 && bucket_of(value, scheme) >= bucket) value = std::nextafter(value, 0.0);
  while (bucket_of(value, scheme) < bucket) value = std::nextafter(value, 2 * scheme.most);
  return value;
}

}  // namespace

Buckets::Buckets(const BucketScheme& scheme) : scale_((scheme.ratio - 1) / scheme.first) {
  if (!(scheme.first > 0 && scheme.most > scheme.first && scheme.ratio > 1.001 &&
        scheme.ratio <= 2 && scheme.most / scheme.first < 1e15))
    throw InvalidInput("buckets need 0 < first < most < 1e15 first and 1.001 < ratio <= 2");
  const double last = std::log(scheme.most * (scheme.ratio - 1) / scheme.first + 1);
  const auto buckets = static_cast<std::int32_t>(std::ceil(last / std::log(scheme.ratio))) + 1;
  for (std::int32_t b = 0; b < buckets; ++b) {
    start_.push_back(start_of(b, scheme));
    least_.push_back(b == 0 ? 0 : least_of(b, scheme));
  }
  // A cell narrower than the ratio holds at most one boundary.
  int bits = 1;
  while (1 + std::ldexp(1.0, -bits) >= scheme.ratio) ++bits;
  shift_ = kMantissaBits - bits;
  origin_ = std::bit_cast<std::uint64_t>(1.0) >> shift_;
  const double most = least_.back() * scale_ + 1;
  const std::uint64_t cells = (std::bit_cast<std::uint64_t>(most) >> shift_) - origin_ + 1;
  for (std::uint64_t c = 0; c < cells; ++c) {
    const double lowest = (std::bit_cast<double>((origin_ + c) << shift_) - 1) / scale_;
    std::int32_t bucket = c == 0 ? 0 : cell_.back();
    while (bucket + 1 < buckets && least_[bucket + 1] <= lowest) ++bucket;
    cell_.push_back(bucket);
  }
  least_.push_back(std::numeric_limits<double>::infinity());
}

}  // namespace fairlead
