// Buckets that grow by a constant ratio, and which of them a value falls into.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace fairlead {

struct BucketScheme {
  double first = 0.01;   // width of bucket 0
  double most = 1000.0;  // the last bucket starts here or above
  double ratio = 1.05;   // width of a bucket over that of the one before
};

// Bucket b starts at first * (ratio^b - 1) / (ratio - 1); the last one has no end.
class Buckets {
 public:
  explicit Buckets(const BucketScheme& scheme);  // throws InvalidInput

  std::int32_t count() const { return static_cast<std::int32_t>(start_.size()); }
  double start(std::int32_t bucket) const { return start_[bucket]; }
  // What a bucket stands for: its end, and of the last bucket its start.
  double upper(std::int32_t bucket) const {
    return start_[bucket + 1 < count() ? bucket + 1 : bucket];
  }
  // floor(log(1 + value (ratio - 1) / first) / log(ratio)), without a logarithm; value is at least
  // 0. O(1): a table over the leading bits of the argument, and two comparisons.
  std::int32_t index(double value) const {
    if (value >= least_[start_.size() - 1]) return count() - 1;
    const double argument = value * scale_ + 1;
    std::int32_t bucket = cell_[(std::bit_cast<std::uint64_t>(argument) >> shift_) - origin_];
    // The argument is rounded here otherwise than in the rule: a value may be a cell too high.
    bucket += static_cast<std::int32_t>(value >= least_[bucket + 1]);
    return bucket - static_cast<std::int32_t>(value < least_[bucket]);
  }

 private:
  double scale_;                    // (ratio - 1) / first
  int shift_ = 0;                   // bits of a double below a cell of the table
  std::uint64_t origin_ = 0;        // cell of 1.0
  std::vector<std::int32_t> cell_;  // lowest bucket of a cell
  std::vector<double> least_;       // least value that is in the bucket
  std::vector<double> start_;
};

}  // namespace fairlead
