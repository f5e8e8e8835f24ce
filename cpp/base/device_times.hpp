// Where the time of a call on a device went.
#pragma once

namespace fairlead {

struct DeviceTimes {
  double copy_in_s;
  double kernel_s;
  double copy_out_s;
};

}  // namespace fairlead
