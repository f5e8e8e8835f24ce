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

// Weights are shared by origins near each other in time, of a block, that lie in the same part of
// the shortest season: one row of `Rows` for each block and part, block by block. They are shared
// by neighbouring steps too, where the horizon is long: one column for each step looked at.
class Sharing {
 public:
  // Origins [begin, end), weighted by the errors from origin `from` on.
  struct Block {
    Eigen::Index begin;
    Eigen::Index end;
    Eigen::Index from;
  };
  struct Place {
    Eigen::Index origin;
    Eigen::Index row;          // of its weights
    Eigen::Index block_begin;  // the first origin of its block
  };

  Sharing(std::span<const std::int64_t> origins, const ForecastOptions& options);

  std::span<const std::int64_t> origins() const { return origins_; }
  const std::vector<Block>& blocks() const { return blocks_; }
  Eigen::Index parts() const { return parts_; }
  Eigen::Index part_of(Eigen::Index origin) const { return part_of_[origin]; }
  Eigen::Index rows() const { return static_cast<Eigen::Index>(blocks_.size()) * parts_; }
  Eigen::Index columns() const { return static_cast<Eigen::Index>(steps_.size()); }
  // The step looked at for a column, from 0.
  Eigen::Index step(Eigen::Index column) const { return steps_[column]; }

  // The rows of the present origin's block; its own is the first.
  Eigen::Index present_row() const { return rows() - parts_; }

  // Calls use(place) for every origin.
  template <class Use>
  void each_origin(Use use) const {
    Eigen::Index first = 0;
    for (const Block& block : blocks_) {
      for (Eigen::Index origin = block.begin; origin < block.end; ++origin)
        use(Place{origin, first + part_of_[origin], block.begin});
      first += parts_;
    }
  }

  // From a column for each step looked at to one for every step.
  Rows for_all_steps(const Rows& looked_at) const;

 private:
  std::span<const std::int64_t> origins_;
  std::vector<Block> blocks_;
  Eigen::Index parts_ = 1;
  std::vector<Eigen::Index> part_of_;  // by origin
  std::int64_t horizon_;
  Eigen::Index every_;               // steps to a column
  std::vector<Eigen::Index> steps_;  // by column
};

// Sums for each row of weights: over the origins of its window whose outcome was known at the start
// of its block, those of the same part of the season in full, the others in part.
class WindowSums {
 public:
  explicit WindowSums(const Sharing& sharing);

  // Of values by origin (all of them) and step looked at.
  Rows of(const Rows& values) const;

 private:
  using Indices = Eigen::Array<Eigen::Index, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  Rows with_other_parts(const Rows& sums) const;

  Eigen::Index parts_;
  std::vector<Eigen::Index> order_;  // of the origins: by part of the season, then by time
  // In that order, by row of weights; ends also by step looked at.
  Eigen::Array<Eigen::Index, Eigen::Dynamic, 1> begins_;
  Indices ends_;
};

}  // namespace fairlead
