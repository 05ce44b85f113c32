// NoncePool: nonces from a generator that is asked for many at a time.
//
// To ask the cryptographic generator costs more than to seal a small packet,
// and hardly depends on how many bytes it gives.
//
//   NoncePool nonces(ports.random_bytes);
//   const wire::Nonce nonce = nonces.Take();  // No call gives it again.
//
// Not to be copied, and no process may fork and go on with it on both sides:
// both would use the same nonces. One thread.
#ifndef LB_GOSSIP_NONCE_POOL_H_
#define LB_GOSSIP_NONCE_POOL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/types/span.h"
#include "lb/gossip/wire/encryption.h"

namespace lb::gossip {

class NoncePool {
 public:
  using RandomBytes = std::function<void(absl::Span<uint8_t> bytes)>;

  static constexpr size_t kDrawn = 64;  // At a time.

  explicit NoncePool(RandomBytes random_bytes)
      : random_bytes_(std::move(random_bytes)) {}
  NoncePool(const NoncePool&) = delete;
  NoncePool& operator=(const NoncePool&) = delete;

  wire::Nonce Take() {
    if (left_ == 0) {
      random_bytes_({nonces_.front().data(), sizeof(nonces_)});
      left_ = kDrawn;
    }
    return std::exchange(nonces_[--left_], {});
  }

 private:
  const RandomBytes random_bytes_;
  std::array<wire::Nonce, kDrawn> nonces_ = {};
  size_t left_ = 0;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_NONCE_POOL_H_
