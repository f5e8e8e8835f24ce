// A value among others that count more or less.
#pragma once

namespace fairlead {

struct Weighted {
  double value;
  double weight;
};

}  // namespace fairlead
