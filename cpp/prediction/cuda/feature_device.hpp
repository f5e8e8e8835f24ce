// Features of series by a CUDA device: from a table to the driver's batches.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/device_calls.hpp"
#include "prediction/cuda/feature_problem.hpp"
#include "prediction/features/columns.hpp"

namespace fairlead {

class FeatureDevice {
 public:
  // A batch is of whole series: as many as have so many bytes of values and results, or one.
  explicit FeatureDevice(DeviceCalls<FeatureProblem>& calls, std::int64_t batch_bytes = kBatchBytes)
      : calls_(calls), batch_bytes_(batch_bytes) {}

  // As feature_columns, with the same bits. What the device has no part in is made on the threads.
  // Throws BackendUnavailable with the driver's text.
  template <typename T>  // float or double
  void columns(const FeatureTable& table, std::span<const FeatureSpec> specs,
               const FeatureRows& rows, unsigned threads, const std::function<void()>& pause,
               std::span<T* const> columns);

 private:
  static constexpr std::int64_t kBatchBytes = std::int64_t{16} << 20;

  template <typename T>
  void run(const FeatureTable& table, std::span<const FeatureSpec> specs, const FeatureRows& rows,
           unsigned threads, const std::function<void()>& pause, std::span<T* const> columns);

  DeviceCalls<FeatureProblem>& calls_;
  std::int64_t batch_bytes_;
};

}  // namespace fairlead
