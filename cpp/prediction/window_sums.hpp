// How good each model of a combination was: sums over its recent errors, for whatever shares
// weights.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "prediction/record.hpp"

namespace fairlead {

using Rows = Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Who shares weights: origins near each other in time, which make a block and have a row, the
// present one by itself the last; and, where the horizon is long, neighbouring steps, which have a
// column for the one among them that is looked at.
class Sharing {
 public:
  // Origins [begin, end), weighted by the errors from origin `from` on.
  struct Block {
    Eigen::Index begin;
    Eigen::Index end;
    Eigen::Index from;
  };

  Sharing(std::span<const std::int64_t> origins, const ForecastOptions& options);

  std::span<const std::int64_t> origins() const { return origins_; }
  const std::vector<Block>& blocks() const { return blocks_; }
  const std::vector<Eigen::Index>& steps() const { return steps_; }  // by column, from 0
  Eigen::Index rows() const { return std::ssize(blocks_); }
  Eigen::Index columns() const { return std::ssize(steps_); }

  // From a column for each step looked at to one for every step.
  Rows for_all_steps(const Rows& looked_at) const;

 private:
  std::span<const std::int64_t> origins_;
  std::vector<Block> blocks_;
  std::int64_t horizon_;
  std::int64_t every_;  // steps to a column
  std::vector<Eigen::Index> steps_;
};

// Sums over the origins of a block's window whose outcome was known at its start. For the present
// one they count as they are `alike` it.
class WindowSums {
 public:
  // `alike`: by origin but the last. Keeps references to both.
  WindowSums(const Sharing& sharing, std::span<const double> alike);

  // Of values by origin (all of them) and step looked at.
  Rows of(const Rows& values) const;

 private:
  const Sharing& sharing_;
  std::span<const double> alike_;
  // The first origin whose outcome is not known, by block and step looked at.
  Eigen::Array<Eigen::Index, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> ends_;
};

}  // namespace fairlead
