// Parts of one piece of work on several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace fairlead {

// Every thread calls `make()` once for what it works with, and that with one part after another
// until none is left. The caller's thread takes part, and calls `pause` before each of its parts.
// What any of them throws ends the work and is thrown here.
template <typename Make, typename Pause>
void share_out(std::size_t parts, unsigned threads, const Make& make, const Pause& pause) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr error;
  const auto work = [&](const auto& before_each) {
    try {
      auto do_part = make();
      for (std::size_t part = next++; part < parts; part = next++) {
        before_each();
        do_part(part);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
      next = parts;
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min<std::size_t>(threads, parts); ++i)
      others.emplace_back([&] { work([] {}); });
    work(pause);
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace fairlead
