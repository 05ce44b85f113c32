// InFlight: counts one packet under way for as long as it lives.
//
// Moves into the closure that delivers the packet, so that the count is right
// whether the packet arrives or is dropped with the closure.
#ifndef LB_IO_SIM_IN_FLIGHT_H_
#define LB_IO_SIM_IN_FLIGHT_H_

#include <cstddef>
#include <utility>

namespace lb::io {

class InFlight {
 public:
  // `count` must outlive it.
  explicit InFlight(size_t* count) : count_(count) { ++*count_; }
  InFlight(InFlight&& other) noexcept
      : count_(std::exchange(other.count_, nullptr)) {}
  InFlight& operator=(InFlight&&) = delete;
  ~InFlight() {
    if (count_ != nullptr) --*count_;
  }

 private:
  size_t* count_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_IN_FLIGHT_H_
