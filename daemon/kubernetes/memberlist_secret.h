// The Secret `memberlist`, with which speakers encrypt their gossip.
//
// MetalLB's controller makes it, and its speakers mount it as a file; so does
// lbd. Pure; any thread.
#ifndef LB_DAEMON_KUBERNETES_MEMBERLIST_SECRET_H_
#define LB_DAEMON_KUBERNETES_MEMBERLIST_SECRET_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/types/span.h"
#include "lb/kubernetes/write_request.h"

namespace lb {

// Fills the bytes with numbers fit for keys.
using RandomBytes = std::function<void(absl::Span<uint8_t> bytes)>;

inline constexpr const char* kMemberlistSecret = "memberlist";

// Creates the Secret with a new key; one that is there stays as it is.
kubernetes::WriteRequest CreateMemberlistSecret(
    const std::string& own_namespace, const RandomBytes& random_bytes);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_MEMBERLIST_SECRET_H_
