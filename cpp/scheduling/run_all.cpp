#include "scheduling/run_all.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace fairlead {
namespace {

struct Interrupted {};

// What the threads share: the next simulation to take, and how it goes.
class Sweep {
 public:
  Sweep(std::span<Simulation* const> simulations, Time until)
      : simulations_(simulations), until_(until) {}

  // One thread's part.
  void work() {
    const auto stop_here = [this](double) {
      if (stopped_) throw Interrupted{};
    };
    for (std::size_t i = next_++; i < simulations_.size() && !stopped_; i = next_++) {
      try {
        simulations_[i]->run_until(until_, stop_here);
        ++done_;
      } catch (const Interrupted&) {
      } catch (...) {
        stop(std::current_exception());
      }
    }
    const std::lock_guard lock(mutex_);
    ++finished_;
    changed_.notify_one();
  }

  // Until all threads have finished their part.
  void wait_for(unsigned threads, const std::function<void(double)>& pause) {
    constexpr std::chrono::milliseconds kBetweenPauses{50};
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kBetweenPauses, [&] { return finished_ == threads; })) {
      lock.unlock();
      try {
        if (pause && !stopped_)
          pause(static_cast<double>(done_) / static_cast<double>(simulations_.size()));
      } catch (...) {
        stop(std::current_exception());
      }
      lock.lock();
    }
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void stop(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    stopped_ = true;
  }

  std::span<Simulation* const> simulations_;
  Time until_;
  std::atomic<std::size_t> next_ = 0, done_ = 0;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  unsigned finished_ = 0;
  std::exception_ptr error_;
};

}  // namespace

void run_all(std::span<Simulation* const> simulations, Time until, unsigned threads,
             const std::function<void(double)>& pause) {
  Sweep sweep(simulations, until);
  {
    std::vector<std::jthread> pool;
    for (unsigned i = 0; i < threads; ++i) pool.emplace_back([&sweep] { sweep.work(); });
    sweep.wait_for(threads, pause);
  }
  sweep.rethrow();
}

}  // namespace fairlead
