// The boundary to the CUDA module: versions, errors and times.
#include <gtest/gtest.h>

#include <cstdio>

#include "base/device_calls.hpp"
#include "broken_driver.hpp"

namespace fairlead {
namespace {

struct Sum {
  static constexpr std::uint32_t kAbi = 3;
  int* total;
  int add;
};

int add_up(const Sum& sum, DeviceTimes& times, char (&error)[kDeviceErrorText]) {
  if (sum.add < 0) {
    std::snprintf(error, kDeviceErrorText, "cudaErrorMemoryAllocation");
    return kDeviceFailed;
  }
  *sum.total += sum.add;
  times = {1, 2, 4};
  return kDeviceDone;
}

constexpr DeviceDriver<Sum> kAdder{Sum::kAbi, sizeof(Sum), add_up};

TEST(DeviceCalls, AddUpTheirTimes) {
  DeviceCalls<Sum> calls(kAdder);
  int total = 0;
  calls.run({&total, 5});
  calls.run({&total, 7});
  EXPECT_EQ(total, 12);
  EXPECT_EQ(calls.times().copy_in_s, 2);
  EXPECT_EQ(calls.times().kernel_s, 4);
  EXPECT_EQ(calls.times().copy_out_s, 8);
}

void expect_error(DeviceCalls<Sum>& calls, const char* text) {
  int total = 0;
  try {
    calls.run({&total, -1});
    FAIL() << "no error";
  } catch (const BackendUnavailable& error) {
    EXPECT_STREQ(error.what(), text);
  }
}

TEST(DeviceCalls, FailForThisTimeOrForGood) {
  DeviceCalls<Sum> full(kAdder);
  expect_error(full, "cudaErrorMemoryAllocation");
  EXPECT_FALSE(full.lost());
  int total = 0;
  full.run({&total, 5});
  EXPECT_EQ(total, 5);
  DeviceCalls<Sum> gone(kBroken<Sum>);
  expect_error(gone, "cudaErrorIllegalAddress");
  EXPECT_TRUE(gone.lost());
}

TEST(DeviceCalls, RefuseADriverOfAnotherVersion) {
  const DeviceDriver<Sum> newer{Sum::kAbi + 1, sizeof(Sum), add_up};
  EXPECT_THROW(DeviceCalls<Sum>{newer}, BackendUnavailable);
  const DeviceDriver<Sum> larger{Sum::kAbi, sizeof(Sum) + 8, add_up};
  EXPECT_THROW(DeviceCalls<Sum>{larger}, BackendUnavailable);
}

}  // namespace
}  // namespace fairlead
